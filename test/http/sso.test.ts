// Single sign-on, with a real provider: who becomes whom here, and with which rights.
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { errorOf } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR } from '../support/manager.ts';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
import { usualLogin } from '../support/oidc-login.ts';
import { startRegistry } from '../support/start-registry.ts';
import { Browser } from './support/browser.ts';
import { eventually } from './support/eventually.ts';
import { addMember } from './support/members.ts';

const clock = new TestClock('2026-11-23T10:00:00Z');
const issuer: OidcIssuer = await startOidcIssuer({ clock });
const registry = await startRegistry(
  { oidcIssuer: issuer.url, oidcClientId: 'chartroom', oidcClientSecret: 'client-secret' },
  clock,
);
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});
beforeEach(() => {
  Object.assign(issuer.login, usualLogin());
  for (const endpoint of ['discovery', 'token', 'userinfo'] as const) issuer.misbehave(endpoint, undefined);
});

const NEWEST = { before: undefined, limit: 50 };

interface LoggedIn {
  readonly user: string;
  readonly groups: readonly string[];
  readonly token: string;
  readonly expires_in: number;
}

async function logIn(claims: Readonly<Record<string, unknown>>): Promise<Response> {
  issuer.login.user = { sub: String(claims.preferred_username), ...claims };
  return await new Browser().open(`${registry.url}/sso/login`);
}

async function loggedIn(claims: Readonly<Record<string, unknown>>): Promise<LoggedIn> {
  const answer = await logIn(claims);
  if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as LoggedIn;
}

async function refusalOf(answer: Response): Promise<{ readonly status: number; readonly message: string }> {
  return { status: answer.status, message: (await errorOf(answer)).message };
}

async function statusOf(method: string, path: string, as: string): Promise<number> {
  return (await registry.request(method, path, { as })).status;
}

