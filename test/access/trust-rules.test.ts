// What an administrator may write into a trust rule.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { TrustRule } from '../../src/access/identity-tokens.ts';
import { checkTrustRule } from '../../src/access/trust-rules.ts';
import { newSigningKey, publicJwk } from '../support/identity-token.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';
const GITLAB = 'https://gitlab.com';
const OWN = 'https://gitlab.example.com';

function check(changes: Partial<TrustRule>): string | undefined {
  const usual = { issuer: OWN, audience: 'charts.example.com', claims: { project_path: 'acme/*' }, keys: undefined };
  return checkTrustRule({ ...usual, ...changes });
}

describe('an issuer', () => {
  test.each([
    GITHUB,
    'https://github.example.com/_services/token',
    'https://acme.eu.auth0.com/',
    'https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE',
    'https://kubernetes.default.svc.cluster.local',
    'https://10.0.0.1:6443',
    'http://127.0.0.1:8080',
    'http://localhost:8080/realms/charts',
    'http://[::1]:8080',
  ])('may be %s', (issuer) => {
    expect(check({ issuer, claims: { repository: 'acme/charts' } })).toBeUndefined();
  });

  test.each([
    ['', 'must be an address'],
    ['gitlab.example.com', 'must be an address'],
    ['ftp://gitlab.example.com', 'must be an address'],
    [' https://gitlab.example.com', 'nothing before or behind it'],
    ['https://gitlab.example.com ', 'nothing before or behind it'],
    ['https://gitlab.example.com\n', 'nothing before or behind it'],
    ['https://gitlab.example.com, ', 'nothing before or behind it'],
    ['https://', 'must be an address'],
    ['http://gitlab.example.com', 'must start with https://'],
    ['http://127.0.0.1.example.com', 'must start with https://'],
    ['http://10.0.0.1', 'must start with https://'],
    ['https://gitlab.example.com?', 'must have no "?"'],
    ['https://gitlab.example.com/#x', 'must have no "?"'],
    ['https://gitlab.example.com\\x', 'must have no "?"'],
    ['https://ann:secret@gitlab.example.com', 'no user name'],
    ['https://gitlab.example.com/.well-known/openid-configuration', 'must end before "/.well-known"'],
    [`https://gitlab.example.com/${'x'.repeat(500)}`, 'more than 512 characters'],
  ])('may not be %j', (issuer, problem) => {
    expect(check({ issuer })).toContain(problem);
  });
});

test('an audience is a line of text', () => {
  expect(check({ audience: '' })).toContain('the audience is missing');
  expect(check({ audience: ' charts.example.com' })).toContain('spaces around it');
  expect(check({ audience: 'charts\nexample' })).toContain('control characters');
  expect(check({ audience: 'x'.repeat(513) })).toContain('more than 512 characters');
  expect(check({ audience: 'x'.repeat(512) })).toBeUndefined();
});

describe('claims', () => {
  test.each<[TrustRule['claims']]>([
    [{}],
    [{ sub: '*' }],
    [{ sub: '**' }],
    [{ sub: '?*', project_path: '*' }],
    [{ sub: '' }],
    [{ iss: OWN, aud: 'charts.example.com' }],
    [{ exp: '1795436000', jti: 'x' }],
  ])('that leave everybody in are too few: %j', (claims) => {
    expect(check({ claims })).toContain('trusts everybody who has a token of this issuer');
  });

  test('may be twenty', () => {
    const claims = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, 'x']));
    expect(check({ claims: claims(20) })).toBeUndefined();
    expect(check({ claims: claims(21) })).toContain('more than 20 claims');
  });

  test('have names and patterns of a line each', () => {
    expect(check({ claims: { '': 'x' } })).toContain('a claim has no name');
    expect(check({ claims: { ['x'.repeat(513)]: 'x' } })).toContain('a name of more than 512 characters');
    expect(check({ claims: { sub: 'x'.repeat(513) } })).toContain('pattern of the claim "sub" has more than 512');
    expect(check({ claims: { sub: 'acme/* ' } })).toContain('pattern of the claim "sub" has spaces around it');
  });

  test('may be pointers, when they are well-formed', () => {
    expect(check({ claims: { '/kubernetes.io/namespace': 'flux-system' } })).toBeUndefined();
    expect(check({ claims: { '/a~1b/~0': 'x' } })).toBeUndefined();
    expect(check({ claims: { '/a~b': 'x' } })).toContain('"/a~b" is no JSON pointer');
  });
});

