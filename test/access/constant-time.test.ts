// Secrets are compared in a time that tells nothing about them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isSameSecret } from '../../src/ports/same-secret.ts';

const SOURCES = join(import.meta.dirname, '../../src');
const SECRET = /(?:state|nonce|verifier|hash|secret|token|password|signature|sealed|mac)/i.source;
/** Something that is named like a secret on either side, and on the other neither a literal nor nothing. */
const LEFT = new RegExp(`\\b\\w*${SECRET}\\)? [!=]== (?!['"\`\\d]|undefined\\b|null\\b)`, 'i');
const RIGHT = new RegExp(`[!=]== (?:\\w+\\.)*\\w*${SECRET}\\b(?![.(])`, 'i');

/** Names that sound like secrets and are none: the id of one, a rule, a status. */
const NO_SECRETS = ['const shown = token.secrets.find(({ id }) => id === principal.secret);'];

function comparisonsIn(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => (LEFT.test(line) || RIGHT.test(line)) && !NO_SECRETS.includes(line));
}

test('no source compares a secret character by character', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const found = files.flatMap((path) =>
    comparisonsIn(readFileSync(join(SOURCES, path), 'utf8')).map((line) => `${path}: ${line}`),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(found).toEqual([]);
});

test('such a comparison would be found', () => {
  expect(comparisonsIn("if (kept.state !== state) throw new Error('other');")).toHaveLength(1);
  expect(comparisonsIn('return row.hash === hash;')).toHaveLength(1);
  expect(comparisonsIn('return given === options.adminPassword;')).toHaveLength(1);
  expect(comparisonsIn("if (guess.state === 'wrong' || secret === undefined) return;")).toEqual([]);
});

test('equal secrets are the same, and all others are not, of whatever length', () => {
  expect(isSameSecret('secret', 'secret')).toBe(true);
  expect(isSameSecret('', '')).toBe(true);
  for (const other of ['', 'secre', 'secret ', 'Secret', 'secrets', '\ud800', '\ufffd']) {
    expect(isSameSecret(other, 'secret')).toBe(false);
  }
  // What is not well-formed is not made equal on the way.
  expect(isSameSecret('\ud800', '\ufffd')).toBe(false);
});
