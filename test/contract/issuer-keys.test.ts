// The port IssuerKeys on its adapter, and an issuer on loopback that does not always behave.
import { describe, expect, test } from 'vitest';
import { createIssuerKeys } from '../../src/adapters/issuer-keys.ts';
import { maySendTo } from '../../src/ports/issuer-address.ts';
import { type IssuerKeys, IssuerUnreachable } from '../../src/ports/issuer-keys.ts';
import { TestClock } from '../support/clock.ts';
import { newSigningKey, publicJwk } from '../support/identity-token.ts';
import { type Misbehaviour, type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
import { LOOPBACK_REQUESTS } from '../support/outgoing-requests.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

interface Tested extends AsyncDisposable {
  readonly issuer: OidcIssuer;
  readonly clock: TestClock;
  readonly keys: IssuerKeys;
  /** Looks for a key of the first generation, or for the one that is named. */
  readonly find: (keyId?: string) => ReturnType<IssuerKeys['publishedBy']>;
}

async function start(timeout?: number): Promise<Tested> {
  const clock = new TestClock('2026-11-23T10:00:00Z');
  const issuer = await startOidcIssuer({ clock });
  const keys = createIssuerKeys({ clock, requests: LOOPBACK_REQUESTS, ...(timeout === undefined ? {} : { timeout }) });
  return {
    issuer,
    clock,
    keys,
    find: (keyId = 'RS256-1') => keys.publishedBy(issuer.url, keyId),
    [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose](),
  };
}

describe('keys', () => {
  test('are those that the issuer publishes', async () => {
    await using tested = await start();
    expect(await tested.find()).toEqual(tested.issuer.keySet());
    expect(tested.issuer.asked).toMatchObject({ discovery: 1, keys: 1 });
  });

  test('may come in an answer of half a MiB', async () => {
    await using tested = await start();
    tested.issuer.misbehave('keys', { kind: 'padded', bytes: 500 * 1024 });
    expect(await tested.find()).toEqual(tested.issuer.keySet());
  });

  test('are fetched once for ten minutes', async () => {
    await using tested = await start();
    const first = await tested.find();
    tested.clock.advance(10 * MINUTE - 1);
    expect(await tested.find()).toBe(first);
    expect(tested.issuer.asked.keys).toBe(1);
    tested.clock.advance(1);
    await tested.find();
    expect(tested.issuer.asked.keys).toBe(2);
  });

  test('are fetched once for all who ask at the same time', async () => {
    await using tested = await start();
    const found = await Promise.all(Array.from({ length: 50 }, () => tested.find()));
    expect(new Set(found).size).toBe(1);
    expect(tested.issuer.asked).toMatchObject({ discovery: 1, keys: 1 });
  });

  test('that the issuer has replaced are found when one of them is looked for', async () => {
    await using tested = await start();
    await tested.find('RS256-1');
    tested.issuer.rotateKeys();
    tested.clock.advance(30 * SECOND);
    expect(await tested.find('RS256-2')).toEqual(tested.issuer.keySet());
    expect(tested.issuer.asked.keys).toBe(2);
  });

  test('that do not exist do not make it ask the issuer more than twice a minute', async () => {
    await using tested = await start();
    for (let second = 0; second < 60; second += 1) {
      await Promise.all([tested.find(`made-up-${second}`), tested.find(`invented-${second}`)]);
      tested.clock.advance(SECOND);
    }
    expect(tested.issuer.asked).toMatchObject({ discovery: 2, keys: 2 });
  });

  test('of the issuer are known again although others made keys up', async () => {
    await using tested = await start();
    await tested.find('made-up');
    expect((await tested.find('RS256-1')).keys).toContainEqual(expect.objectContaining({ kid: 'RS256-1' }));
    expect(tested.issuer.asked.keys).toBe(1);
  });

  test('are those of each issuer for itself, and of only so many issuers', async () => {
    await using tested = await start();
    await using other = await startOidcIssuer({ clock: tested.clock });
    const few = createIssuerKeys({ clock: tested.clock, requests: LOOPBACK_REQUESTS, maximumIssuers: 1 });
    expect(await few.publishedBy(tested.issuer.url, 'RS256-1')).toEqual(tested.issuer.keySet());
    expect(await few.publishedBy(other.url, 'RS256-1')).toEqual(other.keySet());
    await few.publishedBy(other.url, 'RS256-1');
    expect(other.asked.keys).toBe(1);
    await few.publishedBy(tested.issuer.url, 'RS256-1');
    expect(tested.issuer.asked.keys).toBe(2);
  });

  test('are only public ones, whatever else the issuer gives away', async () => {
    await using tested = await start();
    const good = newSigningKey('good', 'ES256');
    const keys = [
      { kty: 'oct', k: 'c2VjcmV0', kid: 'shared' },
      { ...good.privateKey.export({ format: 'jwk' }), kid: 'private' },
      'text',
      null,
      { ...publicJwk(good), kid: 5 },
      publicJwk(good),
    ];
    tested.issuer.misbehave('keys', { kind: 'body', body: { keys } });
    expect(await tested.find('good')).toEqual({ keys: [publicJwk(good)] });
  });
});

describe('an issuer that cannot be reached', () => {
  test('is named with its host and the reason, and is not asked again for half a minute', async () => {
    await using tested = await start();
    tested.issuer.misbehave('discovery', { kind: 'status', status: 503 });
    const host = new URL(tested.issuer.url).host;
    const reason = `${host} answers /.well-known/openid-configuration with status 503: try again in a minute`;
    await expect(tested.find()).rejects.toEqual(new IssuerUnreachable(tested.issuer.url, reason));
    await expect(tested.find()).rejects.toThrow(`the keys of ${tested.issuer.url} cannot be had: ${reason}`);
    expect(tested.issuer.asked.discovery).toBe(1);
    tested.issuer.misbehave('discovery', undefined);
    tested.clock.advance(30 * SECOND);
    expect(await tested.find()).toEqual(tested.issuer.keySet());
  });

  test('is believed by its last keys for a day', async () => {
    await using tested = await start();
    const known = await tested.find();
    tested.issuer.misbehave('keys', { kind: 'status', status: 500 });
    tested.clock.advance(24 * HOUR - 1);
    expect(await tested.find()).toBe(known);
    await expect(tested.find('unknown')).rejects.toThrow(IssuerUnreachable);
    tested.clock.advance(1);
    await expect(tested.find()).rejects.toThrow(IssuerUnreachable);
  });

  test('is asked again and again, until it answers', async () => {
    await using tested = await start();
    await tested.find();
    tested.issuer.rotateKeys();
    tested.issuer.misbehave('keys', { kind: 'status', status: 500 });
    tested.clock.advance(HOUR);
    await tested.find('RS256-1');
    tested.issuer.misbehave('keys', undefined);
    tested.clock.advance(30 * SECOND);
    expect(await tested.find('RS256-1')).toEqual(tested.issuer.keySet());
  });

  test('may be gone altogether', async () => {
    const { issuer, keys, ...tested } = await start();
    const { url } = issuer;
    await tested[Symbol.asyncDispose]();
    await expect(keys.publishedBy(url, 'RS256-1')).rejects.toThrow('cannot be reached (ECONNREFUSED)');
  });

  test.each(['discovery', 'keys'] as const)('may never end its answer: %s', async (endpoint) => {
    for (const kind of ['hang', 'hang-midway'] as const) {
      await using tested = await start(100);
      tested.issuer.misbehave(endpoint, { kind });
      await expect(tested.find()).rejects.toThrow('did not answer in time: try again in a minute');
    }
  });
});

describe('an answer is refused', () => {
  test.each<[string, string, Misbehaviour]>([
    ['is too large', 'has more than 512 KiB', { kind: 'padded', bytes: 512 * 1024 }],
    ['is an error', 'with status 404', { kind: 'status', status: 404 }],
    ['is a page', 'is no JSON object', { kind: 'body', body: '<html>' }],
    ['is empty', 'is no JSON object', { kind: 'body', body: '' }],
    ['is null', 'is no JSON object', { kind: 'body', body: 'null' }],
  ])('when it %s', async (_name, reason, misbehaviour) => {
    for (const endpoint of ['discovery', 'keys'] as const) {
      await using tested = await start();
      tested.issuer.misbehave(endpoint, misbehaviour);
      await expect(tested.find()).rejects.toThrow(reason);
    }
  });

  test('when it is a redirect, which is not followed, wherever it leads', async () => {
    for (const endpoint of ['discovery', 'keys'] as const) {
      await using tested = await start();
      await using other = await startOidcIssuer();
      const to = `${other.url}${endpoint === 'keys' ? '/keys' : '/.well-known/openid-configuration'}`;
      tested.issuer.misbehave(endpoint, { kind: 'redirect', to });
      await expect(tested.find()).rejects.toThrow('with status 302, a redirect, which is not followed');
      expect(other.asked).toMatchObject({ discovery: 0, keys: 0 });
    }
  });

  test('when the keys are no list', async () => {
    await using tested = await start();
    tested.issuer.misbehave('keys', { kind: 'body', body: { keys: { kid: 'RS256-1' } } });
    await expect(tested.find()).rejects.toThrow('is no set of keys');
  });

  test.each(['https://token.actions.githubusercontent.com', 'with-slash', undefined, 5])(
    'when the issuer calls itself %s',
    async (issuer) => {
      await using tested = await start();
      tested.issuer.publish({ issuer: issuer === 'with-slash' ? `${tested.issuer.url}/` : issuer });
      await expect(tested.find()).rejects.toThrow("which must be exactly the issuer's name");
      expect(tested.issuer.asked.keys).toBe(0);
    },
  );

  test.each(['http://keys.example.com/', 'file:///etc/passwd', 'data:application/json,{"keys":[]}'])(
    'when it says that the keys are at %s',
    async (location) => {
      await using tested = await start();
      tested.issuer.publish({ jwks_uri: location });
      await expect(tested.find()).rejects.toThrow('which is not safe to ask');
    },
  );

  test.each(['/keys', undefined, 5])('when it says that the keys are at %s, which is no address', async (location) => {
    await using tested = await start();
    tested.issuer.publish({ jwks_uri: location });
    await expect(tested.find()).rejects.toThrow('does not say where they are');
  });
});

test('an issuer elsewhere cannot make this machine ask itself', () => {
  const elsewhere = new URL('https://gitlab.example.com');
  const here = new URL('http://127.0.0.1:8080');
  expect(maySendTo(elsewhere, new URL('https://keys.example.com/jwks'))).toBe(true);
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
    expect(maySendTo(elsewhere, new URL(`https://${host}/`))).toBe(false);
    expect(maySendTo(here, new URL(`http://${host}:9000/`))).toBe(true);
  }
  for (const host of ['127.0.0.1.example.com', '128.0.0.1', '10.0.0.1', '[::2]', '0.0.0.0']) {
    expect(maySendTo(here, new URL(`http://${host}/`))).toBe(false);
  }
});
