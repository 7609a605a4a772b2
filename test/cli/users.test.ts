// `chartroom user …`, on a registry whose server does not run.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { failure, NOTHING_TO_SHOW, registryFolder, success } from './registry-folder.ts';

test('a user is added with the password from standard input, told what comes next, and listed', async () => {
  await using registry = await registryFolder();
  expect(await registry.chartroom('user add ci --password-stdin', 'long-enough\n')).toEqual(
    success('added ci, who may do nothing yet: "chartroom grant add ci writer team" lets ci push to team'),
  );
  expect(await registry.chartroom('user add boss --administrator --password-stdin', 'long-enough')).toEqual(
    success('added the administrator boss'),
  );
  expect(await registry.chartroom('user list')).toEqual(success('admin\tadministrator', 'boss\tadministrator', 'ci'));
});

test('flags may stand before or behind the name', async () => {
  await using registry = await registryFolder();
  const { code } = await registry.chartroom('user add --password-stdin ci --data-dir data', 'long-enough\n');
  expect(code).toBe(0);
  expect((await registry.chartroom('user list --data-dir=data')).stdout).toContain('ci\n');
});

test.each([
  [
    'user add admin --password-stdin',
    'there is already a user admin: "chartroom user passwd admin" changes the password',
  ],
  [
    'user add Boss --password-stdin',
    '"Boss" is not a user name: lower-case letters and digits, joined by single ".", "_" or "-", at most 64',
  ],
  ['user passwd nobody --password-stdin', 'there is no user nobody: see "chartroom user list"'],
  ['user remove nobody', 'there is no user nobody: see "chartroom user list"'],
  [
    'user remove admin',
    'admin is the last administrator: make another one first, with "chartroom user set NAME --administrator true"',
  ],
  [
    'user disable admin',
    'admin is the last administrator: make another one first, with "chartroom user set NAME --administrator true"',
  ],
  [
    'user set admin --administrator false',
    'admin is the last administrator: make another one first, with "chartroom user set NAME --administrator true"',
  ],
  ['user set admin --administrator maybe', '--administrator is "maybe", but must be true or false'],
  ['user show nobody', 'there is no user nobody: see "chartroom user list"'],
  ['user remove ..', '".." is no name'],
])('"chartroom %s" is refused with the reason', async (words, message) => {
  await using registry = await registryFolder();
  expect(await registry.chartroom(words, 'long-enough\n')).toEqual(failure(message));
  expect(await registry.chartroom('user list')).toEqual(success('admin\tadministrator'));
});

test.each(['user add ci --password-stdin', 'user passwd admin --password-stdin'])(
  '"chartroom %s" refuses a password that is too short, or none',
  async (words) => {
    await using registry = await registryFolder();
    const message = (length: number) => failure(`a password has 8 to 1024 characters, this one has ${length}`);
    expect(await registry.chartroom(words, 'short\n')).toEqual(message(5));
    expect(await registry.chartroom(words, '')).toEqual(message(0));
  },
);

test('without a terminal to ask at, the flag for scripts is named', async () => {
  await using registry = await registryFolder();
  expect(await registry.chartroom('user add ci')).toEqual(
    failure('there is no terminal to ask for the password: use --password-stdin'),
  );
});

test('a removed user is gone with all roles, so that a namesake begins with none', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('user add ci --password-stdin', 'long-enough\n');
  await registry.chartroom('grant add ci writer team');
  expect(await registry.chartroom('user remove ci')).toEqual(success('removed ci'));
  await registry.chartroom('user add ci --password-stdin', 'long-enough\n');
  expect(await registry.chartroom('grant list')).toEqual(NOTHING_TO_SHOW);
});

test('a user is disabled, made an administrator, and all that taken back, as the list and a look at the user show', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('user add ann --password-stdin', 'long-enough\n');
  await registry.chartroom('grant add ann writer team');
  for (const group of ['ops --administrator', 'developers']) await registry.chartroom(`group add ${group}`);
  for (const group of ['ops', 'developers']) await registry.chartroom(`group join ${group} ann`);
  expect(await registry.chartroom('user disable ann')).toEqual(
    success('ann is disabled, and what ann had logged in with has ended: "chartroom user enable ann" takes that back'),
  );
  expect(await registry.chartroom('user set ann --administrator true')).toEqual(success('ann is an administrator'));
  expect(await registry.chartroom('user list')).toEqual(
    success('admin\tadministrator', 'ann\tadministrator, disabled'),
  );
  expect(await registry.chartroom('user enable ann')).toEqual(success('ann is enabled, and may log in'));
  expect(await registry.chartroom('user set ann --administrator false')).toEqual(success('ann is no administrator'));
  expect((await registry.chartroom('user show ann')).stdout).toMatch(
    /^name {11}ann\nadministrator {2}no\ndisabled {7}no\nlogs in by {5}password\nroles {10}writer of team\ngroups {9}developers, ops \(administrators\)\nadded {10}\d{4}-\d\d-\d\d \d\d:\d\d UTC\nlast login {5}never\n$/,
  );
  const { stdout } = await registry.chartroom('user show ann --json');
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'ann',
    administrator: false,
    disabled: false,
    groups: ['developers', 'ops'],
  });
});

test('of an administrator and another one, either can be removed', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('user add boss --administrator --password-stdin', 'long-enough\n');
  expect(await registry.chartroom('user remove admin')).toEqual(success('removed admin'));
  expect(await registry.chartroom('user list')).toEqual(success('boss\tadministrator'));
});

test('no password is stored as it is, and what was changed at the command line is on record with who did it', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('user add ci --password-stdin', 'long-enough\n');
  await registry.chartroom('user passwd ci --password-stdin', 'even-longer\n');
  const database = openSqliteDatabase(join(registry.path, 'data', 'chartroom.db'));
  const users = await database.query<{ password_hash: string }>('select password_hash from users');
  const events = await database.query<{ kind: string; actorKind: string; detail: string }>(
    'select kind, actor_kind as "actorKind", detail from events order by id',
  );
  await database.close();
  expect(users.every(({ password_hash }) => password_hash.startsWith('$argon2id$'))).toBe(true);
  expect(events.map(({ kind, detail }) => `${kind} ${detail}`)).toEqual([
    'user.added {"user":"admin","administrator":true}',
    'user.added {"user":"ci","administrator":false}',
    'user.password-changed {"user":"ci"}',
  ]);
  expect(events.map(({ actorKind }) => actorKind)).toEqual(['system', 'operator', 'operator']);
});
