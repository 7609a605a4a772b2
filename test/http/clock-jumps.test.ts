// A clock that jumps, as that of a machine whose time is set: what is known stays usable, and nothing fails.
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { pushChart } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { MANAGER } from '../support/manager.ts';
import { startRegistry } from '../support/start-registry.ts';
import { finish, patch, startUpload } from './support/uploads.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const BYTES = Buffer.from('some bytes');

const clock = new TestClock('2026-11-23T10:00:00Z');
const registry = await startRegistry({}, clock);
afterAll(() => registry[Symbol.asyncDispose]());

async function token(): Promise<string> {
  const answer = await registry.request('GET', '/token?scope=repository:team/web:pull,push,delete');
  expect(answer.status).toBe(200);
  return `Bearer ${((await answer.json()) as { readonly token: string }).token}`;
}

const PATHS = [
  '/v2/team/web/tags/list',
  '/v2/team/web/manifests/1.0.0',
  '/team/index.yaml',
  '/api/v1/charts/team/web/-/versions',
  '/api/v1/charts/team/web/-/pulls',
  '/api/v1/search?q=web',
  '/api/v1/audit',
  '/metrics',
  '/readyz',
];

test.each([
  ['an hour back', -HOUR],
  ['ten years back', -10 * YEAR],
  ['an hour forwards', HOUR],
  ['ten years forwards', 10 * YEAR],
])(
  '%s: charts are pulled and pushed, uploads go on, and a token that does not count is told so',
  async (what, jump) => {
    const before = await token();
    const version = `1.0.0-${what.replaceAll(' ', '-')}`;
    expect((await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' })).status).toBe(201);
    expect((await pushChart(registry, 'team/web', { name: 'web', version })).status).toBe(201);
    const begun = await startUpload(registry, 'team/web');
    expect((await patch(registry, begun, 'some ')).status).toBe(202);
    clock.advance(jump);
    try {
      for (const path of PATHS) expect([path, (await registry.request('GET', path)).status]).toEqual([path, 200]);
      // Its client fetches another one by itself.
      expect([200, 401]).toContain((await registry.request('GET', PATHS[0] ?? '', { as: before })).status);
      const after = await token();
      expect((await registry.request('GET', PATHS[0] ?? '', { as: after })).status).toBe(200);
      const ended = await finish(registry, begun, digestOf(BYTES), { body: 'bytes', as: after });
      expect(ended.status).toBe(201);
      const blob = await registry.request('GET', `/v2/team/web/blobs/${digestOf(BYTES)}`, { as: after });
      expect(await blob.text()).toBe('some bytes');
      const chart = { name: 'web', version: `${version}.after` };
      expect((await pushChart(registry, 'team/web', chart)).status).toBe(201);
      // Published is published, whatever the time is.
      const other = await pushChart(registry, 'team/web', { ...chart, files: { 'values.yaml': 'a: 1' } });
      expect(other.status).toBe(409);
      expect((await registry.request('DELETE', `/v2/team/web/manifests/${version}.after`)).status).toBe(202);
    } finally {
      clock.advance(-jump);
    }
    expect((await registry.request('GET', PATHS[0] ?? '', { as: await token() })).status).toBe(200);
  },
);

test('a robot that has ended stays so only as long as the clock says, and never fails', async () => {
  const scopes = [{ namespace: 'team', actions: ['pull'] as const }];
  const expiresAt = clock.now() + HOUR;
  const { secret } = await registry.accounts.robots.add({ name: 'ci', namespace: 'team', scopes, expiresAt }, MANAGER);
  const status = async () => (await registry.request('GET', '/v2/team/web/tags/list', { as: `ci:${secret}` })).status;
  expect(await status()).toBe(200);
  clock.advance(2 * HOUR);
  expect(await status()).toBe(401);
  clock.advance(-2 * HOUR);
  expect(await status()).toBe(200);
});
