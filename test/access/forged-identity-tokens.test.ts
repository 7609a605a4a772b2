// Every known way to forge an identity token.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IdentityRefused, IdentityTokens, type TrustRule } from '../../src/access/identity-tokens.ts';
import { createIssuerKeys } from '../../src/adapters/issuer-keys.ts';
import { TestClock } from '../support/clock.ts';
import { newSigningKey, publicJwk, type SigningOptions, signToken } from '../support/identity-token.ts';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
import { LOOPBACK_REQUESTS } from '../support/outgoing-requests.ts';
import { GITHUB_JOB } from '../support/workload-claims.ts';

const clock = new TestClock('2026-11-23T10:00:00Z');
const tokens = new IdentityTokens({ keys: createIssuerKeys({ clock, requests: LOOPBACK_REQUESTS }), clock });
let issuer: OidcIssuer;

beforeAll(async () => {
  issuer = await startOidcIssuer({ clock });
});

afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
});

function rule(changes: Partial<TrustRule> = {}): TrustRule {
  const usual = { name: 'charts', issuer: issuer.url, audience: 'charts.example.com', keys: undefined };
  return { ...usual, claims: { repository: 'acme/charts' }, ...changes };
}

function job(claims: Readonly<Record<string, unknown>> = {}, options?: SigningOptions): string {
  return issuer.signIdentityToken({ ...GITHUB_JOB, ...claims }, options);
}

async function verify(token: string, ...rules: readonly TrustRule[]) {
  return await tokens.verify(token, rules.length === 0 ? [rule()] : rules);
}

test('the token from which the forged ones are made is believed', async () => {
  expect(await verify(job())).toMatchObject({ matching: ['charts'] });
  expect(await verify(job({}, { algorithm: 'ES256' }))).toMatchObject({ matching: ['charts'] });
});

const unsigned = /is not signed with a key of its issuer/;
const proves = /proves nothing here/;

test.each<[string, SigningOptions, RegExp]>([
  ['without a signature', { forgery: 'none' }, proves],
  ['without a signature, written otherwise', { forgery: 'none', header: { alg: 'nOnE' } }, proves],
  ['with the public key as a shared secret', { forgery: 'public-key-as-secret' }, proves],
  [
    'with the public key as a shared secret, called RS256',
    { forgery: 'public-key-as-secret', header: { alg: 'RS256' } },
    unsigned,
  ],
  ['with a key of somebody else', { forgery: 'foreign-key' }, unsigned],
  ['with a key of somebody else, of the other type', { forgery: 'foreign-key', algorithm: 'ES256' }, unsigned],
  ['with claims that were edited', { forgery: 'edited' }, unsigned],
  ['with another algorithm than the key is for', { header: { alg: 'PS256' } }, unsigned],
  ['with an algorithm that nobody knows', { header: { alg: 'XX999' } }, proves],
  ['with a key id that is not published', { header: { kid: 'made-up' } }, unsigned],
  ['with the key id of another key', { header: { kid: 'ES256-1' } }, unsigned],
  ['with a key id that is no text', { header: { kid: 5 } }, /header that is not supported/],
  ['with a header that must be understood', { header: { crit: ['exp'], exp: 1 } }, /header that is not supported/],
  ['with a payload that is not encoded', { header: { crit: ['b64'], b64: false } }, /header that is not supported/],
])('a token is refused %s', async (_name, options, message) => {
  await expect(verify(job({}, options))).rejects.toThrow(IdentityRefused);
  await expect(verify(job({}, options))).rejects.toThrow(message);
});

test('a token is refused that brings its own key, or says where it is: nobody is asked', async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  const own = newSigningKey('own', 'RS256');
  const address = await new Promise<string>((resolve) => {
    server.on('listening', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`));
  });
  const claims = { ...GITHUB_JOB, iss: issuer.url, exp: clock.now() / 1000 + 300 };
  for (const header of [{ jwk: publicJwk(own) }, { jku: address }, { x5u: address }, { x5c: ['MIIB'] }]) {
    for (const kid of ['own', 'RS256-1', undefined]) {
      const token = signToken(own, claims, { header: { ...header, kid } });
      await expect(verify(token)).rejects.toThrow(unsigned);
    }
  }
  server.close();
  expect(asked).toBe(0);
});

test('a token is refused by another issuer, although its key has the same id', async () => {
  await using other = await startOidcIssuer({ clock });
  const token = other.signIdentityToken({ ...GITHUB_JOB, iss: issuer.url });
  await expect(verify(token)).rejects.toThrow(unsigned);
  await expect(verify(token, rule(), rule({ issuer: other.url }))).rejects.toThrow(unsigned);
});

test('a token is refused with a signature cut off, added to, or of another token', async () => {
  const [header, claims, signature = ''] = job().split('.');
  const [, , otherSignature] = job({ sub: 'other' }).split('.');
  for (const wrong of ['', signature.slice(0, -4), `${signature}AAAA`, otherSignature, 'A'.repeat(342)]) {
    await expect(verify(`${header}.${claims}.${wrong}`)).rejects.toThrow(unsigned);
  }
});
