// The token endpoint: who gets which token for what.
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, describe, expect, test } from 'vitest';
import { errorOf, putManifest } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR, MANAGER } from '../support/manager.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';
import { bytesOf, imageManifest } from './support/manifests.ts';
import { addMember, tokenFor } from './support/members.ts';

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

interface Claims {
  readonly sub: string;
  readonly access: readonly unknown[];
  readonly exp: number;
}

async function get(query: string, as?: string): Promise<Response> {
  return await registry.request('GET', `/token${query}`, { as });
}

async function post(form: string | Record<string, string>): Promise<Response> {
  return await registry.request('POST', '/token', {
    as: undefined,
    body: new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

/** What a token is good for. */
async function accessOf(answer: Response): Promise<readonly unknown[]> {
  expect(answer.status).toBe(200);
  const { token } = (await answer.json()) as { token: string };
  return (jsonwebtoken.decode(token) as unknown as Claims).access;
}

function access(name: string, ...actions: readonly string[]): unknown {
  return { type: 'repository', name, actions };
}

async function statusWith(as: string, method: string, path: string): Promise<number> {
  return (await registry.request(method, path, { as })).status;
}

describe('a token is given', () => {
  test('for a password with GET, under both names that clients read', async () => {
    const answer = await get('?service=x&scope=repository:team/web:pull', reader);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const body = (await answer.json()) as Record<string, unknown>;
    expect(body.token).toEqual(expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/));
    expect(body).toEqual({
      token: body.token,
      access_token: body.token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
      issued_at: '2026-11-23T10:02:33.500Z',
    });
  });

  test('for a password with POST, as helm logs in, without a scope', async () => {
    const answer = await post({
      grant_type: 'password',
      service: HOST,
      client_id: 'oras-go',
      username: 'reader',
      password: 'reader-password',
    });
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as { token: string; access_token: string };
    expect(body.access_token).toBe(body.token);
    expect(await statusWith(`Bearer ${body.access_token}`, 'GET', '/v2/')).toBe(200);
  });

  test('with no refresh token, also to whoever asks for one', async () => {
    const answers = [
      await get('?offline_token=true', reader),
      await post({ grant_type: 'password', access_type: 'offline', username: 'reader', password: 'reader-password' }),
    ];
    for (const answer of answers) expect(Object.keys((await answer.json()) as object)).not.toContain('refresh_token');
  });

  test('for as long as the setting says', async () => {
    await using short = await startRegistry({ tokenLifetime: 60 });
    expect(await (await short.request('GET', '/token')).json()).toMatchObject({ expires_in: 60 });
  });
});

describe('scopes', () => {
  const ask = async (query: string): Promise<readonly unknown[]> => await accessOf(await get(query, writer));

  test('may be repeated', async () => {
    expect(await ask('?scope=repository:team/a:pull&scope=repository:team/b:pull')).toEqual([
      access('team/a', 'pull'),
      access('team/b', 'pull'),
    ]);
  });

  test('may be joined by spaces, with GET and with POST', async () => {
    const expected = [access('team/a', 'pull'), access('team/b', 'pull', 'push')];
    const scope = 'repository:team/a:pull repository:team/b:pull,push';
    expect(await ask(`?scope=${encodeURIComponent(scope)}`)).toEqual(expected);
    const form = { grant_type: 'password', username: 'writer', password: 'writer-password', scope };
    expect(await accessOf(await post(form))).toEqual(expected);
  });

  test('for one repository are merged, with their actions in any order', async () => {
    const expected = [access('team/a', 'pull', 'push')];
    expect(await ask('?scope=repository:team/a:push,pull')).toEqual(expected);
    expect(await ask('?scope=repository:team/a:pull&scope=repository:team/a:pull,push')).toEqual(expected);
    expect(await ask('?scope=repository:team/a:push%20repository:team/a:pull')).toEqual(expected);
  });

  test('are granted as far as the rights go, never all or nothing', async () => {
    const query =
      '?scope=repository:team/web:pull,push,delete&scope=repository:other/web:pull&scope=repository:public/web:pull,push';
    expect(await accessOf(await get(query, reader))).toEqual([
      access('team/web', 'pull'),
      access('public/web', 'pull'),
    ]);
    expect(await ask(query)).toEqual([access('team/web', 'pull', 'push'), access('public/web', 'pull')]);
  });

  test('with * ask for everything', async () => {
    expect(await ask('?scope=repository:team/a:*')).toEqual([access('team/a', 'pull', 'push')]);
    expect(await accessOf(await get('?scope=repository:x:*', ADMIN))).toEqual([access('x', 'pull', 'push', 'delete')]);
  });

  test('for the catalog are granted to everybody, since it shows what its reader may read', async () => {
    const catalog = { type: 'registry', name: 'catalog', actions: ['*'] };
    for (const as of [undefined, stranger, ADMIN]) {
      expect(await accessOf(await get('?scope=registry:catalog:*', as))).toEqual([catalog]);
    }
  });

  test.each([
    'registry:catalog:pull',
    'repository:team/web:fly',
    'repository:team/web:',
    'repository:Team/Web:pull',
    'repository:../etc:pull',
    'repository:host:5000/team/web:pull',
    'repository(plugin):team/web:pull',
    'pull',
    ':::',
    '%00',
    '',
  ])('that mean nothing here are left out: "%s"', async (scope) => {
    expect(await ask(`?scope=${scope}&scope=repository:team/a:pull`)).toEqual([access('team/a', 'pull')]);
    expect(await ask(`?scope=${scope}`)).toEqual([]);
  });

  test('beyond all measure are refused', async () => {
    const many = Array.from({ length: 51 }, (_, index) => `scope=repository:team/a${index}:pull`).join('&');
    expect((await get(`?${many}`, writer)).status).toBe(400);
    expect((await get(`?scope=${'a'.repeat(5000)}`, writer)).status).toBe(400);
  });
});

describe('an anonymous token', () => {
  test('is given for what is public, reads it, and counts as a login', async () => {
    const token = await tokenFor(registry, undefined, 'repository:public/web:pull');
    expect(await statusWith(token, 'GET', '/v2/public/web/manifests/tip')).toBe(200);
    expect(await statusWith(token, 'GET', '/v2/')).toBe(200);
    expect(await statusWith(token, 'GET', '/v2/team/web/manifests/tip')).toBe(401);
    expect(await statusWith(token, 'POST', '/v2/public/web/blobs/uploads/')).toBe(401);
  });

  test('covers reading only, whatever is asked', async () => {
    const answer = await get('?scope=repository:public/web:pull,push,delete');
    expect(await accessOf(answer)).toEqual([access('public/web', 'pull')]);
  });

  test('is given without a scope', async () => {
    expect(await accessOf(await get(''))).toEqual([]);
  });

  test('is refused for what is private, in the words used for what does not exist', async () => {
    const [hidden, missing] = [
      await get('?scope=repository:team/web:pull'),
      await get('?scope=repository:team/nil:pull'),
    ];
    expect([hidden.status, missing.status]).toEqual([401, 401]);
    const { code, message } = await errorOf(hidden);
    expect(code).toBe('UNAUTHORIZED');
    expect(message).toBe(
      `team/web does not exist or is private, and you are not logged in: run "helm registry login ${HOST} --plain-http" and try again`,
    );
    expect((await errorOf(missing)).message).toBe(message.replaceAll('team/web', 'team/nil'));
  });

  test('is refused for a push, and says how to log in', async () => {
    const answer = await get('?scope=repository:team/web:push');
    expect(answer.status).toBe(401);
    expect((await errorOf(answer)).message).toContain(
      'nobody may push to team/web without logging in: run "helm registry',
    );
  });
});

describe('no token is given', () => {
  test('to somebody who may do nothing of what is asked, and the message says what to do', async () => {
    const answer = await get('?scope=repository:team/web:pull,push', stranger);
    expect(answer.status).toBe(403);
    expect(await errorOf(answer)).toEqual({
      code: 'DENIED',
      message: `stranger may not push to team/web: log in as somebody who may with "helm registry login ${HOST} --plain-http", or ask an administrator to run "chartroom grant add stranger writer team"`,
    });
    const missing = await get('?scope=repository:team/nil:pull,push', stranger);
    expect(missing.status).toBe(403);
  });

  test.each([
    ['a wrong password', 'reader', 'wrong-password'],
    ['no password', 'reader', ''],
    ['somebody else’s password', 'reader', 'writer-password'],
    ['an unknown user', 'nobody', 'reader-password'],
    ['a user name in upper case', 'Reader', 'reader-password'],
    ['no user', '', ''],
    ['a name of the prototype', '__proto__', 'constructor'],
    ['a NUL', 'reader\0', 'reader-password\0'],
    ['SQL', "' or 1=1 --", 'x'],
    ['a very long password', 'reader', 'x'.repeat(5_000)],
  ])('for %s, with GET or with POST', async (_what, username, password) => {
    // What was wrong before is forgiven.
    clock.advance(3_600_000);
    const answers = [
      await get('', `${username}:${password}`),
      await post({ grant_type: 'password', username, password }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="http://${HOST}/token",service="${HOST}"`);
      const { code, message } = await errorOf(answer);
      expect(code).toBe('UNAUTHORIZED');
      expect(message).toMatch(/^wrong user name or password: log in again with "helm registry login /);
    }
  });

  test('for a POST without user name and password', async () => {
    expect((await post({ grant_type: 'password' })).status).toBe(401);
  });

  test('for a refresh token, since none is ever given', async () => {
    const own = (await tokenFor(registry, reader)).slice('Bearer '.length);
    for (const refreshToken of ['x', own]) {
      const answer = await post({ grant_type: 'refresh_token', refresh_token: refreshToken, service: HOST });
      expect(answer.status).toBe(401);
    }
    expect((await post({ grant_type: 'refresh_token', service: HOST })).status).toBe(400);
  });

  test('for another grant, and the answer says what is taken', async () => {
    const answer = await post({ grant_type: 'client_credentials', service: HOST });
    expect(answer.status).toBe(400);
    expect((await errorOf(answer)).message).toBe(
      'grant_type "client_credentials" is not known here: use "password" or "urn:ietf:params:oauth:grant-type:token-exchange"',
    );
  });

  test.each([
    '',
    'grant_type=',
    'username=reader&password=reader-password',
    'grant_type=password&username=a&username=b',
    '%zz',
    '&&=&',
  ])('for a form that is none: "%s"', async (form) => {
    const answer = await registry.request('POST', '/token', {
      as: undefined,
      body: form,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.status).toBe(400);
    expect((await errorOf(answer)).code).toBe('UNSUPPORTED');
  });

  test('for a token, or it would never end', async () => {
    const token = await tokenFor(registry, reader, 'repository:team/web:pull');
    for (const as of [token, 'Bearer nonsense']) {
      const answer = await get('?scope=repository:team/web:pull', as);
      expect(answer.status).toBe(401);
      expect((await errorOf(answer)).message).toMatch(
        /not for another token of this registry$|^the bearer token is not one of this registry: /,
      );
    }
  });
});

test('a changed password takes effect at once, also while the old one is remembered', async () => {
  const member = await addMember(registry, 'changing', { role: 'reader', namespace: 'team' });
  expect((await get('', member)).status).toBe(200);
  await registry.accounts.users.changePassword('changing', 'another-password', AUTHOR);
  expect((await get('', member)).status).toBe(401);
  expect((await get('', 'changing:another-password')).status).toBe(200);
});

test('a removed user gets no more tokens', async () => {
  const member = await addMember(registry, 'leaving', { role: 'reader', namespace: 'team' });
  expect((await get('', member)).status).toBe(200);
  await registry.accounts.users.remove('leaving', AUTHOR);
  expect((await get('', member)).status).toBe(401);
});
