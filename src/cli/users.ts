// `chartroom user …`: accounts in the data folder, also while the server runs.
import { openDataFolder } from '../app.ts';
import type { Command } from './command.ts';
import { operatorName } from './operator.ts';
import { readPassword } from './read-password.ts';

const PASSWORD_STDIN = 'password-stdin';
const ADMINISTRATOR = 'administrator';

export const userCommands: readonly Command[] = [
  {
    name: 'user add',
    usage: `NAME [--${ADMINISTRATOR}] [--${PASSWORD_STDIN}]`,
    summary: 'add a user, and ask for the password',
    positionals: 1,
    switches: [ADMINISTRATOR, PASSWORD_STDIN],
    run: async ({ config, positionals: [name = ''], switches, print }) => {
      await using dataFolder = await openDataFolder(config);
      const password = await readPassword(`password for ${name}: `, switches.has(PASSWORD_STDIN));
      const administrator = switches.has(ADMINISTRATOR);
      await dataFolder.accounts.addUser({ name, password, administrator, actor: operatorName() });
      print(
        administrator
          ? `added the administrator ${name}`
          : `added ${name}, who may do nothing yet: "chartroom grant add ${name} writer team" lets ${name} push to team`,
      );
    },
  },
  {
    name: 'user list',
    usage: '',
    summary: 'list users',
    positionals: 0,
    run: async ({ config, print }) => {
      await using dataFolder = await openDataFolder(config);
      for (const { name, administrator } of await dataFolder.accounts.listUsers()) {
        print(administrator ? `${name}\tadministrator` : name);
      }
    },
  },
  {
    name: 'user passwd',
    usage: `NAME [--${PASSWORD_STDIN}]`,
    summary: "change a user's password",
    positionals: 1,
    switches: [PASSWORD_STDIN],
    run: async ({ config, positionals: [name = ''], switches, print }) => {
      await using dataFolder = await openDataFolder(config);
      const password = await readPassword(`new password for ${name}: `, switches.has(PASSWORD_STDIN));
      await dataFolder.accounts.changePassword(name, password, operatorName());
      print(`changed the password of ${name}`);
    },
  },
  {
    name: 'user remove',
    usage: 'NAME',
    summary: 'remove a user and all roles of that user',
    positionals: 1,
    run: async ({ config, positionals: [name = ''], print }) => {
      await using dataFolder = await openDataFolder(config);
      await dataFolder.accounts.removeUser(name, operatorName());
      print(`removed ${name}`);
    },
  },
];
