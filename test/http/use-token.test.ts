// What a token is worth: in time, within its scope, and only as the registry made it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, describe, expect, test } from 'vitest';
import { errorOf, putManifest } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { MANAGER } from '../support/manager.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';
import { bytesOf, imageManifest } from './support/manifests.ts';
import { addMember, principalOf as readPrincipal, tokenFor } from './support/members.ts';

const clock = new TestClock('2026-11-23T10:02:33.500Z');
const registry = await startRegistry({}, clock);
const HOST = new URL(registry.url).host;
for (const repository of ['team/web', 'public/web']) {
  await putManifest(registry, repository, 'tip', bytesOf(await imageManifest(registry, repository)));
}
await registry.accounts.namespaces.setVisibility({ path: 'public', visibility: 'public' }, MANAGER);
const reader = await addMember(registry, 'reader', { role: 'reader', namespace: 'team' });
const writer = await addMember(registry, 'writer', { role: 'writer', namespace: 'team' });
const stranger = await addMember(registry, 'stranger');
afterAll(() => registry[Symbol.asyncDispose]());

function access(name: string, ...actions: readonly string[]): unknown {
  return { type: 'repository', name, actions };
}

async function principalOf(as: string): Promise<object> {
  return readPrincipal(await tokenFor(registry, as));
}

async function statusWith(as: string, method: string, path: string): Promise<number> {
  return (await registry.request(method, path, { as })).status;
}

