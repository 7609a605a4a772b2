// Tokens of this registry, forged in each known way: none is worth more than no token at all.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AttackedServer, startAttackedServer } from './support/attacked-server.ts';
import { fuzzing } from './support/fuzz-runs.ts';

type Part = Readonly<Record<string, unknown>>;

let server: AttackedServer;
let genuine: string;
let header: Part;
let claims: Part;
let key: Buffer;

beforeAll(async () => {
  server = await startAttackedServer();
  const answer = await server.request('GET', '/token?scope=repository:team/web:pull,push');
  genuine = ((await answer.json()) as { readonly token: string }).token;
  [header, claims] = genuine
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString())) as [Part, Part];
  const file = JSON.parse(await readFile(join(server.dataDir, 'token-signing-keys.json'), 'utf8')) as {
    readonly keys: readonly { readonly secret: string }[];
  };
  key = Buffer.from(file.keys[0]?.secret ?? '', 'base64url');
});
afterAll(() => server[Symbol.asyncDispose]());

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** Signed by HMAC, with the key of the registry unless another one is given. */
function signed(head: unknown, body: unknown, secret: string | Buffer = key, hash = 'sha256'): string {
  const input = `${encode(head)}.${encode(body)}`;
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
}

async function statusesOf(token: string): Promise<readonly number[]> {
  const headers = { authorization: `Bearer ${token}` };
  const begin = await server.request('POST', '/v2/team/web/blobs/uploads/', { headers });
  const list = await server.request('GET', '/api/v1/users', { headers });
  return [begin.status, list.status];
}

const REFUSED = [401, 401];

async function expectRefused(token: string): Promise<void> {
  expect([token.slice(0, 300), await statusesOf(token)]).toEqual([token.slice(0, 300), REFUSED]);
}

test('the token from which the forged ones are made is good, and this test signs as the registry does', async () => {
  expect((await statusesOf(genuine))[0]).toBe(202);
  expect((await statusesOf(signed(header, claims)))[0]).toBe(202);
});

test('without a signature', async () => {
  const [head, body, signature = ''] = genuine.split('.');
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, undefined, 0, [], {}, ['HS256']]) {
    for (const tail of ['', signature]) await expectRefused(`${encode({ ...header, alg })}.${body}.${tail}`);
  }
  for (const tail of [
    '',
    '.',
    signature.slice(0, -1),
    signature.slice(0, 10),
    `${signature}A`,
    `${signature}=`,
    signature.toUpperCase(),
  ]) {
    await expectRefused(`${head}.${body}.${tail}`);
  }
  for (const text of [
    `${head}.${body}`,
    `${head}`,
    '.',
    '..',
    `.${body}.${signature}`,
    `${head}..${signature}`,
    `${genuine}.${signature}`,
  ]) {
    await expectRefused(text);
  }
});

test('with another algorithm, though with the right key', async () => {
  for (const [alg, hash] of [
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
    ['hs256', 'sha256'],
    ['RS256', 'sha256'],
    ['ES256', 'sha256'],
    ['HS256 ', 'sha256'],
  ] as const) {
    await expectRefused(signed({ ...header, alg }, claims, key, hash));
  }
});

test('with a key of somebody else: RSA and elliptic curves, its public half as the secret, or brought along', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' });
  for (const more of [
    {},
    { jwk },
    { jku: 'http://127.0.0.1:1/keys' },
    { x5u: 'http://127.0.0.1:1/cert' },
    { x5c: ['MIIB'] },
  ]) {
    const input = `${encode({ ...header, alg: 'RS256', ...more })}.${encode(claims)}`;
    await expectRefused(`${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`);
    await expectRefused(signed({ ...header, ...more }, claims, pem));
  }
  const oct = { kty: 'oct', k: Buffer.from('mine').toString('base64url') };
  await expectRefused(signed({ ...header, jwk: oct }, claims, 'mine'));
  for (const guess of [
    '',
    '\0',
    'secret',
    'chartroom',
    String(header.kid),
    Buffer.alloc(32),
    key.toString('base64url'),
    key.toString('hex'),
  ]) {
    await expectRefused(signed(header, claims, guess));
  }
});

test('with the id of a key that there is none of', async () => {
  const kids = [
    '',
    '..',
    '../../../../dev/null',
    '/dev/null',
    'token-signing-keys.json',
    "' or 1=1 --",
    '__proto__',
    'constructor',
    'toString',
  ];
  for (const kid of [
    ...kids,
    null,
    undefined,
    0,
    true,
    [header.kid],
    { id: header.kid },
    `${header.kid}\0`,
    ` ${header.kid}`,
  ]) {
    await expectRefused(signed({ ...header, kid }, claims));
    await expectRefused(signed({ ...header, kid }, claims, ''));
  }
});