describe('of an issuer that serves everybody', () => {
  test.each<[string, TrustRule['claims']]>([
    [GITHUB, { repository: 'acme/charts' }],
    [GITHUB, { repository: 'acme/*', ref: 'refs/heads/main' }],
    [GITHUB, { repository_owner: 'acme' }],
    [GITHUB, { repository_id: '567890', repository: '*' }],
    [GITHUB, { sub: 'repo:acme/charts:ref:refs/heads/main' }],
    [GITHUB, { sub: 'repo:acme@1234/charts@567890:*' }],
    [GITHUB, { sub: 'repo:acme@*' }],
    [GITLAB, { project_path: 'acme/platform/*' }],
    [GITLAB, { namespace_path: 'acme' }],
    [GITLAB, { namespace_path: 'acme/*' }],
    [GITLAB, { sub: 'project_path:acme/charts:ref_type:tag:*' }],
  ])('%s, a rule may ask for %j', (issuer, claims) => {
    expect(check({ issuer, claims })).toBeUndefined();
  });

  test.each<[string, TrustRule['claims']]>([
    [GITHUB, { ref: 'refs/heads/main' }],
    [GITHUB, { actor: 'ann' }],
    [GITHUB, { repository: 'acme*' }],
    [GITHUB, { repository: '*/charts' }],
    [GITHUB, { repository: 'acm?/charts' }],
    [GITHUB, { repository_owner: 'acme*' }],
    [GITHUB, { repository_owner_id: '12*' }],
    [GITHUB, { sub: '*:ref:refs/heads/main' }],
    [GITHUB, { sub: 'repo:acme*' }],
    [GITHUB, { sub: 'repo:*/charts:*' }],
    // Anybody may call a workflow of a public repository.
    [GITHUB, { job_workflow_ref: 'acme/workflows/.github/workflows/publish.yml@refs/heads/main' }],
    [`${GITHUB}/`, { ref: 'refs/heads/main' }],
    [GITLAB, { ref_protected: 'true' }],
    [GITLAB, { project_path: 'acme*' }],
    [GITLAB, { namespace_path: 'acme*' }],
    [GITLAB, { sub: 'project_path:acme*' }],
  ])('%s, a rule may not ask only for %j', (issuer, claims) => {
    expect(check({ issuer, claims })).toContain(`anybody can get a token of ${issuer}`);
  });

  test('a rule is told what to ask for instead', () => {
    expect(check({ issuer: GITHUB, claims: { ref: 'refs/heads/main' } })).toBe(
      `anybody can get a token of ${GITHUB}: one of the claims repository, repository_id, repository_owner, repository_owner_id, sub must say whose it is, with the owner's whole name, like "repository: acme/charts"`,
    );
  });
});

describe('keys', () => {
  const rsa = publicJwk(newSigningKey('1', 'RS256'));
  const ec = newSigningKey('2', 'ES256');

  test('may be public ones', () => {
    const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    expect(check({ keys: { keys: [rsa, publicJwk(ec), ed25519] } })).toBeUndefined();
  });

  test.each<[string, object, string]>([
    ['a single key', rsa, 'are no JWK set'],
    ['a list', [rsa], 'are no JWK set'],
    ['nothing', { keys: [] }, 'has no key'],
    ['too many', { keys: Array.from({ length: 21 }, () => rsa) }, 'more than 20 keys'],
    ['text', { keys: ['-----BEGIN PUBLIC KEY-----'] }, 'key 1 of the JWK set is no JSON object'],
    [
      'a private key',
      { keys: [rsa, ec.privateKey.export({ format: 'jwk' })] },
      'key 2 of the JWK set contains the private part ("d")',
    ],
    ['a shared secret', { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }, 'is a shared secret ("oct")'],
    ['a key of no type', { keys: [{ n: 'x', e: 'AQAB' }] }, 'has none of the types RSA, EC, OKP'],
    ['half a key', { keys: [{ kty: 'RSA', e: 'AQAB' }] }, 'is malformed'],
    ['a point that is not on its curve', { keys: [{ ...publicJwk(ec), x: 'AAAA' }] }, 'is malformed'],
    ['a short key', { keys: [shortKey()] }, 'has 1024 bits, and at least 2048 are needed'],
    [
      'a curve that nobody signs with',
      { keys: [{ ...publicJwk(ec), crv: 'secp256k1' }] },
      'has none of the curves P-256',
    ],
    ['a key id that is no text', { keys: [{ ...rsa, kid: 5 }] }, 'has a key id ("kid") that is no text'],
  ])('may not be %s', (_name, keys, problem) => {
    expect(check({ keys })).toContain(problem);
  });
});

function shortKey(): object {
  return generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
}
