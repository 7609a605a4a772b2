// Scopes as people write them.
import { expect, test } from 'vitest';
import { commonPath, readScope, shownScope } from '../../src/cli/scope-syntax.ts';

test.each([
  ['team:push', { namespace: 'team', charts: '*', actions: ['push'] }],
  ['team/charts:pull,push', { namespace: 'team/charts', charts: '*', actions: ['pull', 'push'] }],
  ['team:web-*:pull,push', { namespace: 'team', charts: 'web-*', actions: ['pull', 'push'] }],
  ['/:pull', { namespace: '/', charts: '*', actions: ['pull'] }],
])('"%s" is read, and shown as it was written', (text, expected) => {
  expect(readScope(text)).toEqual(expected);
  expect(shownScope(readScope(text))).toBe(text);
});

test.each(['team', '', ':pull', 'team::pull', 'a:b:c:pull'])('"%s" is no scope', (text) => {
  expect(() => readScope(text)).toThrow(
    `"${text}" is no scope: write it as PATH[:CHARTS]:ACTIONS, like team:push, team:web-*:pull,push or, for everything, /:pull`,
  );
});

test.each([
  ['team:write', 'write'],
  ['team:pull,', ''],
  ['team:pull push', 'pull push'],
])('"%s" names something that is no action', (text, action) => {
  expect(() => readScope(text)).toThrow(
    `"${action}" in "${text}" is no action: use pull, push, delete, separated by commas`,
  );
});

test.each([
  [['team:pull'], 'team'],
  [['team/a:pull', 'team/b:pull'], 'team'],
  [['team/a/x:pull', '/team/a/y/:push'], 'team/a'],
  [['team:pull', 'team/a:push'], 'team'],
  [['team-a:pull', 'team-b:pull'], '/'],
  [['team:pull', '/:pull'], '/'],
])('the scopes %j have the path %s in common', (texts, expected) => {
  expect(commonPath(texts.map(readScope))).toBe(expected);
});
