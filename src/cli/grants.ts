// `chartroom grant …`: who has which role where.
import { displayNamespace } from '../access/accounts.ts';
import { openDataFolder } from '../app.ts';
import type { Command } from './command.ts';
import { operatorName } from './operator.ts';
import { shownPath } from './shown-path.ts';

export const grantCommands: readonly Command[] = [
  {
    name: 'grant add',
    usage: 'USER ROLE PATH',
    summary: 'let a user read (reader), push (writer) or also delete (maintainer) below a path; "/" is everything',
    positionals: 3,
    run: async ({ config, positionals: [user = '', role = '', namespace = ''], print }) => {
      await using dataFolder = await openDataFolder(config);
      await dataFolder.accounts.addGrant({ user, role, namespace, actor: operatorName() });
      print(`${user} is ${role} of ${shownPath(namespace)}`);
    },
  },
  {
    name: 'grant remove',
    usage: 'USER PATH',
    summary: "take a user's role on a path away",
    positionals: 2,
    run: async ({ config, positionals: [user = '', namespace = ''], print }) => {
      await using dataFolder = await openDataFolder(config);
      await dataFolder.accounts.removeGrant({ user, namespace, actor: operatorName() });
      print(`${user} has no role on ${shownPath(namespace)} any more`);
    },
  },
  {
    name: 'grant list',
    usage: '',
    summary: 'list all roles',
    positionals: 0,
    run: async ({ config, print }) => {
      await using dataFolder = await openDataFolder(config);
      for (const { user, role, namespace } of await dataFolder.accounts.listGrants()) {
        print(`${user}\t${role}\t${displayNamespace(namespace)}`);
      }
    },
  },
];
