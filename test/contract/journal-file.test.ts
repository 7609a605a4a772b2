// The journal on a disk: what was acknowledged is read back, what was cut off is not in the way.
import { appendFile, mkdir, readdir, readFile, rm, rmdir, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasJournal, openJournal, readJournalLines } from '../../src/adapters/journal-file.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';

const MEBIBYTE = 1024 * 1024;

test('lines are read back in order, by whoever opens it next, which goes on behind them', async () => {
  await using folder = await temporaryFolder();
  const journal = await openJournal(folder.path);
  expect([journal.position, await hasJournal(folder.path), await linesOf(folder.path)]).toEqual([undefined, false, []]);
  expect(await readdir(folder.path)).toEqual([]);
  await expect(journal.append(['early'], { event: 1, at: 1 })).rejects.toThrow('begun before');
  await journal.replace(batches(['one'], [], ['two', 'three']), { event: 3, at: 30 }, false);
  await journal.append(['four'], { event: 4, at: 40 });
  await journal.append([], { event: 5, at: 50 });
  const again = await openJournal(folder.path);
  expect(again.position).toMatchObject({ event: 5, at: 50 });
  await again.append(['five'], { event: 6, at: 60 });
  expect(await linesOf(folder.path)).toEqual(['one', 'two', 'three', 'four', 'five']);
  await again.replace(batches(['anew']), { event: 7, at: 70 }, false);
  expect([await linesOf(folder.path), (await openJournal(folder.path)).position?.event]).toEqual([['anew'], 7]);
});

test('a line ends where it was ended, whatever is in it and however long it is', async () => {
  await using folder = await temporaryFolder();
  const journal = await openJournal(folder.path);
  const lines = ['a\u2028b\u2029c\r\u0085d', 'ä'.repeat(MEBIBYTE), '', 'x'.repeat(MEBIBYTE), 'short'];
  await journal.replace(batches(lines), { event: 1, at: 1 }, false);
  await journal.append(lines, { event: 2, at: 2 });
  await appendFile(linesFile(folder.path), 'half');
  expect(await linesOf(folder.path)).toEqual([...lines, ...lines, 'half']);
  expect(journal.bytes).toBe((await stat(linesFile(folder.path))).size - 'half'.length);
});

test('what was cut off before its position was noted makes room for what comes next', async () => {
  await using folder = await temporaryFolder();
  await (await openJournal(folder.path)).replace(batches(['one']), { event: 1, at: 1 }, false);
  await appendFile(linesFile(folder.path), '{"record":"tag","row":{"rep');
  const journal = await openJournal(folder.path);
  await journal.append(['two'], { event: 2, at: 2 });
  expect(await linesOf(folder.path)).toEqual(['one', 'two']);
});

test.each([
  ['a position that is damaged', (path: string) => writeFile(join(path, 'journal', 'position.json'), '{"event":')],
  ['a position without numbers', (path: string) => writeFile(join(path, 'journal', 'position.json'), '{"event":"1"}')],
  ['lines that are fewer than were noted', (path: string) => truncate(linesFile(path), 2)],
])('%s: it has to be begun anew', async (_, damage) => {
  await using folder = await temporaryFolder();
  await (await openJournal(folder.path)).replace(batches(['one']), { event: 1, at: 1 }, false);
  await damage(folder.path);
  expect((await openJournal(folder.path)).position).toBeUndefined();
});

test('it is long when most of it was added, and not before some megabytes', async () => {
  await using folder = await temporaryFolder();
  const journal = await openJournal(folder.path);
  await journal.replace(batches(['x'.repeat(MEBIBYTE)]), { event: 1, at: 1 }, false);
  await journal.append(['x'.repeat(16 * MEBIBYTE)], { event: 2, at: 2 });
  expect(journal.isLong).toBe(false);
  await journal.append(['x'.repeat(MEBIBYTE), 'x'], { event: 3, at: 3 });
  expect(journal.isLong).toBe(true);
  expect((await openJournal(folder.path)).isLong).toBe(true);
  await journal.replace(batches(['x'.repeat(18 * MEBIBYTE)]), { event: 4, at: 4 }, false);
  expect(journal.isLong).toBe(false);
});

