// Documents of index.yaml that are changed a little at a time.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { IndexDocument, type IndexForm } from '../../src/classic/index-document.ts';
import type { IndexScope } from '../../src/classic/index-source.ts';
import { textOf, wireOf } from './support/decoded.ts';
import {
  ALL,
  ARCHIVES,
  ENDS,
  EVERYTHING,
  expectedIndex,
  GOES_ON,
  type Published,
  published,
  TEAM,
} from './support/published.ts';

const JSON_FORM: IndexForm = { format: 'json', urls: ARCHIVES };
const YAML_FORM: IndexForm = { format: 'yaml', urls: ARCHIVES };

const REPOSITORIES = ['api', 'team/api', 'team/cron', 'team/web', 'team/web/cache', 'web'];
const change: fc.Arbitrary<Published> = fc.record({
  repository: fc.constantFrom(...REPOSITORIES),
  minor: fc.nat({ max: 12 }),
  listed: fc.boolean(),
  deprecated: fc.boolean(),
  digest: fc.constantFrom(ENDS, GOES_ON, GOES_ON, GOES_ON),
  metadata: fc.record({ description: fc.string({ maxLength: 300 }) }),
});
const batches = fc.array(fc.array(change, { maxLength: 12 }), { minLength: 1, maxLength: 12 });
const visible = fc.subarray(REPOSITORIES).map((repositories) => new Set(repositories));

async function documentOf(scope: IndexScope, form: IndexForm, changes: readonly (readonly Published[])[]) {
  const document = new IndexDocument(scope, form);
  for (const batch of changes) await document.apply(batch.map((each) => document.write(published(each))));
  return document;
}

/** What there is after the changes. */
function outcomeOf(changes: readonly (readonly Published[])[]): readonly Published[] {
  const last = new Map(changes.flat().map((each) => [`${each.repository} ${each.minor}`, each]));
  return [...last.values()].filter(({ listed }) => listed ?? true);
}

test('an index says what was published, whatever happened before and whoever asks', async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.array(visible, { minLength: 1, maxLength: 3 }), async (changes, subsets) => {
      const [json, yaml] = [await documentOf(ALL, JSON_FORM, changes), await documentOf(ALL, YAML_FORM, changes)];
      for (const subset of subsets) {
        const seen = outcomeOf(changes).filter(({ repository }) => subset.has(repository));
        const expected = expectedIndex(seen.map(published), ALL);
        const visibility = { sees: (repository: string) => subset.has(repository) };
        expect(JSON.parse(textOf(json.bodiesFor(visibility)))).toEqual(expected);
        expect(parse(textOf(yaml.bodiesFor(visibility)))).toEqual(expected);
      }
    }),
    { numRuns: 60 },
  );
});

test('what a caller gets is byte for byte what there would be if nothing else had ever been published', async () => {
  await fc.assert(
    fc.asyncProperty(batches, visible, async (changes, subset) => {
      const seen = outcomeOf(changes).filter(({ repository }) => subset.has(repository));
      const alone = await documentOf(ALL, JSON_FORM, [seen]);
      const among = await documentOf(ALL, JSON_FORM, changes);
      const expected = wireOf(alone.bodiesFor(EVERYTHING));
      expect(wireOf(among.bodiesFor({ sees: (repository) => subset.has(repository) }))).toEqual(expected);
    }),
  );
});

test('callers who see parts of the same group get their own', async () => {
  const document = await documentOf(TEAM, JSON_FORM, [
    ['a', 'b', 'c', 'd'].map((name) => ({ repository: `team/${name}`, minor: 1 })),
  ]);
  for (const names of [['a'], ['b', 'c'], ['a', 'd'], ['a', 'b', 'c', 'd'], []]) {
    const sees = (repository: string): boolean => names.includes(repository.slice('team/'.length));
    const index = JSON.parse(textOf(document.bodiesFor({ sees })));
    expect(Object.keys(index.entries)).toEqual(names);
  }
});

test('charts are called what they are called, in every coding', async () => {
  const repositories = ['0/web', `${'a'.repeat(60)}/web`, `${'b'.repeat(60)}/web`];
  const document = await documentOf(ALL, JSON_FORM, [repositories.map((repository) => ({ repository, minor: 1 }))]);
  expect(Object.keys(JSON.parse(textOf(document.bodiesFor(EVERYTHING))).entries)).toEqual(repositories);
});

