// What rights say of a namespace as a whole, be anything published in it or not.
import { describe, expect, test } from 'vitest';
import { Rights, type Scope, Visibility } from '../../src/access/rights.ts';

type Settings = ConstructorParameters<typeof Visibility>[0];

function rights(
  scopes: readonly Scope[],
  others: {
    readonly limits?: readonly Scope[];
    readonly administrator?: boolean;
    readonly settings?: Settings;
  } = {},
): Rights {
  const { limits, administrator = false, settings = [] } = others;
  const visibility = new Visibility(settings);
  return new Rights({ administrator, scopes, maintained: [], limits, management: false, visibility });
}

function scope(namespace: string, actions: Scope['actions'], charts = '*'): Scope {
  return { namespace, charts, actions };
}

const PUBLIC = 'public' as const;
const PRIVATE = 'private' as const;

describe('a right covers a namespace', () => {
  test.each([
    ['from the namespace itself', 'team/a', true],
    ['from a namespace above', 'team', true],
    ['from the root', '', true],
    ['not from a chart in it', 'team/a/web', false],
    ['not from a namespace beside it', 'team/b', false],
    ['not from one that it begins with', 'tea', false],
  ])('%s', (_where, held, expected) => {
    for (const action of ['pull', 'push', 'delete'] as const) {
      expect(rights([scope(held, [action])]).covers('team/a')).toBe(expected);
    }
  });

  test('whatever pattern of charts it has, since it may name some that are not there yet', () => {
    expect(rights([scope('team', ['push'], 'web-*')]).covers('team')).toBe(true);
  });

  test('as far as the limits of a personal token go', () => {
    const limits = [scope('team/a', ['pull'])];
    const held = rights([scope('team', ['pull', 'push'])], { limits });
    expect(held.covers('team/a')).toBe(true);
    expect(held.covers('team')).toBe(false);
    expect(rights([], { administrator: true, limits }).covers('team/b')).toBe(false);
    expect(rights([], { administrator: true }).covers('any/thing')).toBe(true);
  });

  test('when everybody may read the namespace', () => {
    const settings = [
      { path: 'open', visibility: PUBLIC },
      { path: 'open/closed', visibility: PRIVATE },
      { path: 'team/web', visibility: PUBLIC },
    ];
    const nobody = rights([], { settings });
    expect(['open', 'open/below', 'open/closed', 'team', ''].map((path) => nobody.covers(path))).toEqual([
      ...[true, true, false, false, false],
    ]);
  });
});

describe('an action may be allowed in a namespace', () => {
  test.each([
    ['by a right on it', 'team/a', true],
    ['by one above', 'team', true],
    ['by one on a chart in it', 'team/a/web', true],
    ['not by one further below', 'team/a/b/web', false],
    ['not by one beside it', 'team/ab', false],
  ])('%s', (_where, held, expected) => {
    const writer = rights([scope(held, ['pull', 'push'])]);
    expect(writer.mayIn('team/a', 'push')).toBe(expected);
    expect(writer.mayIn('team/a', 'delete')).toBe(false);
  });

  test('as far as the limits of a personal token go, and not because the namespace is public', () => {
    const limits = [scope('team/a/web', ['push'])];
    expect(rights([], { administrator: true, limits }).mayIn('team/a', 'push')).toBe(true);
    expect(rights([], { administrator: true, limits }).mayIn('team', 'push')).toBe(false);
    expect(rights([], { limits }).mayIn('team/a', 'push')).toBe(false);
    expect(rights([], { settings: [{ path: 'team', visibility: PUBLIC }] }).mayIn('team', 'push')).toBe(false);
  });
});

test('charts are named by the rights on them and by their visibility, right in the namespace only', () => {
  const settings = [
    { path: 'team/open', visibility: PUBLIC },
    { path: 'team/closed', visibility: PRIVATE },
    { path: 'team', visibility: PRIVATE },
    { path: 'other', visibility: PUBLIC },
  ];
  const scopes = [scope('team/web', ['pull']), scope('team/web', ['push']), scope('team/a/b', ['pull'])];
  const held = rights(scopes, { settings, limits: [scope('team/api', ['pull'])] });
  expect(held.chartsNamedIn('team').toSorted()).toEqual(['team/api', 'team/closed', 'team/open', 'team/web']);
  expect(held.chartsNamedIn('').toSorted()).toEqual(['other', 'team']);
  expect(held.chartsNamedIn('none')).toEqual([]);
});

describe('a namespace is public as a whole', () => {
  const settings = [
    { path: 'open', visibility: PUBLIC },
    { path: 'mixed', visibility: PUBLIC },
    { path: 'mixed/secret', visibility: PRIVATE },
    { path: 'deep', visibility: PUBLIC },
    { path: 'deep/a/secret', visibility: PRIVATE },
    { path: 'team/web', visibility: PUBLIC },
  ];
  test.each([
    ['open', true],
    ['open/below', true],
    ['deep', true],
    ['mixed', false],
    ['team', false],
    ['none', false],
    ['', false],
  ])('"%s": %s', (namespace, expected) => {
    expect(rights([], { settings }).isAllPublic(namespace)).toBe(expected);
  });

  test('and so is everything, when the root is and nothing below says otherwise', () => {
    const all = [{ path: '', visibility: PUBLIC }];
    expect(rights([], { settings: all }).isAllPublic(undefined)).toBe(true);
    expect(rights([], { settings: all }).isAllPublic('')).toBe(true);
    const but = [...all, { path: 'a/b/c', visibility: PRIVATE }];
    expect(rights([], { settings: but }).isAllPublic(undefined)).toBe(false);
    expect(rights([], { settings: but }).isAllPublic('')).toBe(true);
    expect(rights([], { settings: [] }).isAllPublic(undefined)).toBe(false);
  });
});
