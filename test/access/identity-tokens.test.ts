// Identity tokens of other issuers: which are believed, which are not, and what their owners are told.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  IdentityRefused,
  IdentityTokens,
  looksLikeIdentityToken,
  type TrustRule,
} from '../../src/access/identity-tokens.ts';
import { createIssuerKeys } from '../../src/adapters/issuer-keys.ts';
import { IssuerUnreachable } from '../../src/ports/issuer-keys.ts';
import { TestClock } from '../support/clock.ts';
import { newSigningKey, publicJwk, type SigningOptions, signToken } from '../support/identity-token.ts';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
import { LOOPBACK_REQUESTS } from '../support/outgoing-requests.ts';
import { GITHUB_JOB, KUBERNETES_POD } from '../support/workload-claims.ts';

const AUDIENCE = 'charts.example.com';
const NOW = '2026-11-23T10:00:00Z';
const SECONDS = Date.parse(NOW) / 1000;

const clock = new TestClock(NOW);
let issuer: OidcIssuer;
let tokens: IdentityTokens;

beforeAll(async () => {
  issuer = await startOidcIssuer({ clock });
});

afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
});

beforeEach(() => {
  tokens = new IdentityTokens({ keys: createIssuerKeys({ clock, requests: LOOPBACK_REQUESTS }), clock });
});

function rule(changes: Partial<TrustRule> = {}): TrustRule {
  const usual = { name: 'charts', issuer: issuer.url, audience: AUDIENCE, keys: undefined };
  return { ...usual, claims: { repository: 'acme/charts' }, ...changes };
}

function job(claims: Readonly<Record<string, unknown>> = {}, options?: SigningOptions): string {
  return issuer.signIdentityToken({ ...GITHUB_JOB, ...claims }, options);
}

async function verify(token: string, ...rules: readonly TrustRule[]) {
  return await tokens.verify(token, rules.length === 0 ? [rule()] : rules);
}

describe('a token is believed', () => {
  test('when the issuer has signed it for us, and says who it is of', async () => {
    expect(await verify(job())).toEqual({
      issuer: issuer.url,
      subject: 'repo:acme/charts:ref:refs/heads/main',
      expiresAt: Date.parse('2026-11-23T10:05:00Z'),
      claims: { ...GITHUB_JOB, iss: issuer.url, iat: SECONDS, nbf: SECONDS, exp: SECONDS + 300 },
      matching: ['charts'],
    });
  });

  test('when it is signed with an elliptic curve', async () => {
    expect(await verify(job({}, { algorithm: 'ES256' }))).toMatchObject({ matching: ['charts'] });
  });

  test('when it is for others too', async () => {
    expect(await verify(job({ aud: ['https://github.com/acme', AUDIENCE] }))).toMatchObject({ matching: ['charts'] });
  });

  test('when it does not say which key has signed it, and one of the published ones has', async () => {
    const published = ['one', 'two', 'three'].map((id) => newSigningKey(id, 'ES256'));
    const keys = { keys: published.map(publicJwk) };
    const [, , third] = published;
    const claims = { ...GITHUB_JOB, iss: issuer.url, exp: SECONDS + 300 };
    const token = third && signToken(third, claims, { header: { kid: undefined } });
    expect(await verify(token ?? '', rule({ keys }))).toMatchObject({ matching: ['charts'] });
    const foreign = signToken(newSigningKey('three', 'ES256'), claims, { header: { kid: undefined } });
    await expect(verify(foreign, rule({ keys }))).rejects.toThrow('is not signed with a key of its issuer');
  });

  test('by all rules that it fits, and by no other', async () => {
    const rules = [
      rule({ name: 'whole owner', claims: { repository: 'acme/*' } }),
      rule({ name: 'other repository', claims: { repository: 'acme/web' } }),
      rule({ name: 'other audience', audience: 'elsewhere' }),
      rule({ name: 'other issuer', issuer: 'https://gitlab.com' }),
      rule({ name: 'main branch', claims: { repository: 'acme/charts', ref: 'refs/heads/main' } }),
      rule({ name: 'tags', claims: { repository: 'acme/charts', ref: 'refs/tags/*' } }),
    ];
    expect(await verify(job(), ...rules)).toMatchObject({ matching: ['whole owner', 'main branch'] });
  });
});