describe('a token without the scope', () => {
  test.each([
    ['GET', '/v2/team/web/manifests/tip', 'repository:team/web:pull'],
    ['POST', '/v2/team/web/blobs/uploads/', 'repository:team/web:pull,push'],
  ])('of somebody who has the right is answered with the scope to ask for: %s %s', async (method, path, scope) => {
    const scopeless = await tokenFor(registry, writer);
    const answer = await registry.request(method, path, { as: scopeless });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="http://${HOST}/token",service="${HOST}",scope="${scope}",error="insufficient_scope"`,
    );
    expect(await statusWith(await tokenFor(registry, writer, scope), method, path)).toBeLessThan(300);
  });

  test('to push, asked with one to pull, is how helm 3 gets its second token', async () => {
    const pull = await tokenFor(registry, writer, 'repository:team/new:pull');
    expect(await statusWith(pull, 'HEAD', `/v2/team/new/manifests/tip`)).toBe(404);
    expect(await statusWith(pull, 'POST', '/v2/team/new/blobs/uploads/')).toBe(401);
  });

  test('is no hindrance for what is public', async () => {
    expect(await statusWith(await tokenFor(registry, stranger), 'GET', '/v2/public/web/manifests/tip')).toBe(200);
  });

  test('is worth nothing in a repository with a similar name', async () => {
    const token = await tokenFor(registry, ADMIN, 'repository:team/web:pull');
    for (const name of ['team', 'team/web/x', 'team/we', 'team/webb']) {
      expect(await statusWith(token, 'GET', `/v2/${name}/tags/list`)).toBe(401);
    }
  });
});

describe('a token is worth nothing', async () => {
  const PATH = '/v2/team/web/manifests/tip';
  const OPTIONS = { algorithm: 'HS256', issuer: 'chartroom', audience: 'chartroom' } as const;
  const ADMINISTRATOR = await principalOf(ADMIN);

  /** The registry's own key, and the options to sign with it as the registry does. */
  async function key(): Promise<{
    readonly secret: Buffer;
    readonly options: typeof OPTIONS & { readonly keyid: string };
  }> {
    const text = await readFile(join(registry.dataDir, 'token-signing-keys.json'), 'utf8');
    const [first] = (JSON.parse(text) as { keys: readonly { id: string; secret: string }[] }).keys;
    if (!first) throw new Error('no signing key');
    return { secret: Buffer.from(first.secret, 'base64url'), options: { ...OPTIONS, keyid: first.id } };
  }

  /** Claims that are in time for the test's clock. */
  function payload(more: object = {}): object {
    const now = Math.floor(clock.now() / 1000);
    const everything = [access('team/web', 'pull', 'push', 'delete')];
    return { sub: 'admin', principal: ADMINISTRATOR, access: everything, iat: now, exp: now + 300, ...more };
  }

  async function expectRefused(token: string): Promise<void> {
    for (const [path, scope] of [
      [PATH, ',scope="repository:team/web:pull"'],
      ['/v2/', ''],
      ['/v2/public/web/manifests/tip', ',scope="repository:public/web:pull"'],
    ] as const) {
      const answer = await registry.request('GET', path, { as: `Bearer ${token}` });
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe(
        `Bearer realm="http://${HOST}/token",service="${HOST}"${scope},error="invalid_token"`,
      );
    }
  }

  test('unless it is as the registry makes it, which this test can do with its key', async () => {
    const { secret, options } = await key();
    expect(await statusWith(`Bearer ${jsonwebtoken.sign(payload(), secret, options)}`, 'GET', PATH)).toBe(200);
  });

  test('after its time', async () => {
    const token = await tokenFor(registry, reader, 'repository:team/web:pull');
    clock.advance(299_000);
    expect(await statusWith(token, 'GET', PATH)).toBe(200);
    clock.advance(2_000);
    await expectRefused(token.slice('Bearer '.length));
    const answer = await registry.request('GET', PATH, { as: token });
    expect((await errorOf(answer)).message).toContain('has expired');
  });

  test('when another registry made it', async () => {
    await using other = await startRegistry({}, clock);
    const token = await tokenFor(other, ADMIN, 'repository:team/web:pull');
    await expectRefused(token.slice('Bearer '.length));
  });

  test('when it was made without a key, or with another one', async () => {
    const { options } = await key();
    await expectRefused(jsonwebtoken.sign(payload(), '', { ...options, algorithm: 'none' }));
    await expectRefused(jsonwebtoken.sign(payload(), 'guessed', options));
    await expectRefused(jsonwebtoken.sign(payload(), Buffer.alloc(32), options));
  });

  test('when it was made with another algorithm, for somebody else, or by somebody else', async () => {
    const { secret, options } = await key();
    await expectRefused(jsonwebtoken.sign(payload(), secret, { ...options, algorithm: 'HS512' }));
    await expectRefused(jsonwebtoken.sign(payload(), secret, { ...options, audience: 'other' }));
    // An identity token of somebody else, whom nobody trusts.
    const foreign = jsonwebtoken.sign(payload(), secret, { ...options, issuer: 'other' });
    expect([
      await statusWith(`Bearer ${foreign}`, 'GET', PATH),
      await statusWith(`Bearer ${foreign}`, 'GET', '/v2/'),
    ]).toEqual([401, 401]);
  });

  test('when it names a key of ours that it was not signed with, or none', async () => {
    const { secret, options } = await key();
    await expectRefused(jsonwebtoken.sign(payload(), secret, { ...options, keyid: 'unknown' }));
    await expectRefused(jsonwebtoken.sign(payload(), secret, OPTIONS));
  });

  test('when it names nobody, everybody, or somebody of another time', async () => {
    const { secret, options } = await key();
    const signed = (principal: unknown) => jsonwebtoken.sign(payload({ principal }), secret, options);
    for (const principal of [undefined, null, {}, { kind: 'open' }, { kind: 'root' }, 'admin', 5]) {
      await expectRefused(signed(principal));
    }
    for (const change of [{ id: 'another' }, { version: 99 }, { id: undefined }, { version: undefined }]) {
      await expectRefused(signed({ ...ADMINISTRATOR, ...change }));
    }
  });

  test('when a letter of it was changed', async () => {
    const token = (await tokenFor(registry, reader, 'repository:team/web:pull')).slice('Bearer '.length);
    const [head = '', body = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, principal: ADMINISTRATOR })).toString('base64url');
    await expectRefused(`${head}.${forged}.${signature}`);
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    await expectRefused(`${none}.${body}.`);
    await expectRefused(`${none}.${body}.${signature}`);
    const swapped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
    await expectRefused(`${head}.${body}.${swapped}`);
    await expectRefused(`${head}.${body}`);
  });

  test.each(['x', '.', '..', 'a.b.c', '....', 'e30.e30.e30', 'x'.repeat(8_000)])(
    'when it is none: %s',
    async (token) => {
      await expectRefused(token);
    },
  );
});

test('tokens outlive a restart, which keeps the key', async () => {
  const token = await tokenFor(registry, reader, 'repository:team/web:pull');
  await registry.restart();
  expect(await statusWith(token, 'GET', '/v2/team/web/manifests/tip')).toBe(200);
});
