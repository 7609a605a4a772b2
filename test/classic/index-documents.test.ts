// Documents of index.yaml that follow what is published, within their bound of memory.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { IndexForm } from '../../src/classic/index-document.ts';
import { IndexDocuments } from '../../src/classic/index-documents.ts';
import type { IndexScope } from '../../src/classic/index-source.ts';
import { textOf } from './support/decoded.ts';
import { MemorySource } from './support/memory-source.ts';
import { ALL, ARCHIVES, EVERYTHING, expectedIndex, type Published, TEAM } from './support/published.ts';

const FORM: IndexForm = { format: 'json', urls: ARCHIVES };

async function indexOf(documents: IndexDocuments, scope: IndexScope): Promise<unknown> {
  return JSON.parse(textOf(await documents.render(scope, FORM, EVERYTHING)));
}

function versions(repository: string, count: number): readonly Published[] {
  return Array.from({ length: count }, (_, minor) => ({ repository, minor }));
}

test('what was published before is in the index, and what comes later in the next one', async () => {
  const source = new MemorySource();
  const documents = new IndexDocuments(source);
  source.publish(...versions('team/web', 150), ...versions('web', 3));
  for (const scope of [TEAM, ALL]) {
    expect(await indexOf(documents, scope)).toEqual(expectedIndex(source.versions.filter(isIn(scope)), scope));
  }
  source.publish({ repository: 'team/web', minor: 7, listed: false }, ...versions('team/api', 130));
  source.publish({ repository: 'team/web', minor: 8, deprecated: true }, { repository: 'team/a/web', minor: 1 });
  for (const scope of [TEAM, ALL]) {
    expect(await indexOf(documents, scope)).toEqual(expectedIndex(source.versions.filter(isIn(scope)), scope));
  }
});

test('while nothing changes, a request costs one question, and gives the same again', async () => {
  const source = new MemorySource();
  const documents = new IndexDocuments(source);
  source.publish(...versions('team/web', 3));
  const visibility = { ...EVERYTHING, holder: {} };
  const bodies = await documents.render(TEAM, FORM, visibility);
  source.questions = 0;
  expect(await documents.render(TEAM, FORM, visibility)).toBe(bodies);
  expect(source.questions).toBe(1);

  source.publish({ repository: 'team/web', minor: 9 });
  const changed = await documents.render(TEAM, FORM, visibility);
  expect(changed).not.toBe(bodies);
  source.questions = 0;
  expect(await documents.render(TEAM, FORM, visibility)).toBe(changed);
  expect(source.questions).toBe(1);
});

test('requests at once share one reading, and each has what was published before it came', async () => {
  const source = new MemorySource();
  const documents = new IndexDocuments(source);
  source.publish(...versions('team/web', 2));
  await documents.render(TEAM, FORM, EVERYTHING);
  const gate = Promise.withResolvers<void>();
  source.beforeAnswer = () => gate.promise;
  source.questions = 0;
  const early = indexOf(documents, TEAM);
  // Its question has been answered, although the answer is still on its way.
  while (source.questions === 0) await setImmediate();
  source.publish({ repository: 'team/web', minor: 9 });
  const late = [indexOf(documents, TEAM), indexOf(documents, TEAM), indexOf(documents, TEAM)];
  gate.resolve();
  const expected = expectedIndex(source.versions, TEAM);
  expect(await Promise.all(late)).toEqual([expected, expected, expected]);
  await early;
  // What has changed, twice, and that there is no more.
  expect(source.questions).toBe(3);
});

test('what is published while the first reading goes on is not missed', async () => {
  const source = new MemorySource();
  const documents = new IndexDocuments(source);
  source.publish(...versions('team/web', 200));
  let minor = 0;
  // Before and behind the place that the reading has come to.
  source.beforeAnswer = async () => {
    minor += 1;
    if (minor < 6)
      source.publish(
        { repository: 'team/api', minor },
        { repository: 'team/web', minor: 190 + minor, listed: false },
        { repository: 'team/zed', minor },
      );
  };
  expect(await indexOf(documents, TEAM)).toEqual(expectedIndex(source.versions, TEAM));
});

