// Commands that are run as another user than the server: that this user may not look is said, and not that there is nothing.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/chartroom-process.ts';

const NOBODY = 65_534;
let folder: TemporaryFolder;
/** Of somebody else. */
let data: string;
let backup: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  [data, backup] = [join(folder.path, 'data'), join(folder.path, 'backup')];
  for (const path of [data, backup]) await mkdir(path);
  await writeFile(join(data, 'chartroom.db'), 'a database');
  await writeFile(join(backup, 'backup.json'), '{}');
});
afterEach(() => folder[Symbol.asyncDispose]());

/** In this process, which gives up what root may do: nobody else may be able to read the program. @returns what it says */
async function sayOf(...words: readonly string[]): Promise<string> {
  const isRoot = process.geteuid?.() === 0;
  const lines: string[] = [];
  const writing = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  for (const path of [data, backup]) await chmod(path, isRoot ? 0o700 : 0);
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    expect(await runCommandLine([...words, '--data-dir', data])).toBe(1);
  } finally {
    if (isRoot) process.seteuid?.(0);
    for (const path of [data, backup]) await chmod(path, 0o700);
    writing.mockRestore();
  }
  return lines.join('');
}

test.each([[['verify']], [['backup', 'somewhere']], [['user', 'list']]])('the data folder: %j', async (words) => {
  expect(await sayOf(...words)).toBe(
    `chartroom: this user may not look into the data folder ${data} (EACCES): run this as the user of the server, to whom it belongs\n`,
  );
});

test('a backup that is restored', async () => {
  data = join(folder.path, 'new');
  await mkdir(data);
  expect(await sayOf('restore', backup)).toBe(unreadable());
});

test('a backup that is verified', async () => {
  expect(await sayOf('backup', 'verify', backup)).toBe(unreadable());
});

function unreadable(): string {
  return `chartroom: this user may not read the backup in ${backup} (EACCES at ${backup}/backup.json): run this as the user to whom it belongs\n`;
}
