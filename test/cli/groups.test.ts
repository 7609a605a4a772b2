// `chartroom group …`, on a registry whose server does not run.
import { expect, test } from 'vitest';
import { failure, registryFolder, success } from './registry-folder.ts';

test('a group is added, told what comes next, joined, left and removed', async () => {
  await using registry = await registryFolder();
  const members = (name: string) => `members of ${name} are those whom "chartroom group join ${name} USER" adds`;
  expect(await registry.chartroom('group add developers')).toEqual(
    success(
      'added the group developers, which has no role yet: "chartroom grant add developers writer team --group" lets its members push to team',
      members('developers'),
    ),
  );
  expect(await registry.chartroom('group add ops --administrator --external-name=cn=ops')).toEqual(
    success(
      'added the group ops, whose members may do everything',
      `${members('ops')}, and those who are in "cn=ops" when they log in`,
    ),
  );
  expect(await registry.chartroom('group list')).toEqual(
    success(
      'NAME        ADMINISTRATOR  EXTERNAL NAME',
      'developers  no             -',
      'ops         yes            cn=ops',
    ),
  );
  expect(await registry.chartroom('group join developers admin')).toEqual(success('admin is a member of developers'));
  await registry.chartroom('grant add developers writer team --group');
  expect((await registry.chartroom('group show developers')).stdout).toMatch(
    /^name {11}developers\nexternal name {2}-\nadministrator {2}no\nroles {10}writer of team\nadded {10}.* UTC\n\nMEMBER {2}MADE\nadmin {3}by an administrator\n$/,
  );
  expect(await registry.chartroom('group leave developers admin')).toEqual(
    success('admin is no member of developers any more'),
  );
  expect(await registry.chartroom('group remove developers')).toEqual(success('removed the group developers'));
  expect(await registry.json('group list')).toMatchObject({
    items: [{ name: 'ops', externalName: 'cn=ops', administrator: true }],
  });
});

test('the name that a group has elsewhere is changed and taken away', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('group add ops --administrator');
  const members = 'members of ops are those whom "chartroom group join ops USER" adds';
  expect(await registry.chartroom('group set ops --external-name cn=ops')).toEqual(
    success(`${members}, and those who are in "cn=ops" when they log in`, 'they may do everything'),
  );
  expect(await registry.chartroom('group set ops --external-name= --administrator false')).toEqual(success(members));
  expect(await registry.json('group show ops')).toMatchObject({
    ...{ name: 'ops', externalName: null, administrator: false, members: [] },
  });
});

test('what cannot be done with groups is refused with the reason', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('group add ops');
  const refusals = {
    'group add ops': 'there is already a group ops: see "chartroom group list"',
    'group add Ops':
      '"Ops" is not a group\'s name: lower-case letters and digits, joined by single ".", "_" or "-", at most 64',
    'group join ops nobody': 'there is no user nobody: see "chartroom user list"',
    'group join nothing admin': 'there is no group nothing: see "chartroom group list"',
    'group leave ops admin': 'admin is no member of ops: see "chartroom group show ops"',
    'group show nothing': 'there is no group nothing: see "chartroom group list"',
    'group leave ops ..': '".." is no name',
  };
  for (const [words, message] of Object.entries(refusals)) {
    expect(await registry.chartroom(words)).toEqual(failure(message));
  }
});