describe('a token is refused', () => {
  test('when nobody named its issuer, before anything is fetched', async () => {
    await using unknown = await startOidcIssuer({ clock });
    const token = unknown.signIdentityToken(GITHUB_JOB);
    await expect(verify(token)).rejects.toThrow(`this registry trusts no identity tokens of "${unknown.url}"`);
    await expect(tokens.verify(token, [])).rejects.toThrow(IdentityRefused);
    expect(unknown.asked).toMatchObject({ discovery: 0, keys: 0 });
  });

  test('when its issuer is written in another way than the rule has it', async () => {
    for (const iss of [`${issuer.url}/`, issuer.url.toUpperCase(), [issuer.url], undefined]) {
      await expect(verify(job({ iss }))).rejects.toThrow(IdentityRefused);
    }
  });

  test('from the millisecond in which it expires, and says when that was', async () => {
    const expiredAt = Date.parse('2026-11-23T09:59:59Z');
    const token = job({ exp: SECONDS - 1 });
    await expect(verify(token)).rejects.toMatchObject({ name: 'IdentityRefused', expiredAt });
    await expect(verify(token)).rejects.toThrow(
      `the identity token of "${issuer.url}" expired at 2026-11-23T09:59:59Z: ask for a new one in the job`,
    );
    await expect(verify(job({ exp: SECONDS }))).rejects.toThrow('expired at 2026-11-23T10:00:00Z');
    expect(await verify(job({ exp: SECONDS + 0.001 }))).toMatchObject({ expiresAt: clock.now() + 1 });
  });

  test.each([undefined, null, '1795430000', -1, 1e300, true])('when it says that it expires at %j', async (exp) => {
    await expect(verify(job({ exp }))).rejects.toThrow('does not say when it expires ("exp")');
  });

  test('when it is not valid yet, but for a minute that clocks may differ', async () => {
    for (const claim of ['nbf', 'iat']) {
      expect(await verify(job({ [claim]: SECONDS + 60 }))).toMatchObject({ matching: ['charts'] });
      await expect(verify(job({ [claim]: SECONDS + 61 }))).rejects.toThrow(
        'is not valid before 2026-11-23T10:01:01Z, and here it is 2026-11-23T10:00:00Z: check the clocks',
      );
      await expect(verify(job({ [claim]: 'now' }))).rejects.toThrow('does not say from when it is valid');
    }
  });

  test('when it is for somebody else, and says for whom to ask', async () => {
    const message = `the identity token of "${issuer.url}" is for the audience "https://github.com/acme", not for this registry: ask for one with the audience "charts.example.com" in the job`;
    await expect(verify(job({ aud: 'https://github.com/acme' }))).rejects.toThrow(message);
    for (const aud of [undefined, [], {}, 5, [[AUDIENCE]], `${AUDIENCE}.evil.example`, AUDIENCE.toUpperCase()]) {
      await expect(verify(job({ aud }))).rejects.toThrow('not for this registry');
    }
  });

  test('when it is for somebody else, without telling which audiences there are', async () => {
    const refused = verify(job({ aud: 'x' }), rule(), rule({ audience: 'secret-project' }));
    await expect(refused).rejects.toThrow('ask an administrator of the registry for the audience');
    await expect(refused).rejects.not.toThrow('secret-project');
  });

  test('when no rule fits, without telling what they ask for', async () => {
    const refused = verify(job({ repository: 'mallory/charts' }), rule({ name: 'the-rule' }));
    await expect(refused).rejects.toThrow('no trust rule of this registry fits it (its subject is "repo:acme/charts:');
    await expect(refused).rejects.not.toThrow(/acme\/charts"|the-rule|repository:/);
  });

  test('when it says nothing of whose it is', async () => {
    for (const sub of [undefined, '', 5])
      await expect(verify(job({ sub }))).rejects.toThrow('does not say whose it is');
  });

  test('when it is longer than 16 KiB, before anything is read of it', async () => {
    await expect(verify(job({ padding: 'x'.repeat(16 * 1024) }))).rejects.toThrow('more than 16384 characters');
    expect(await verify(job({ padding: 'x'.repeat(10 * 1024) }))).toMatchObject({ matching: ['charts'] });
  });

  test.each(['', 'x', 'a.b', 'a.b.c', 'a.b.c.d.e', `${'e30'}.e30.`, 'bnVsbA.bnVsbA.x', 'W10.W10.x', '\0.\0.\0'])(
    'when it is no token at all: %j',
    async (text) => {
      await expect(verify(text)).rejects.toThrow('this is no identity token');
    },
  );

  test('in one line of printable characters, whatever it says', async () => {
    for (const text of ['\n\u001b[31mred', 'é'.repeat(1000), 'x'.repeat(10_000)]) {
      const odd = [
        job({ iss: text }),
        job({ aud: text }),
        job({ aud: [text, text] }),
        job({ sub: text, repository: 'other' }),
        job({}, { header: { alg: text } }),
      ];
      for (const token of odd) await expect(verify(token)).rejects.toThrow(/^[\x20-\x7e]{1,700}$/);
    }
  });
});

describe('keys', () => {
  test('that the issuer replaces are picked up', async () => {
    const later = new TestClock(NOW);
    await using other = await startOidcIssuer({ clock: later });
    const tested = new IdentityTokens({
      keys: createIssuerKeys({ clock: later, requests: LOOPBACK_REQUESTS }),
      clock: later,
    });
    const rules = [rule({ issuer: other.url })];
    const old = other.signIdentityToken(GITHUB_JOB);
    await tested.verify(old, rules);
    other.rotateKeys();
    later.advance(30_000);
    expect(await tested.verify(other.signIdentityToken(GITHUB_JOB), rules)).toMatchObject({ matching: ['charts'] });
    await expect(tested.verify(old, rules)).rejects.toThrow('is not signed with a key of its issuer');
    expect(other.asked).toMatchObject({ discovery: 2, keys: 2 });
  });

  test('whose ids are made up do not make us ask the issuer again and again', async () => {
    await using other = await startOidcIssuer({ clock });
    for (let count = 0; count < 100; count += 1) {
      const forged = other.signIdentityToken(GITHUB_JOB, { header: { kid: `made-up-${count}` } });
      await expect(tokens.verify(forged, [rule({ issuer: other.url })])).rejects.toThrow(IdentityRefused);
    }
    expect(other.asked).toMatchObject({ discovery: 1, keys: 1 });
  });

  test('that cannot be had say nothing against the token', async () => {
    await using other = await startOidcIssuer({ clock });
    other.misbehave('keys', { kind: 'status', status: 500 });
    const verified = tokens.verify(other.signIdentityToken(GITHUB_JOB), [rule({ issuer: other.url })]);
    await expect(verified).rejects.toThrow(IssuerUnreachable);
  });

  test('of a rule are used instead of those of the issuer, who is not asked', async () => {
    await using other = await startOidcIssuer({ clock });
    const rules = [rule({ issuer: other.url, keys: other.keySet() })];
    expect(await tokens.verify(other.signIdentityToken(GITHUB_JOB), rules)).toMatchObject({ matching: ['charts'] });
    expect(other.asked).toMatchObject({ discovery: 0, keys: 0 });
    other.rotateKeys();
    await expect(tokens.verify(other.signIdentityToken(GITHUB_JOB), rules)).rejects.toThrow(IdentityRefused);
  });

  test('of one rule prove nothing to another one: clusters have the same issuer and other keys', async () => {
    const cluster = 'https://kubernetes.default.svc.cluster.local';
    const [east, west] = [newSigningKey('1', 'RS256'), newSigningKey('1', 'RS256')];
    const claims = { ...KUBERNETES_POD, iss: cluster, exp: SECONDS + 3600 };
    const rules = Object.entries({ east, west }).map(([name, key]) =>
      rule({ name, issuer: cluster, claims: { sub: 'system:*' }, keys: { keys: [publicJwk(key)] } }),
    );
    expect(await verify(signToken(east, claims), ...rules)).toMatchObject({ matching: ['east'] });
    expect(await verify(signToken(west, claims), ...rules)).toMatchObject({ matching: ['west'] });
  });

  test('of a rule prove what they can while the issuer cannot be reached', async () => {
    await using other = await startOidcIssuer({ clock });
    other.misbehave('discovery', { kind: 'status', status: 500 });
    const given = rule({ name: 'given', issuer: other.url, keys: other.keySet() });
    const published = rule({ name: 'published', issuer: other.url });
    const token = other.signIdentityToken(GITHUB_JOB);
    expect(await tokens.verify(token, [published, given])).toMatchObject({ matching: ['given'] });
  });

  test('of a rule that are no keys prove nothing', async () => {
    const short = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'RS256-1' };
    for (const keys of [
      {},
      { keys: [] },
      { keys: 'x' },
      { keys: [short] },
      { keys: [{ kty: 'RSA', kid: 'RS256-1' }] },
    ]) {
      await expect(verify(job(), rule({ keys }))).rejects.toThrow('is not signed with a key of its issuer');
    }
  });
});

describe('a password', () => {
  test('looks like an identity token when it is three parts, of which the first is a header', () => {
    expect(looksLikeIdentityToken(job())).toBe(true);
    // Not believed, but not a password either.
    expect(looksLikeIdentityToken(job({}, { forgery: 'none' }))).toBe(true);
  });

  test.each([
    '',
    'password',
    'a.b.c',
    '1.2.3',
    'e30.e30.e30',
    'bnVsbA.e30.x',
    'with space.a.b',
    `${'a'.repeat(20_000)}.a.b`,
  ])('like %j does not', (text) => {
    expect(looksLikeIdentityToken(text)).toBe(false);
  });

  test('with more than three parts does not', () => {
    expect(looksLikeIdentityToken(`${job()}.x`)).toBe(false);
    expect(looksLikeIdentityToken(`${job()}=`)).toBe(false);
  });
});