test('one that is begun anew keeps the former one beside it when it is told to, which no later one replaces', async () => {
  await using folder = await temporaryFolder();
  const journal = await openJournal(folder.path);
  await journal.replace(batches(['one']), { event: 1, at: Date.UTC(2026, 10, 23) }, true);
  await journal.replace(batches(['two']), { event: 2, at: 2 }, true);
  await journal.replace(batches(['three']), { event: 3, at: 2 }, true);
  await journal.replace(batches(['four']), { event: 4, at: 2 }, true);
  expect(await formerOf(folder.path)).toEqual({
    'registry-until-1970-01-01T00-00-00.002Z-2.jsonl': 'three\n',
    'registry-until-1970-01-01T00-00-00.002Z.jsonl': 'two\n',
    'registry-until-2026-11-23T00-00-00.000Z.jsonl': 'one\n',
  });
  expect(await linesOf(folder.path)).toEqual(['four']);
});

test('each one without a position is kept as well', async () => {
  await using folder = await temporaryFolder();
  for (const name of ['one', 'two', 'three']) {
    await (await openJournal(folder.path)).replace(batches([name]), { event: 1, at: 1 }, true);
    await rm(join(folder.path, 'journal', 'position.json'));
  }
  expect(await formerOf(folder.path)).toEqual({ 'registry-former-2.jsonl': 'two\n', 'registry-former.jsonl': 'one\n' });
});

test('one that could not be replaced, though it was kept already, is kept once', async () => {
  await using folder = await temporaryFolder();
  const journal = await openJournal(folder.path);
  await journal.replace(batches(['one']), { event: 1, at: 1 }, false);
  await rm(join(folder.path, 'journal', 'position.json'));
  // In the way of those who would remove the file.
  await mkdir(join(folder.path, 'journal', 'position.json'));
  await expect(journal.replace(batches(['two']), { event: 2, at: 2 }, true)).rejects.toThrow('EISDIR');
  await rmdir(join(folder.path, 'journal', 'position.json'));
  await journal.replace(batches(['three']), { event: 3, at: 3 }, true);
  expect(await formerOf(folder.path)).toEqual({ 'registry-until-1970-01-01T00-00-00.001Z.jsonl': 'one\n' });
});

test.skipIf(process.platform !== 'linux')(
  'no room for its position leaves the one that was there, and nothing beside it',
  async () => {
    await using folder = await temporaryFolder();
    const journal = await openJournal(folder.path);
    await journal.replace(batches(['one']), { event: 1, at: 1 }, true);
    const fill = () => symlink('/dev/full', join(folder.path, 'journal', 'position.json.new'));
    await fill();
    await expect(journal.replace(batches(['two']), { event: 2, at: 2 }, true)).rejects.toThrow('ENOSPC');
    expect(journal.position).toMatchObject({ event: 1, at: 1 });
    expect(await readdir(join(folder.path, 'journal'))).toEqual(['position.json', 'registry.jsonl']);
    await fill();
    await expect(journal.append(['more'], { event: 2, at: 2 })).rejects.toThrow('ENOSPC');
    expect(await readdir(join(folder.path, 'journal'))).toEqual(['position.json', 'registry.jsonl']);
    await journal.append(['three'], { event: 3, at: 3 });
    expect([await linesOf(folder.path), (await openJournal(folder.path)).position?.event]).toEqual([
      ['one', 'three'],
      3,
    ]);
  },
);

test('it is for its owner alone', async () => {
  await using folder = await temporaryFolder();
  await (await openJournal(folder.path)).replace(batches(['one']), { event: 1, at: 1 }, false);
  const modes = [join(folder.path, 'journal'), linesFile(folder.path), join(folder.path, 'journal', 'position.json')];
  const found = await Promise.all(modes.map(async (path) => ((await stat(path)).mode & 0o777).toString(8)));
  expect(found).toEqual(['700', '600', '600']);
});

/** What is kept of those before it, by name. */
async function formerOf(dataDir: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(join(dataDir, 'journal'))).filter((name) => name.startsWith('registry-')).toSorted();
  const texts = names.map(async (name) => [name, await readFile(join(dataDir, 'journal', name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(texts));
}

function linesFile(dataDir: string): string {
  return join(dataDir, 'journal', 'registry.jsonl');
}

async function linesOf(dataDir: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readJournalLines(dataDir)) lines.push(line);
  return lines;
}

async function* batches(...all: readonly (readonly string[])[]): AsyncIterable<readonly string[]> {
  yield* all;
}
