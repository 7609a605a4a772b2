// Tokens: that remembering which ones were verified lets none in that would not be verified again.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RobotPrincipal } from '../../src/access/principal.ts';
import type { ScopedAccess } from '../../src/access/scope.ts';
import { MAXIMUM_REMEMBERED, Tokens } from '../../src/access/tokens.ts';
import { openSigningKeys, rotateSigningKey } from '../../src/adapters/signing-keys-file.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import type { SigningKeys } from '../../src/ports/signing-keys.ts';
import { type KeyFolder, keyFolder, written } from '../contract/key-folder.ts';
import { eventually } from '../http/support/eventually.ts';

const LIFETIME = 300;
const ROBOT: RobotPrincipal = { kind: 'robot', name: 'ci', id: 'robot-1', version: 1, secret: 'ab12cd34' };
const ACCESS: readonly ScopedAccess[] = [pull('team/web')];
const EXPIRED = { message: expect.stringMatching(/^the bearer token has expired/) };
const FOREIGN = { message: expect.stringMatching(/^the bearer token is not one of this registry/) };

let folder: KeyFolder;
let keys: SigningKeys;
let tokens: Tokens;
beforeAll(async () => {
  folder = await keyFolder();
  keys = await openSigningKeys(folder.path, folder.clock);
  tokens = new Tokens({ keys, clock: folder.clock, lifetime: LIFETIME });
});
afterAll(async () => {
  keys[Symbol.dispose]();
  await folder[Symbol.asyncDispose]();
});

function pull(name: string): ScopedAccess {
  return { type: 'repository', name: parseRepositoryName(name), actions: ['pull'] };
}

/** A token that is remembered: its second verification gives the very object of the first. */
function remembered(): string {
  const { token } = tokens.issue(ROBOT, ACCESS);
  const verified = tokens.verify(token);
  expect(verified).toMatchObject({ principal: ROBOT, access: ACCESS });
  expect(tokens.verify(token)).toBe(verified);
  return token;
}

function refusalOf(token: string): unknown {
  try {
    return tokens.verify(token);
  } catch (error) {
    return error;
  }
}

function changedAt(token: string, index: number): string {
  return `${token.slice(0, index)}${token[index] === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`;
}

describe('a token that was verified', () => {
  test('ends at its second, and not before', () => {
    const token = remembered();
    folder.clock.advance(LIFETIME * 1000 - 1);
    expect(tokens.verify(token)).toMatchObject({ principal: ROBOT });
    folder.clock.advance(1);
    expect(refusalOf(token)).toMatchObject(EXPIRED);
    expect(refusalOf(token)).toMatchObject(EXPIRED);
  });

  test('when it had ended already, and its owner goes on with an upload, is good for nothing else', () => {
    const { token, issuedAt } = tokens.issue(ROBOT, ACCESS);
    folder.clock.advance(LIFETIME * 1000);
    for (let count = 0; count < 2; count += 1) {
      expect(tokens.verify(token, { alsoExpired: true })).toMatchObject({ issuedAt, principal: ROBOT });
      expect(refusalOf(token)).toMatchObject(EXPIRED);
    }
  });

  test('does not vouch for one that differs in a letter, be it of head, claims or signature', () => {
    const token = remembered();
    // Without the dots, whose loss makes it no token at all.
    const letters = [...token].flatMap((letter, index) => (letter === '.' ? [] : [index]));
    const accepted = letters.filter((index) => !(refusalOf(changedAt(token, index)) instanceof Error));
    expect(letters.length).toBeGreaterThan(300);
    expect(accepted).toEqual([]);
    for (const other of [`${token}A`, token.slice(0, -1), `${token}=`, `${token}.`, token.toLowerCase()]) {
      expect(refusalOf(other)).toMatchObject(FOREIGN);
    }
  });

  test('does not vouch for its own claims in a forged one', () => {
    const token = remembered();
    const [head = '', body = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as { readonly principal: object };
    const admin = { ...claims, principal: { ...claims.principal, kind: 'user', name: 'admin' } };
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = encoded({ alg: 'none', typ: 'JWT', kid: keys.current().id });
    const otherKey = jsonwebtoken.sign(claims, randomBytes(32), { algorithm: 'HS256', keyid: keys.current().id });
    const forged = [
      `${head}.${encoded(admin)}.${signature}`,
      `${unsigned}.${body}.`,
      `${unsigned}.${body}.${signature}`,
    ];
    for (const each of [...forged, otherKey, ...forged, otherKey]) expect(refusalOf(each)).toMatchObject(FOREIGN);
    expect(tokens.verify(token)).toMatchObject({ principal: ROBOT });
  });
});

describe('a token ends with its key, though it was verified', () => {
  test('when the key is not accepted any more', async () => {
    const token = remembered();
    const { id } = await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 60 });
    await eventually(() => keys.current().id).toBe(id);
    expect(tokens.verify(token)).toBe(tokens.verify(token));
    folder.clock.advance(59_999);
    expect(tokens.verify(token)).toMatchObject({ principal: ROBOT });
    folder.clock.advance(1);
    expect(refusalOf(token)).toMatchObject(FOREIGN);
  });

  test('when a rotation ends it at once', async () => {
    const token = remembered();
    const { id } = await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
    await eventually(() => keys.current().id).toBe(id);
    expect(refusalOf(token)).toMatchObject(FOREIGN);
  });

  test('when another one has taken its name', async () => {
    const token = remembered();
    const { id } = keys.current();
    const secret = randomBytes(32).toString('base64url');
    await writeFile(folder.file, JSON.stringify({ keys: (await written(folder)).map((key) => ({ ...key, secret })) }));
    await eventually(() => Buffer.from(keys.current().secret).toString('base64url')).toBe(secret);
    expect(keys.current().id).toBe(id);
    expect(refusalOf(token)).toMatchObject(FOREIGN);
  });
});

describe('memory', () => {
  test('has room for so many tokens, and one that was forgotten is verified anew', () => {
    const token = remembered();
    const first = tokens.verify(token);
    for (let count = 0; count < MAXIMUM_REMEMBERED; count += 1) {
      tokens.verify(tokens.issue({ ...ROBOT, version: count + 2 }, []).token);
    }
    const again = tokens.verify(token);
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  test('is not taken up by tokens that were refused', () => {
    const token = remembered();
    const verified = tokens.verify(token);
    for (let count = 0; count < MAXIMUM_REMEMBERED; count += 1) {
      const [head, body] = token.split('.');
      expect(refusalOf(`${head}.${body}.${count}`)).toBeInstanceOf(Error);
    }
    expect(tokens.verify(token)).toBe(verified);
  });

  test('is not taken up by long tokens, which are good all the same', () => {
    const access = Array.from({ length: 40 }, (_, index) => pull(`team/chart-${index}`));
    const { token } = tokens.issue(ROBOT, access);
    const first = tokens.verify(token);
    expect(first).toMatchObject({ principal: ROBOT, access });
    expect(tokens.verify(token)).not.toBe(first);
  });
});