test('versions that resemble one another take little in the compressed codings, however long each is', async () => {
  const description = Array.from({ length: 100 }, (_, index) =>
    createHash('sha256').update(`${index}`).digest('hex'),
  ).join(' ');
  const versions = Array.from({ length: 50 }, (_, minor) => ({
    repository: 'team/web',
    minor,
    metadata: { description },
  }));
  const { identity, gzip, zstd } = (await documentOf(TEAM, JSON_FORM, [versions])).bodiesFor(EVERYTHING);
  expect(gzip.length).toBeLessThan(identity.length / 8);
  expect(zstd.length).toBeLessThan(identity.length / 8);
});

test('an entity tag is that of the bytes: it changes with them, and differs by coding', async () => {
  const document = await documentOf(TEAM, JSON_FORM, [[{ repository: 'team/web', minor: 1 }]]);
  const tags = (): readonly string[] => Object.values(document.bodiesFor(EVERYTHING)).map(({ etag }) => etag);
  const before = tags();
  expect(new Set(before).size).toBe(3);
  for (const state of [{ deprecated: true }, { listed: false }]) {
    await document.apply([document.write(published({ repository: 'team/web', minor: 1, ...state }))]);
    expect(tags()).not.toEqual(before);
  }
  await document.apply([document.write(published({ repository: 'team/web', minor: 1 }))]);
  expect(tags()).toEqual(before);
});

test('without charts it is an index all the same, in both forms', async () => {
  const empty = { apiVersion: 'v1', entries: {}, generated: '1970-01-01T00:00:00.000Z' };
  expect(JSON.parse(textOf((await documentOf(TEAM, JSON_FORM, [])).bodiesFor(EVERYTHING)))).toEqual(empty);
  expect(parse(textOf((await documentOf(TEAM, YAML_FORM, [])).bodiesFor(EVERYTHING)))).toEqual(empty);
});

test('readers see all of the changes or none, and keep the bytes that they have begun to read', async () => {
  const first = { repository: 'team/web', minor: 1 };
  const second = [2, 3, 4].map((minor) => ({ repository: 'team/web', minor }));
  const document = await documentOf(TEAM, JSON_FORM, [[first]]);
  const before = document.bodiesFor(EVERYTHING);
  const wire = wireOf(before);
  const applied = document.apply(second.map((each) => document.write(published(each))));
  expect(document.bodiesFor(EVERYTHING)).toBe(before);
  await applied;
  const expected = expectedIndex([first, ...second].map(published), TEAM);
  expect(JSON.parse(textOf(document.bodiesFor(EVERYTHING)))).toEqual(expected);
  expect(wireOf(before)).toEqual(wire);
});

test('of several changes of one version the last one counts', async () => {
  const states = [{ listed: true }, { listed: false }, { deprecated: true }];
  const changes = states.map((state) => ({ repository: 'team/web', minor: 1, ...state }));
  const document = await documentOf(TEAM, JSON_FORM, [changes]);
  const expected = expectedIndex([published({ repository: 'team/web', minor: 1, deprecated: true })], TEAM);
  expect(JSON.parse(textOf(document.bodiesFor(EVERYTHING)))).toEqual(expected);
});

test('whoever holds the same rights is asked once, until there are other charts', async () => {
  const document = await documentOf(ALL, JSON_FORM, [REPOSITORIES.map((repository) => ({ repository, minor: 1 }))]);
  const asked: string[] = [];
  const visibility = { sees: (repository: string) => asked.push(repository) > 0, holder: {} };
  const bodies = document.bodiesFor(visibility);
  expect(document.bodiesFor(visibility)).toBe(bodies);
  expect(asked).toEqual(REPOSITORIES.toSorted());
  // Others who see the same get the same.
  expect(document.bodiesFor({ sees: () => true, holder: {} })).toBe(bodies);

  await document.apply([document.write(published({ repository: 'web', minor: 2 }))]);
  expect(document.bodiesFor(visibility)).not.toBe(bodies);
  expect(asked).toHaveLength(REPOSITORIES.length);

  await document.apply([document.write(published({ repository: 'new', minor: 1 }))]);
  document.bodiesFor(visibility);
  expect(asked).toHaveLength(2 * REPOSITORIES.length + 1);
});

test('a chart that is gone takes its rights with it, so that it is asked about when it comes again', async () => {
  const document = await documentOf(TEAM, JSON_FORM, [[{ repository: 'team/web', minor: 1 }]]);
  const holder = {};
  document.bodiesFor({ sees: () => true, holder });
  await document.apply([document.write(published({ repository: 'team/web', minor: 1, listed: false }))]);
  await document.apply([document.write(published({ repository: 'team/web', minor: 1 }))]);
  const { identity } = document.bodiesFor({ sees: () => false, holder });
  expect(identity.etag).toBe((await documentOf(TEAM, JSON_FORM, [])).bodiesFor(EVERYTHING).identity.etag);
});
