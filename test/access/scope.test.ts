// Token scopes.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALL_ACTIONS } from '../../src/access/roles.ts';
import { CATALOG_SCOPE, formatScope, parseScopes } from '../../src/access/scope.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';

function access(name: string, ...actions: readonly string[]): unknown {
  return { type: 'repository', name, actions };
}

test('a scope names a repository and actions', () => {
  expect(parseScopes(['repository:team/web:pull'])).toEqual([access('team/web', 'pull')]);
  expect(parseScopes(['repository:a:delete,push,pull'])).toEqual([access('a', 'pull', 'push', 'delete')]);
  expect(parseScopes(['repository:a:*'])).toEqual([access('a', 'pull', 'push', 'delete')]);
  expect(parseScopes([])).toEqual([]);
});

test('scopes may be repeated, joined by spaces, and about the same repository', () => {
  const expected = [access('a', 'pull', 'push'), access('b', 'pull')];
  expect(parseScopes(['repository:a:pull', 'repository:b:pull', 'repository:a:push'])).toEqual(expected);
  expect(parseScopes(['repository:a:push repository:b:pull  repository:a:pull '])).toEqual(expected);
  expect(parseScopes([' ', 'repository:a:pull,push,pull repository:b:pull', ''])).toEqual(expected);
});

test('the catalog has a scope of its own, which is asked for once', () => {
  const catalog = { type: 'registry', name: 'catalog', actions: ['*'] };
  expect(parseScopes([CATALOG_SCOPE])).toEqual([catalog]);
  expect(parseScopes([`${CATALOG_SCOPE} repository:a:pull`, CATALOG_SCOPE])).toEqual([access('a', 'pull'), catalog]);
});

test.each([
  'registry:catalog:',
  'registry:catalog:pull',
  'registry:other:*',
  'repository(catalog):catalog:*',
  'repository:a:',
  'repository:a:fly',
  'repository::pull',
  'repository:a',
  'repository',
  'Repository:a:pull',
  'repository(plugin):a:pull',
  'repository:A:pull',
  'repository:host:5000/a:pull',
  'repository:a/../b:pull',
  'repository:a:PULL',
  '::',
  '\0',
])('%j asks for nothing that there is, and spoils nothing beside it', (text) => {
  expect(parseScopes([text])).toEqual([]);
  expect(parseScopes([text, 'repository:a:pull'])).toEqual([access('a', 'pull')]);
});

test('unknown actions do not spoil known ones', () => {
  expect(parseScopes(['repository:a:fly,pull,'])).toEqual([access('a', 'pull')]);
});

test('more than fifty are not looked at', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `repository:a${index}:pull`);
  expect(parseScopes(many)).toHaveLength(50);
  expect(parseScopes([many.join(' ')])).toHaveLength(50);
});

test('a scope that is written is read again', () => {
  const names = fc.stringMatching(/^[a-z0-9]{1,5}(\/[a-z0-9]{1,5}){0,3}$/).map(parseRepositoryName);
  fc.assert(
    fc.property(names, fc.subarray([...ALL_ACTIONS], { minLength: 1 }), (name, actions) => {
      expect(parseScopes([formatScope(name, actions)])).toEqual([access(name, ...actions)]);
    }),
  );
});

test('no text makes reading fail', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
      expect(parseScopes(texts)).toEqual([]);
    }),
  );
});