test('a reading that fails goes on with the next request, and nothing is lost in between', async () => {
  const source = new MemorySource();
  const documents = new IndexDocuments(source);
  const metadata = { description: 'x'.repeat(80_000) };
  source.publish(...versions('team/web', 300).map((version) => ({ ...version, metadata })));
  source.beforeAnswer = async () => {
    if (source.questions === 4 || source.questions === 6) throw new Error('the database is away');
  };
  for (const minor of [290, 280]) {
    await expect(documents.render(TEAM, FORM, EVERYTHING)).rejects.toThrow('the database is away');
    // It has been read already.
    source.publish({ repository: 'team/web', minor, listed: false });
  }
  expect(await indexOf(documents, TEAM)).toEqual(expectedIndex(source.versions, TEAM));
  // The newest revision, twenty pages, two failures, what has changed, and twice that there is no more.
  expect(source.questions).toBe(26);
});

test('a long first reading lets everything else have its turn', async () => {
  const source = new MemorySource();
  source.publish(...versions('team/web', 3_000));
  let isDone = false;
  const rendered = new IndexDocuments(source).render(TEAM, FORM, EVERYTHING).finally(() => {
    isDone = true;
  });
  let turns = 0;
  for (; !isDone; turns += 1) await setImmediate();
  await rendered;
  expect(turns).toBeGreaterThan(10);
});

describe('memory', () => {
  const ROOT: IndexScope = { kind: 'namespace', namespace: '' };
  const DEEPER: IndexScope = { kind: 'namespace', namespace: 'team/a' };
  const source = new MemorySource();
  source.publish(...['web', 'team/web', 'team/a/web'].flatMap((repository) => versions(repository, 100)));

  /** Whether the document is still there, so that nothing but changes is asked for. */
  async function isHeld(documents: IndexDocuments, scope: IndexScope): Promise<boolean> {
    source.questions = 0;
    expect(await indexOf(documents, scope)).toEqual(expectedIndex(source.versions.filter(isIn(scope)), scope));
    return source.questions === 1;
  }

  test('documents that fit into it stay', async () => {
    const documents = new IndexDocuments(source);
    for (const scope of [ROOT, TEAM, DEEPER]) expect(await isHeld(documents, scope)).toBe(false);
    for (const scope of [ROOT, TEAM, DEEPER]) expect(await isHeld(documents, scope)).toBe(true);
  });

  test('what was not asked for the longest goes when there is too much', async () => {
    // Of these, two fit and three do not.
    const documents = new IndexDocuments(source, 60_000);
    for (const scope of [ROOT, TEAM]) expect(await isHeld(documents, scope)).toBe(false);
    expect(await isHeld(documents, ROOT)).toBe(true);
    expect(await isHeld(documents, DEEPER)).toBe(false);
    expect(await isHeld(documents, ROOT)).toBe(true);
    expect(await isHeld(documents, TEAM)).toBe(false);
  });

  test('a document that does not fit at all stays alone', async () => {
    const documents = new IndexDocuments(source, 1);
    for (const scope of [ROOT, TEAM]) expect(await isHeld(documents, scope)).toBe(false);
    expect(await isHeld(documents, TEAM)).toBe(true);
    expect(await isHeld(documents, ROOT)).toBe(false);
  });
});

test('an index without charts is not kept, since anybody can ask for any number of these', async () => {
  const source = new MemorySource();
  const documents = new IndexDocuments(source);
  await documents.render(TEAM, FORM, EVERYTHING);
  const first = source.questions;
  await documents.render(TEAM, FORM, EVERYTHING);
  expect(source.questions).toBe(2 * first);
  expect(first).toBeGreaterThan(1);
});

test('each form is a document of its own', async () => {
  const source = new MemorySource();
  const documents = new IndexDocuments(source);
  source.publish({ repository: 'team/web', minor: 1 });
  const textIn = async (form: IndexForm): Promise<string> => textOf(await documents.render(TEAM, form, EVERYTHING));
  for (const host of ['one.example.com', 'two.example.com']) {
    const urls = { kind: 'oci', host } as const;
    expect(await textIn({ format: 'json', urls })).toContain(`"urls":["oci://${host}/team/web:1.1.0"]`);
    expect(await textIn({ format: 'yaml', urls })).toContain(`- "oci://${host}/team/web:1.1.0"\n`);
  }
  expect(await textIn(FORM)).toContain('"urls":["charts/web-1.1.0.tgz"]');
  expect(await textIn({ ...FORM, format: 'yaml' })).toContain('- charts/web-1.1.0.tgz\n');
});

function isIn(scope: IndexScope): (version: { readonly namespace: string }) => boolean {
  return ({ namespace }) => scope.kind === 'all' || namespace === scope.namespace;
}
