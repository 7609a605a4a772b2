// The journal of a registry whose disk gets full: it leaves the last room to the database, and catches up when there is more.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJournal } from '../../src/adapters/journal-file.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { JournalKeeper } from '../../src/journal/journal-keeper.ts';
import type { Journal } from '../../src/ports/journal.ts';
import { isForLackOfRoom } from '../../src/ports/storage-unusable.ts';
import { FreeSpace } from '../../src/registry/free-space.ts';
import { pushArtifact } from '../support/artifacts.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';
import { startRegistry } from '../support/start-registry.ts';

const MIB = 1024 * 1024;
/** What is left free of 100 MiB. */
const RESERVED = 5 * MIB;

test('what there is no reserve for is not written, and nothing of it is missing when there is room again', async () => {
  await using kept = await keepJournal();
  await pushArtifact(kept.registry, 'team/tool', 'first', 'first');
  await kept.keeper.catchUp();
  const before = await kept.read();
  await kept.leave(RESERVED + 100);
  for (const tag of ['second', 'third']) await pushArtifact(kept.registry, 'team/tool', tag, tag);
  await expect(kept.keeper.catchUp()).rejects.toSatisfy(isForLackOfRoom);
  await kept.registry.request('DELETE', '/v2/team/tool/manifests/first');
  await expect(kept.keeper.catchUp()).rejects.toSatisfy(isForLackOfRoom);
  expect(await kept.read()).toBe(before);
  await kept.leave(50 * MIB);
  await kept.keeper.catchUp();
  for (const tag of ['second', 'third']) expect(await kept.read()).toContain(`"${tag}"`);
  expect(await kept.read()).toContain('{"record":"tag-gone","repository":"team/tool","tag":"first"}');
});

test('one that is begun and finds no room leaves nothing behind, and is not begun in vain again until there is more', async () => {
  await using kept = await keepJournal();
  for (const tag of ['first', 'second']) await pushArtifact(kept.registry, 'team/tool', tag, tag);
  await kept.leave(RESERVED + 100);
  let begun = 0;
  const counted = counting(kept.journal, () => {
    begun += 1;
  });
  const keeper = new JournalKeeper({ ...kept.parts, journal: counted });
  for (let times = 0; times < 3; times += 1) await expect(keeper.catchUp()).rejects.toSatisfy(isForLackOfRoom);
  expect([begun, await readdir(join(kept.path, 'journal'))]).toEqual([1, []]);
  await kept.leave(50 * MIB);
  await keeper.catchUp();
  for (const tag of ['first', 'second']) expect(await kept.read()).toContain(`"${tag}"`);
});

test('a long one is followed while there is no room for the new one beside it, and begun anew when there is', async () => {
  await using kept = await keepJournal();
  await kept.keeper.catchUp();
  const position = kept.journal.position ?? { event: 0, at: 0 };
  await kept.journal.append([' '.repeat(17 * MIB)], position);
  expect(kept.journal.isLong).toBe(true);
  await pushArtifact(kept.registry, 'team/tool', 'first', 'first');
  await kept.leave(RESERVED + MIB);
  await kept.keeper.catchUp();
  expect(kept.journal.isLong).toBe(true);
  expect(await kept.read()).toContain('"first"');
  await kept.leave(50 * MIB);
  await kept.keeper.catchUp();
  expect(kept.journal.isLong).toBe(false);
  expect(await kept.read()).toContain('"first"');
  expect(await readdir(join(kept.path, 'journal'))).toEqual(['position.json', 'registry.jsonl']);
});

test('a long one of another database is kept beside the one that is begun', async () => {
  await using kept = await keepJournal();
  await kept.keeper.catchUp();
  await kept.journal.append([' '.repeat(17 * MIB)], { event: 1_000, at: 1_000 });
  await kept.keeper.catchUp();
  const files = await readdir(join(kept.path, 'journal'));
  expect(files.filter((name) => name.startsWith('registry-until-'))).toHaveLength(1);
});

async function keepJournal() {
  const registry = await startRegistry();
  const folder = await temporaryFolder();
  const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
  const journal = await openJournal(folder.path);
  let freeBytes = 50 * MIB;
  const space = new FreeSpace({ space: async () => ({ freeBytes, totalBytes: 100 * MIB, freeFiles: undefined }) });
  await space.check();
  const parts = { database, journal, space };
  return {
    ...{ registry, journal, parts, path: folder.path, keeper: new JournalKeeper(parts) },
    leave: async (bytes: number) => {
      freeBytes = bytes;
      await space.check();
    },
    read: async () => await readFile(join(folder.path, 'journal', 'registry.jsonl'), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await folder[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** The same journal, which says when it is begun. */
function counting(journal: Journal, onBegin: () => void): Journal {
  return new Proxy(journal, {
    get: (target, name: keyof Journal) => {
      if (name === 'replace') onBegin();
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
