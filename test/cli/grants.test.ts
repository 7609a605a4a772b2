// `chartroom grant …`, on a registry whose server does not run.
import { expect, test } from 'vitest';
import { failure, NOTHING_TO_SHOW, registryFolder, success } from './registry-folder.ts';

test('roles are given, listed, changed and taken away', async () => {
  await using registry = await registryFolder();
  expect(await registry.chartroom('grant list')).toEqual(NOTHING_TO_SHOW);
  expect(await registry.chartroom('grant add admin writer team/charts')).toEqual(
    success('admin is writer of team/charts'),
  );
  expect(await registry.chartroom('grant add admin reader /')).toEqual(success('admin is reader of /'));
  expect(await registry.chartroom('grant add admin maintainer /team/charts/')).toEqual(
    success('admin is maintainer of team/charts'),
  );
  expect(await registry.chartroom('grant list')).toEqual(success('admin\treader\t/', 'admin\tmaintainer\tteam/charts'));
  expect(await registry.chartroom('grant remove admin team/charts')).toEqual(
    success('admin has no role on team/charts any more'),
  );
  expect(await registry.chartroom('grant list')).toEqual(success('admin\treader\t/'));
});

test('a group has roles as a user has them, and the list can be of one of them', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('group add developers');
  expect(await registry.chartroom('grant add developers writer team --group')).toEqual(
    success('group developers is writer of team'),
  );
  // The word order that the flag of the list suggests.
  expect(await registry.chartroom('grant add --group developers reader /')).toEqual(
    success('group developers is reader of /'),
  );
  await registry.chartroom('grant add admin reader team');
  const groups = ['group developers\treader\t/', 'group developers\twriter\tteam'];
  expect(await registry.chartroom('grant list')).toEqual(success('admin\treader\tteam', ...groups));
  expect(await registry.chartroom('grant list --group developers')).toEqual(success(...groups));
  expect(await registry.chartroom('grant list --user admin')).toEqual(success('admin\treader\tteam'));
  expect(await registry.chartroom('grant list --namespace team')).toEqual(
    success('admin\treader\tteam', 'group developers\twriter\tteam'),
  );
  expect(await registry.chartroom('grant remove developers team --group')).toEqual(
    success('group developers has no role on team any more'),
  );
  const { stdout } = await registry.chartroom('grant list --group developers --json');
  expect(JSON.parse(stdout)).toEqual({ items: [{ group: 'developers', namespace: '/', role: 'reader' }] });
});

test.each([
  ['grant add nobody writer team', 'there is no user nobody: see "chartroom user list"'],
  ['grant add admin writer team --group', 'there is no group admin: see "chartroom group list"'],
  ['grant add admin owner team', '"owner" is not a role: use one of reader, writer, maintainer'],
  ['grant add admin writer Team', '"Team" is not a path: write it like "team" or "team/charts", or "/" for everything'],
  ['grant remove admin team', 'admin has no role on team: see "chartroom grant list"'],
])('"chartroom %s" is refused with the reason', async (words, message) => {
  await using registry = await registryFolder();
  expect(await registry.chartroom(words)).toEqual(failure(message));
});