describe('who logs in for the first time', () => {
  test('becomes a user without a password, and gets a token for the management API', async () => {
    const answer = await logIn({ preferred_username: 'ann' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    const body = (await answer.json()) as LoggedIn;
    expect(body).toEqual({ user: 'ann', groups: [], token: expect.any(String), expires_in: 300 });
    expect(jsonwebtoken.decode(body.token)).toMatchObject({
      sub: 'ann',
      access: [{ type: 'api', name: 'v1', actions: ['*'] }],
    });
    expect(await registry.accounts.users.find('ann')).toMatchObject({
      login: 'provider',
      administrator: false,
      disabled: false,
    });
  });

  test('is called by the part of a mail address before the "@", in lower case', async () => {
    expect(await loggedIn({ preferred_username: 'Bob.Miller@Example.com' })).toMatchObject({ user: 'bob.miller' });
  });

  test('is refused when a user with a password has the name, who stays as before', async () => {
    const carl = await addMember(registry, 'carl', { role: 'reader', namespace: 'team' });
    const { status, message } = await refusalOf(await logIn({ preferred_username: 'carl' }));
    expect(status).toBe(409);
    expect(message).toContain('there is another user carl here, who logs in another way');
    expect(await registry.accounts.users.find('carl')).toMatchObject({ login: 'password' });
    expect(await statusOf('GET', '/token', carl)).toBe(200);
  });

  test('is refused when the administrator has the name', async () => {
    expect((await logIn({ preferred_username: 'admin' })).status).toBe(409);
  });

  test('is refused when another person of the provider has the name', async () => {
    await loggedIn({ preferred_username: 'twin', sub: 'first' });
    expect((await logIn({ preferred_username: 'twin', sub: 'second' })).status).toBe(409);
  });

  test('is refused with a name that nobody can have here', async () => {
    const { status, message } = await refusalOf(await logIn({ preferred_username: 'Ann Müller' }));
    expect(status).toBe(400);
    expect(message).toContain('"Ann Müller" cannot be a user name here');
  });

  test('is refused when the provider tells no name', async () => {
    const { status, message } = await refusalOf(await logIn({ sub: 'nameless', preferred_username: undefined }));
    expect(status).toBe(502);
    expect(message).toContain('does not say what you are called (the claim "preferred_username")');
  });
});

describe('who logs in again', () => {
  test('is the same user, also after the provider has renamed them', async () => {
    await registry.accounts.groups.add({ name: 'renamed', externalName: 'renamed', administrator: false }, AUTHOR);
    await loggedIn({ preferred_username: 'dora', sub: 'of-dora' });
    const { user } = await loggedIn({ preferred_username: 'theodora', sub: 'of-dora' });
    expect(user).toBe('dora');
    const again = await loggedIn({ preferred_username: 'No User Name', sub: 'of-dora', groups: ['renamed'] });
    expect(again).toMatchObject({ user: 'dora', groups: ['renamed'] });
    await expect(registry.accounts.users.find('theodora')).rejects.toThrow('there is no user');
  });

  test('is refused while disabled, and let in afterwards', async () => {
    await loggedIn({ preferred_username: 'erna' });
    await registry.accounts.users.change('erna', { disabled: true }, AUTHOR);
    const { status, message } = await refusalOf(await logIn({ preferred_username: 'erna' }));
    expect(status).toBe(401);
    expect(message).toContain('the user erna is disabled');
    await registry.accounts.users.change('erna', { disabled: false }, AUTHOR);
    expect(await loggedIn({ preferred_username: 'erna' })).toMatchObject({ user: 'erna' });
  });

  test('is somebody new when the user was removed, with none of the old rights', async () => {
    const before = await loggedIn({ preferred_username: 'fred' });
    await registry.accounts.grants.put({ holder: 'user', name: 'fred', role: 'reader', namespace: 'team' }, AUTHOR);
    await registry.accounts.users.remove('fred', AUTHOR);
    await loggedIn({ preferred_username: 'fred' });
    const grants = await registry.accounts.grants.list(
      { holder: 'user', name: 'fred' },
      { after: undefined, limit: 1 },
    );
    expect(grants).toEqual([]);
    expect(await statusOf('GET', '/api/v1/whoami', `Bearer ${before.token}`)).toBe(401);
  });
});

describe('groups', () => {
  const WRITERS = 'cn=writers,ou=groups,dc=example,dc=com';

  test('come and go with the claim, and their roles with them', async () => {
    await registry.accounts.groups.add({ name: 'writers', externalName: WRITERS, administrator: false }, AUTHOR);
    await registry.accounts.grants.put({ holder: 'group', name: 'writers', role: 'writer', namespace: 'team' }, AUTHOR);
    const without = await loggedIn({ preferred_username: 'gina', groups: [] });
    const body = JSON.stringify({ name: 'helm' });
    const made = await registry.request('POST', '/api/v1/tokens', {
      as: `Bearer ${without.token}`,
      headers: { 'content-type': 'application/json' },
      body,
    });
    const gina = `gina:${((await made.json()) as { secret: string }).secret}`;
    const push = async () => await statusOf('POST', '/v2/team/web/blobs/uploads/', gina);
    expect(await push()).toBe(403);
    expect(await loggedIn({ preferred_username: 'gina', groups: ['others', WRITERS] })).toMatchObject({
      groups: ['writers'],
    });
    expect(await push()).toBe(202);
    expect(await loggedIn({ preferred_username: 'gina', groups: ['others'] })).toMatchObject({ groups: [] });
    expect(await push()).toBe(403);
  });

  test('can be one name instead of a list', async () => {
    await registry.accounts.groups.add({ name: 'single', externalName: 'one', administrator: false }, AUTHOR);
    expect(await loggedIn({ preferred_username: 'hugo', groups: 'one' })).toMatchObject({ groups: ['single'] });
  });

  test('that are no names are none', async () => {
    for (const groups of [undefined, null, 5, { one: true }, [['one']], [{ name: 'one' }, null]]) {
      expect(await loggedIn({ preferred_username: 'hugo', groups }), JSON.stringify(groups)).toMatchObject({
        groups: [],
      });
    }
  });

  test('are never found by the name that they have here', async () => {
    await registry.accounts.groups.add({ name: 'local', externalName: null, administrator: true }, AUTHOR);
    await registry.accounts.groups.add({ name: 'tied', externalName: 'elsewhere', administrator: true }, AUTHOR);
    const groups = ['local', 'tied', 'Elsewhere', 'null'];
    expect(await loggedIn({ preferred_username: 'ivan', groups })).toMatchObject({ groups: [] });
  });

  test('that are tied to another name have no members of the old one, but those who were made members here', async () => {
    const { groups } = registry.accounts;
    await groups.add({ name: 'moved', externalName: 'before', administrator: false }, AUTHOR);
    for (const preferred_username of ['kim', 'lea']) await loggedIn({ preferred_username, groups: ['before'] });
    await groups.addMember('moved', 'lea', AUTHOR);
    await groups.change('moved', { administrator: false }, AUTHOR);
    expect(await groups.listMembers('moved', { last: '', limit: 10 })).toHaveLength(2);
    await groups.change('moved', { externalName: 'after' }, AUTHOR);
    expect(await groups.listMembers('moved', { last: '', limit: 10 })).toEqual([{ user: 'lea', source: 'local' }]);
  });

  test('of which somebody was made a member here stay', async () => {
    await registry.accounts.groups.add({ name: 'kept', externalName: 'kept', administrator: false }, AUTHOR);
    await loggedIn({ preferred_username: 'jana', groups: ['kept'] });
    await registry.accounts.groups.addMember('kept', 'jana', AUTHOR);
    expect(await loggedIn({ preferred_username: 'jana', groups: [] })).toMatchObject({ groups: ['kept'] });
  });

  test('are asked of the userinfo endpoint when the identity token does not tell them', async () => {
    await registry.accounts.groups.add({ name: 'told', externalName: 'told-later', administrator: false }, AUTHOR);
    issuer.login.onlyInUserinfo = ['groups'];
    expect(await loggedIn({ preferred_username: 'kurt', groups: ['told-later'] })).toMatchObject({ groups: ['told'] });
  });
});

describe('the token', () => {
  test('is good for the management API alone', async () => {
    const { token } = await loggedIn({ preferred_username: 'lena' });
    await registry.accounts.grants.put({ holder: 'user', name: 'lena', role: 'writer', namespace: 'team' }, AUTHOR);
    const answer = await registry.request('GET', '/api/v1/whoami', { as: `Bearer ${token}` });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ kind: 'user', name: 'lena', management: true });
    expect(await statusOf('POST', '/v2/team/web/blobs/uploads/', `Bearer ${token}`)).toBe(401);
    expect(await statusOf('GET', '/v2/team/web/tags/list', `Bearer ${token}`)).toBe(401);
  });

  test('is not exchanged for another one, so that it ends', async () => {
    const { token } = await loggedIn({ preferred_username: 'lena' });
    expect(await statusOf('GET', '/token', `Bearer ${token}`)).toBe(401);
    expect(await statusOf('GET', '/token', `lena:${token}`)).toBe(401);
    clock.advance(301_000);
    expect(await statusOf('GET', '/api/v1/whoami', `Bearer ${token}`)).toBe(401);
  });
});

describe('the audit trail', () => {
  test('has the login, with what was shown, and the user the time of it', async () => {
    await loggedIn({ preferred_username: 'mona' });
    await eventually(async () => (await registry.accounts.users.find('mona')).lastLoginAt).toBe(clock.now());
    const [login] = await registry.accounts.auditTrail.list({ kind: 'login.succeeded', actor: 'mona' }, NEWEST);
    expect(login).toMatchObject({ actorKind: 'user', credential: 'single sign-on' });
    expect(login?.clientAddress).toBe('127.0.0.1');
    const [added] = await registry.accounts.auditTrail.list({ kind: 'user.added', actor: 'mona' }, NEWEST);
    expect(added?.detail).toMatchObject({ user: 'mona', login: 'provider' });
  });

  test('has the refusal, with its reason', async () => {
    await addMember(registry, 'nora');
    await logIn({ preferred_username: 'nora' });
    const newest = async () =>
      (await registry.accounts.auditTrail.list({ kind: 'login.refused' }, NEWEST)).map(({ detail }) => detail.reason);
    await eventually(newest).toContainEqual(expect.stringContaining('there is another user nora here'));
  });
});
