// What an operator reads who made a mistake in the settings file.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/load.ts';

const path = join(mkdtempSync(join(tmpdir(), 'chartroom-config-')), 'chartroom.yaml');

/** The mistakes in a file with these lines, with `FILE` for its path. */
function mistakesIn(...lines: readonly string[]): readonly string[] {
  writeFileSync(path, `${lines.join('\n')}\n`);
  try {
    loadConfig({ flags: { config: path }, environment: {} });
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes.map((mistake) => mistake.replaceAll(path, 'FILE'));
    throw error;
  }
  return [];
}

const PORT = 'a whole number from 0 to 65535';
const TAG = 'a tag in which "*" and "?" stand for any characters, and "_" for the "+" of a version';

test.each([
  ['a number in quotes', 'port: "5000"', `port in FILE line 2 is "5000", but must be ${PORT} (without quotes)`],
  [
    'a choice in quotes',
    'republishDeleted: "true"',
    'republishDeleted in FILE line 2 is "true", but must be true or false (without quotes)',
  ],
  ['text for a number', 'port: http', `port in FILE line 2 is "http", but must be ${PORT}`],
  ['a fraction', 'port: 80.5', `port in FILE line 2 is 80.5, but must be ${PORT}`],
  ['nothing', 'port:', `port in FILE line 2 is empty, but must be ${PORT}`],
  [
    'a number for text',
    'dataDir: 5',
    'dataDir in FILE line 2 is 5, but must be the path of a directory, without "~" (in quotes)',
  ],
  [
    'a number for a tag',
    'fixedTags: [latest, 1.5]',
    `fixedTags in FILE line 2 has 1.5 as item 2, which must be ${TAG} (in quotes)`,
  ],
  [
    'a word for a list',
    'trustedProxies: 10.0.0.0/8',
    'trustedProxies in FILE line 2 is "10.0.0.0/8", but must be a list of IP addresses or ranges, such as ["10.0.0.0/8"]',
  ],
  ['a mapping', 'auth: { mode: none }', 'auth in FILE line 2 is {"mode":"none"}, but must be accounts or none'],
  ['an unknown key', 'public_url: x', 'public_url in FILE line 2 is not a setting; did you mean publicUrl?'],
  ['a key that is far from all', 'storage: x', 'storage in FILE line 2 is not a setting'],
  ['a key of objects', '__proto__: x', '__proto__ in FILE line 2 is not a setting'],
  ['a second value', 'logLevel: warn', 'logLevel in FILE line 2 is already set in FILE line 1'],
])('%s is a mistake in its line', (_what, line, mistake) => {
  expect(mistakesIn('logLevel: info', line)).toEqual([mistake]);
});

const QUOTES = 'a value that begins with "!", "*", "&", "@" or "`" must be in quotes';
const KEY_AND_VALUE = 'this is not of the form "key: value", with a space behind the colon';

test.each([
  ['an exclusion without quotes', ['port: 1', 'fixedTags: ["*", !dev]'], `FILE line 2: ${QUOTES}`],
  ['a star without quotes', ['port: 1', 'fixedTags:', '  - *'], `FILE line 3: ${QUOTES}`],
  ['a glob without quotes', ['port: 1', 'fixedTags:', '  - *-dev'], `FILE line 3: ${QUOTES}`],
  ['an ampersand without quotes', ['adminPassword: &correct horse'], `FILE line 1: ${QUOTES}`],
  ['a tab', ['port: 1', '\thost: x'], 'FILE line 2: a tab indents the line; use spaces'],
  [
    'an open bracket',
    ['fixedTags: ["a"', 'port: 1'],
    'FILE line 2: the line is not indented as it should be, or a bracket before it is not closed',
  ],
  [
    'an open quote',
    ['dataDir: "x', 'port: 1'],
    'FILE line 3: a quote, a bracket, a comma or a colon is missing, here or further up',
  ],
  [
    'an indented key',
    ['port: 1', '  host: x'],
    'FILE line 1: a value with ": " in it must be in quotes, and the next setting must not be indented',
  ],
  [
    'a second document',
    ['port: 1', '---', 'port: 2'],
    'FILE line 2: a second document starts here, but all settings must stand in one',
  ],
  [
    'text behind quotes',
    ['adminPassword: "correct" horse'],
    'FILE line 1: something stands here that does not belong to the value; put the whole value in quotes',
  ],
  ['a list', ['- port', '- host'], `FILE line 1: ${KEY_AND_VALUE}`],
  ['no colon', ['# first', 'port 5000'], `FILE line 2: ${KEY_AND_VALUE}`],
  ['no space behind the colon', ['port:5000', 'host: x'], `FILE line 1: ${KEY_AND_VALUE}`],
])('a file with %s is told in one line', (_what, lines, mistake) => {
  expect(mistakesIn(...lines)).toEqual([mistake]);
});

test('all wrong values of a file are told at once', () => {
  expect(mistakesIn('port: -1', 'prot: 2', 'auth: all')).toEqual([
    'prot in FILE line 2 is not a setting; did you mean port?',
    `port in FILE line 1 is -1, but must be ${PORT}`,
    'auth in FILE line 3 is "all", but must be accounts or none',
  ]);
});

test('"none" for auth is text, and null is null', () => {
  writeFileSync(path, 'auth: none\npublicUrl: null\n');
  expect(loadConfig({ flags: { config: path }, environment: {} })).toMatchObject({ auth: 'none', publicUrl: null });
});
