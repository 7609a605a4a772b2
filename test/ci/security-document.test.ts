// SECURITY.md names the tests that show each defence: they are there, and none is a promise without one.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');

/** Files in code spans, and those that are linked to. */
function pathsIn(text: string): readonly string[] {
  const spans = [...text.matchAll(/`((?:test|src|docs|config|\.ci)\/[^`\s]*|[\w-]+\.(?:json|md|ts))`/g)];
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)];
  return [...spans, ...links].map(([, path = '']) => path);
}

test('every file that it names is there', () => {
  const paths = pathsIn(TEXT);
  expect(paths.length).toBeGreaterThan(40);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('every threat has a test', () => {
  const [, table = ''] = TEXT.split('### Threats, defences');
  const rows = (table.split('\n## ')[0] ?? '').split('\n').filter((line) => /^\| [A-Z]/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => !/`test\/[\w/-]+\.test\.ts` *\|?/.test(row.split('|')[3] ?? ''))).toEqual([]);
});

test('the README leads to it', () => {
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('](SECURITY.md)');
});
