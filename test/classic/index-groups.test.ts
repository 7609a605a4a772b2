// Groups of an index: what a change leaves as it was.
import { expect, test } from 'vitest';
import { IndexDocument } from '../../src/classic/index-document.ts';
import { INDEX_FORMATS } from '../../src/classic/index-format.ts';
import type { IndexGroup, IndexStyle } from '../../src/classic/index-group.ts';
import { changeGroups, compareNames, type IndexChange } from '../../src/classic/index-groups.ts';
import { ALL, ARCHIVES, ENDS, GOES_ON, type Published, published } from './support/published.ts';

const STYLE: IndexStyle = { format: INDEX_FORMATS.json, keyOf: (repository) => repository };
const writer = new IndexDocument(ALL, { format: 'json', urls: ARCHIVES });

async function changed(
  groups: readonly IndexGroup[],
  ...changes: readonly Published[]
): Promise<readonly IndexGroup[]> {
  const written: IndexChange[] = changes.map((each) => writer.write(published(each)));
  const result = await changeGroups(groups, written.sort(compareNames), STYLE, async () => {});
  return result.groups;
}

/** Versions from the newest on, of which every tenth one ends a group. */
function versions(repository: string, count: number, metadata = {}): readonly Published[] {
  return Array.from({ length: count }, (_, minor) => ({
    repository,
    minor,
    metadata,
    digest: minor % 10 === 0 ? ENDS : GOES_ON,
  }));
}

function lengthsOf(groups: readonly IndexGroup[]): readonly number[] {
  return groups.map(({ items }) => items.length);
}

function newOnes(before: readonly IndexGroup[], after: readonly IndexGroup[]): readonly number[] {
  return after.flatMap((group, index) => (before.includes(group) ? [] : [index]));
}

test('a new version has one group written anew, however many there are', async () => {
  const before = await changed([], ...versions('team/api', 100), ...versions('team/web', 100));
  expect(lengthsOf(before)).toEqual(Array(20).fill(10));
  const after = await changed(before, { repository: 'team/web', minor: 100 });
  expect(newOnes(before, after)).toEqual([10]);
  expect(lengthsOf(after)).toEqual(before.map((_, index) => (index === 10 ? 11 : 10)));
});

test('a new version that ends a group is one by itself, and the next one does not begin the chart any more', async () => {
  const before = await changed([], ...versions('team/api', 100), ...versions('team/web', 100));
  const after = await changed(before, { repository: 'team/web', minor: 100, digest: ENDS });
  expect(newOnes(before, after)).toEqual([10, 11]);
  expect(lengthsOf(after).slice(9, 13)).toEqual([10, 1, 10, 10]);
});

test('a group that lost its end goes on into the next one', async () => {
  const before = await changed([], ...versions('team/web', 100));
  const after = await changed(before, { repository: 'team/web', minor: 50, listed: false });
  expect(newOnes(before, after)).toEqual([4]);
  expect(lengthsOf(after)).toEqual([10, 10, 10, 10, 19, 10, 10, 10, 10]);
});

test('a version that ends no group any more is with what comes behind it, new or not', async () => {
  const before = await changed([], { repository: 'team/web', minor: 4, digest: ENDS });
  const after = await changed(before, { repository: 'team/web', minor: 4 }, { repository: 'team/web', minor: 0 });
  expect(lengthsOf(after)).toEqual([2]);
});

test('a group that is gone lets those beside it become one', async () => {
  const between = { repository: 'team/b/web', minor: 1 };
  const beside = [
    { repository: 'team/api', minor: 1 },
    { repository: 'team/web', minor: 1 },
  ];
  const before = await changed([], between, ...beside);
  expect(lengthsOf(before)).toEqual([1, 1, 1]);
  expect(lengthsOf(await changed(before, { ...between, listed: false }))).toEqual([2]);
});

test('small charts of a namespace share groups; namespaces do not', async () => {
  const names = ['a', 'b', 'c'].flatMap((name) => [`team-a/${name}`, `team-b/${name}`]);
  const groups = await changed([], ...names.map((repository) => ({ repository, minor: 1 })));
  expect(groups.map(({ repositories }) => repositories)).toEqual([
    ['team-a/a', 'team-a/b', 'team-a/c'],
    ['team-b/a', 'team-b/b', 'team-b/c'],
  ]);
});

test('a long entry ends its group, whatever its digest', async () => {
  const long = { repository: 'team/web', minor: 5, metadata: { description: 'x'.repeat(64 * 1024) } };
  const groups = await changed([], long, { repository: 'team/web', minor: 6 }, { repository: 'team/web', minor: 4 });
  expect(lengthsOf(groups)).toEqual([2, 1]);
});

test('where chance never ends a group, its length does, and a change still concerns few', async () => {
  const metadata = { description: 'x'.repeat(60 * 1024) };
  const many = Array.from({ length: 100 }, (_, minor) => ({ repository: 'team/web', minor: 2 * minor, metadata }));
  let groups = await changed([], ...many);
  for (const minor of [1, 3, 5, 99, 101, 199]) {
    const before = groups;
    groups = await changed(before, { repository: 'team/web', minor, metadata });
    expect(newOnes(before, groups).length).toBeLessThan(3);
  }
  expect(groups.flatMap(({ items }) => items)).toHaveLength(106);
  expect(Math.max(...groups.map(({ text }) => text.length))).toBeLessThan(1.1 * 1024 * 1024);
  expect(Math.min(...groups.map(({ text }) => text.length))).toBeGreaterThan(200 * 1024);
});
