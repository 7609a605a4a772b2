// A credential that does not count takes nothing away that everybody may read, and the refusal of all else says what to do.
import { afterAll, describe, expect, test } from 'vitest';
import { errorOf, pushChart } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { MANAGER } from '../support/manager.ts';
import { startRegistry } from '../support/start-registry.ts';
import { tokenFor } from './support/members.ts';

const clock = new TestClock('2026-09-01T10:00:00Z');
const registry = await startRegistry({}, clock);
const { namespaces, robots } = registry.accounts;
const HOST = new URL(registry.url).host;
for (const repository of ['public/web', 'private/web']) {
  await pushChart(registry, repository, { name: 'web', version: '1.0.0' });
}
await namespaces.setVisibility({ path: 'public', visibility: 'public' }, MANAGER);
const { secret } = await robots.add(
  {
    name: 'ci',
    namespace: '/',
    scopes: [{ namespace: '/', actions: ['push'] }],
    expiresAt: Date.parse('2026-10-01T00:00:00Z'),
  },
  MANAGER,
);
clock.advance(60 * 24 * 3600_000);
afterAll(() => registry[Symbol.asyncDispose]());

const EXPIRED = `token ${secret.slice(0, 12)}… of robot ci expired on 2026-10-01: log in with another credential, or forget this one with "helm registry logout ${HOST}"`;
const SHOWN: readonly (readonly [string, string, string])[] = [
  ['an expired secret', `ci:${secret}`, EXPIRED],
  ['an unknown secret', `ci:chr_${'a'.repeat(38)}`, 'the token is not complete, its checksum does not fit'],
  ['a wrong password', 'admin:wrong-password', 'wrong user name or password'],
  ['a foreign identity token', `x:${foreignToken()}`, 'identity token'],
];

/** In the form of a JWT of somebody else. */
function foreignToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', kid: 'x' })}.${part({ iss: 'https://ci.example.com', sub: 'x' })}.${'A'.repeat(64)}`;
}

describe.each(SHOWN)('%s', (_what, as, message) => {
  test('reads what is public, by token and without', async () => {
    expect((await registry.request('GET', '/v2/public/web/manifests/1.0.0', { as })).status).toBe(200);
    const answer = await registry.request('GET', '/token?scope=repository:public/web:pull', { as });
    expect(answer.status).toBe(200);
    // For crane, which prints it.
    expect(answer.headers.get('warning')).toContain(message.replace(/["…].*/, ''));
    const { token } = (await answer.json()) as { token: string };
    const path = '/v2/public/web/tags/list';
    expect((await registry.request('GET', path, { as: `Bearer ${token}` })).status).toBe(200);
    await expect(tokenFor(registry, as, 'repository:public/web:pull')).resolves.toMatch(/^Bearer /);
  });

  test.each([
    ['GET', '/v2/'],
    ['GET', '/v2/_catalog'],
    ['GET', '/v2/private/web/manifests/1.0.0'],
    ['POST', '/v2/public/web/blobs/uploads/'],
    ['GET', '/token'],
    ['GET', '/token?scope=repository:private/web:pull'],
    ['GET', '/token?scope=registry:catalog:*'],
  ])('is refused with the reason: %s %s', async (method, path) => {
    const answer = await registry.request(method, path, { as });
    expect(answer.status).toBe(401);
    expect((await errorOf(answer)).message).toContain(message);
  });

  test('learns, when it wants to write, that reading needs no credential', async () => {
    for (const path of ['/token?scope=repository:public/web:pull,push', '/token?scope=repository:public/web:push']) {
      const answer = await registry.request('GET', path, { as });
      expect(answer.status).toBe(401);
      const { message: text } = await errorOf(answer);
      expect(text).toContain(message);
      expect(text).toMatch(/public\/web is public: .*everybody may read it without a credential/);
    }
    const answer = await registry.request('GET', '/token?scope=repository:private/web:pull', { as });
    expect((await errorOf(answer)).message).not.toContain('public');
  });
});
