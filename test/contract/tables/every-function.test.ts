// No function of src/tables is without a test: each one is called by some file of this folder.
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test('every exported function of src/tables is tried here', async () => {
  const tables = await readTexts(new URL('../../../src/tables/', import.meta.url), 'migrate.ts');
  const exported = tables.flatMap((text) =>
    [...text.matchAll(/^export async function (\w+)/gm)].map(([, name]) => name),
  );
  const here = (await readTexts(new URL('./', import.meta.url))).join('\n');
  expect(exported.length).toBeGreaterThan(30);
  expect(exported.filter((name) => !here.includes(`${name}(`))).toEqual([]);
});

/** The texts of all files of a folder, but for one. */
async function readTexts(folder: URL, except?: string): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((name) => name !== except);
  return await Promise.all(files.map((name) => readFile(new URL(name, folder), 'utf8')));
}
