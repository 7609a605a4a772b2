// `chartroom user …`: people and their passwords.
import { passwordLengthFault } from '../accounts/password-length.ts';
import { readGroup, readUser, type User } from './answers.ts';
import { UsageError } from './command.ts';
import { rolesOf } from './grants.ts';
import { allItems } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { shownTime } from './moments.ts';
import { pathOf } from './path-of.ts';
import { PASSWORD_STDIN, readPassword } from './read-password.ts';
import { facts } from './table.ts';
import { readTrueOrFalse, yesOrNo } from './yes-or-no.ts';

const ADMINISTRATOR = 'administrator';

export const userCommands = [
  managementCommand({
    name: 'user add',
    words: ['NAME'],
    summary: 'add a user, and ask for the password',
    options: [{ name: ADMINISTRATOR, summary: 'the user may do everything' }, PASSWORD_STDIN],
    hasAnswer: true,
    run: addUser,
  }),
  managementCommand({ name: 'user list', summary: 'list users', hasAnswer: true, run: listUsers }),
  managementCommand({
    name: 'user show',
    words: ['NAME'],
    summary: 'show a user with the roles that it has itself, and its groups',
    hasAnswer: true,
    run: showUser,
  }),
  managementCommand({
    name: 'user passwd',
    words: ['NAME'],
    summary: "change a user's password",
    options: [PASSWORD_STDIN],
    run: changePassword,
  }),
  managementCommand({
    name: 'user disable',
    words: ['NAME'],
    summary: 'refuse every login of a user, and end what it has logged in with',
    hasAnswer: true,
    run: async (call) => await changeUser(call, { disabled: true }),
  }),
  managementCommand({
    name: 'user enable',
    words: ['NAME'],
    summary: 'let a disabled user log in again',
    hasAnswer: true,
    run: async (call) => await changeUser(call, { disabled: false }),
  }),
  managementCommand({
    name: 'user set',
    words: ['NAME'],
    summary: 'make a user an administrator, or no longer one',
    options: [
      { name: ADMINISTRATOR, value: 'true|false', summary: 'whether the user may do everything', isRequired: true },
    ],
    hasAnswer: true,
    run: async (call) => await changeUser(call, { administrator: readTrueOrFalse(call.options, ADMINISTRATOR) }),
  }),
  managementCommand({
    name: 'user remove',
    words: ['NAME'],
    summary: 'remove a user with all its roles and tokens',
    run: async ({ management, words: [name = ''] }) => {
      await management.request('DELETE', pathOf`/users/${name}`);
      return { lines: [`removed ${name}`] };
    },
  }),
];

async function addUser({ management, words: [name = ''], options }: Call): Promise<Outcome> {
  const password = checked(await readPassword(`password for ${name}: `, options.has(PASSWORD_STDIN.name)));
  const administrator = options.has(ADMINISTRATOR);
  const answer = await management.request('POST', '/users', { name, password, administrator });
  const line = administrator
    ? `added the administrator ${name}`
    : `added ${name}, who may do nothing yet: "chartroom grant add ${name} writer team" lets ${name} push to team`;
  return { answer, lines: [line] };
}

/** The API says the same, but not how long this one is. @throws UsageError */
function checked(password: string): string {
  const fault = passwordLengthFault(password);
  if (fault !== undefined) throw new UsageError(fault);
  return password;
}

async function listUsers({ management }: Call): Promise<Outcome> {
  const items = await allItems(management, '/users');
  return { answer: { items }, lines: items.map((item) => userLine(readUser(item))) };
}

function userLine({ name, administrator, disabled, login }: User): string {
  const remarks = [
    ...(administrator ? ['administrator'] : []),
    ...(disabled ? ['disabled'] : []),
    ...(login === 'password' ? [] : [`logs in by ${login}`]),
  ];
  return remarks.length === 0 ? name : `${name}\t${remarks.join(', ')}`;
}

async function showUser({ management, words: [name = ''] }: Call): Promise<Outcome> {
  const answer = await management.request('GET', pathOf`/users/${name}`);
  const user = readUser(answer);
  const groups = (await allItems(management, '/groups', { user: name })).map(readGroup);
  const roles = await rolesOf(management, { user: name });
  return {
    answer: { ...user, groups: groups.map((group) => group.name) },
    lines: facts([
      ['name', user.name],
      ['administrator', yesOrNo(user.administrator)],
      ['disabled', yesOrNo(user.disabled)],
      ['logs in by', user.login],
      ['roles', roles],
      [
        'groups',
        groups.map((group) => (group.administrator ? `${group.name} (administrators)` : group.name)).join(', '),
      ],
      ['added', shownTime(user.createdAt)],
      ['last login', shownTime(user.lastLoginAt)],
    ]),
  };
}

async function changePassword({ management, words: [name = ''], options }: Call): Promise<Outcome> {
  const password = checked(await readPassword(`new password for ${name}: `, options.has(PASSWORD_STDIN.name)));
  const { login } = management;
  const isOwn = login !== undefined && login.name === name;
  await management.request('PUT', pathOf`/users/${name}/password`, {
    password,
    ...(isOwn ? { currentPassword: login.password } : {}),
  });
  return { lines: [`changed the password of ${name}`] };
}

async function changeUser(
  { management, words: [name = ''] }: Call,
  change: { readonly disabled: boolean } | { readonly administrator: boolean | undefined },
): Promise<Outcome> {
  const answer = await management.request('PATCH', pathOf`/users/${name}`, change);
  return { answer, lines: [changedLine(readUser(answer), change)] };
}

function changedLine({ name, administrator, disabled }: User, change: object): string {
  if ('administrator' in change) return administrator ? `${name} is an administrator` : `${name} is no administrator`;
  return disabled
    ? `${name} is disabled, and what ${name} had logged in with has ended: "chartroom user enable ${name}" takes that back`
    : `${name} is enabled, and may log in`;
}