test('for somebody else, for something else, or out of its time, though signed with the right key', async () => {
  const now = Math.floor(Date.now() / 1000);
  const changes: readonly Part[] = [
    ...['chartroom:login', 'other', '', [], ['other'], null, 5].map((aud) => ({ aud })),
    ...['other', '', 'https://chartroom', null, 5, ['chartroom', 'x']].map((iss) => ({ iss })),
    ...[{ exp: now - 1 }, { exp: 0 }, { exp: -1 }, { exp: 'never' }, { nbf: now + 3_600 }, { nbf: 'x' }],
    ...[null, undefined, {}, 'admin', { kind: 'operator', name: 'x' }, { kind: 'open' }, { kind: 'administrator' }].map(
      (principal) => ({ principal }),
    ),
    ...[
      { kind: 'user' },
      { kind: 'user', name: 'admin' },
      { kind: 'user', name: 'admin', id: 'made-up', version: 1 },
    ].map((principal) => ({ principal })),
    ...[{ kind: 'robot', name: 'x', id: 'x', version: 1 }, { kind: '__proto__' }].map((principal) => ({ principal })),
  ];
  for (const change of changes) await expectRefused(signed(header, { ...claims, ...change }));
});

test('with members that are there twice: what is verified is what counts', async () => {
  const twice = (text: string, more: string): string => `${text.slice(0, -1)},${more}}`;
  const expired = twice(JSON.stringify(claims), '"exp":1');
  await expectRefused(signed(header, expired));
  await expectRefused(signed(twice(JSON.stringify(header), '"alg":"none"'), claims));
  const [head, , signature] = genuine.split('.');
  await expectRefused(`${head}.${encode(twice(JSON.stringify(claims), '"sub":"admin"'))}.${signature}`);
});

test('written in another way', async () => {
  const [head = '', body = '', signature = ''] = genuine.split('.');
  for (const text of [
    `${head}=.${body}=.${signature}=`,
    `${head}\n.${body}.${signature}`.replace('\n', '%0a'),
    `${encode('[]')}.${body}.${signature}`,
    `${encode('null')}.${encode('null')}.${signature}`,
    `${encode('{')}.${body}.${signature}`,
    signed(header, '[]'),
    signed(header, '"text"'),
    signed(header, 'null'),
    signed({ ...header, crit: ['exp'] }, 'x'),
    signed({ ...header, zip: 'DEF' }, 'x'),
    signed({ ...header, typ: 'JWE', enc: 'A256GCM' }, {}),
    JSON.stringify({ payload: body, protected: head, signature }).replaceAll(' ', ''),
  ]) {
    await expectRefused(text);
  }
});

test('that is huge, or very deep', async () => {
  for (const text of [
    'A'.repeat(12_000),
    `${'A'.repeat(4_000)}.${'B'.repeat(4_000)}.${'C'.repeat(3_000)}`,
    '.'.repeat(12_000),
  ]) {
    await expectRefused(text);
  }
  await expectRefused(
    signed(header, { ...claims, access: JSON.parse(`${'['.repeat(3_000)}${']'.repeat(3_000)}`), exp: 1 }),
  );
});

test('changed in any one character', async () => {
  const [head = '', body = '', signature = ''] = genuine.split('.');
  // Its last character has bits that mean nothing: base64url of 32 bytes.
  const length = head.length + body.length + signature.length + 1;
  await fc.assert(
    fc.asyncProperty(fc.nat(length), fc.constantFrom(...'AZaz09-_.'), async (at, sign_) => {
      const changed = `${genuine.slice(0, at)}${sign_}${genuine.slice(at + 1)}`;
      if (changed !== genuine) await expectRefused(changed);
    }),
    fuzzing(200),
  );
});

test('in the place of a password it is no more', async () => {
  const forged = signed(header, { ...claims, exp: 1 });
  for (const text of [forged, `${forged}x`, genuine.slice(0, -5)]) {
    const headers = { authorization: `Basic ${Buffer.from(`admin:${text}`).toString('base64')}` };
    expect((await server.request('GET', '/api/v1/users', { headers })).status).toBe(401);
  }
});

test('after all of it, the server is unharmed', async () => {
  await server.expectUnharmed();
});
