// Notices: what yanking and deprecating change, and what they leave as it is.
import { describe, expect, test } from 'vitest';
import { pushArtifact, pushChart } from '../support/artifacts.ts';
import { MANAGER } from '../support/manager.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';
import {
  expectAgreement,
  floatingTags,
  inDatabase,
  listedVersions,
  publishedRows,
  tagList,
} from './support/published.ts';

async function startWith(...versions: readonly string[]): Promise<TestRegistry> {
  const registry = await startRegistry();
  await registry.accounts.namespaces.set({ path: 'team', floatingTags: true }, MANAGER);
  for (const version of versions) await pushChart(registry, 'team/web', { name: 'web', version });
  return registry;
}

/** @param about `/-/versions/1.0.0/notice` or `/-/notice` */
async function put(registry: TestRegistry, about: string, notice: object, chart = 'team/web'): Promise<Response> {
  return await registry.request('PUT', `/api/v1/charts/${chart}${about}`, {
    body: JSON.stringify(notice),
    headers: { 'content-type': 'application/json' },
  });
}

async function yank(registry: TestRegistry, version: string): Promise<void> {
  const answer = await put(registry, `/-/versions/${version}/notice`, { kind: 'yanked', reason: 'loses data' });
  expect([version, answer.status]).toEqual([version, 200]);
}

async function unyank(registry: TestRegistry, version: string): Promise<void> {
  const answer = await registry.request('DELETE', `/api/v1/charts/team/web/-/versions/${version}/notice`);
  expect([version, answer.status]).toEqual([version, 204]);
}

async function warningOf(registry: TestRegistry, reference: string, method = 'GET'): Promise<string | null> {
  const answer = await registry.request(method, `/v2/team/web/manifests/${reference}`);
  expect(answer.status).toBe(200);
  return answer.headers.get('warning');
}

describe('a yanked version', () => {
  test('leaves lists and floating tags, and comes back', async () => {
    await using registry = await startWith('1.0.0', '1.0.1', '1.1.0+b');
    await yank(registry, '1.1.0+b');
    expect(await tagList(registry, 'team/web')).toEqual(['1.0.0', '1.0.1']);
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.0.1', '1.0 → 1.0.1']);
    await yank(registry, '1.0.1');
    await yank(registry, '1.0.0');
    expect(await tagList(registry, 'team/web')).toEqual([]);
    expect(await floatingTags(registry, 'team/web')).toEqual([]);
    await expectAgreement(registry, 'team/web', true);
    await unyank(registry, '1.1.0_b');
    expect(await tagList(registry, 'team/web')).toEqual(['1.1.0_b']);
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.1.0+b', '1.1 → 1.1.0+b']);
    await expectAgreement(registry, 'team/web', true);
  });

  test('is still pulled by tag and by digest, with a warning that says why', async () => {
    await using registry = await startWith('1.0.0', '1.0.1');
    const notice = { kind: 'yanked', reason: 'loses "data" on upgrade', replacement: '1.0.1' };
    await put(registry, '/-/versions/1.0.0/notice', notice);
    const warning = `299 - "team/web 1.0.0 is yanked: loses 'data' on upgrade; use 1.0.1 instead"`;
    const answer = await registry.request('GET', '/v2/team/web/manifests/1.0.0');
    const digest = answer.headers.get('docker-content-digest') ?? '';
    expect([answer.status, answer.headers.get('warning')]).toEqual([200, warning]);
    expect(await warningOf(registry, digest)).toBe(warning);
    expect(await warningOf(registry, '1.0.0', 'HEAD')).toBe(warning);
    expect(await warningOf(registry, '1.0.1')).toBe(null);
    const headers = { 'if-none-match': `"${digest}"` };
    const known = await registry.request('GET', '/v2/team/web/manifests/1.0.0', { headers });
    expect([known.status, known.headers.get('warning')]).toEqual([304, warning]);
  });

  test('stays yanked when it is pushed again, deleted, and published again', async () => {
    await using registry = await startWith('1.0.0');
    await yank(registry, '1.0.0');
    await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
    expect(await listedVersions(registry, 'team/web')).toEqual([]);
    await registry.request('DELETE', '/v2/team/web/manifests/1.0.0');
    await expectAgreement(registry, 'team/web', true);
    await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
    expect([await listedVersions(registry, 'team/web'), await tagList(registry, 'team/web')]).toEqual([[], []]);
    await expectAgreement(registry, 'team/web', true);
    await unyank(registry, '1.0.0');
    expect(await tagList(registry, 'team/web')).toEqual(['1.0.0']);
  });

  test('is listed when it comes back after its notice was taken down while it was deleted', async () => {
    await using registry = await startWith('1.0.0');
    await yank(registry, '1.0.0');
    await registry.request('DELETE', '/v2/team/web/manifests/1.0.0');
    await unyank(registry, '1.0.0');
    await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
    expect(await tagList(registry, 'team/web')).toEqual(['1.0.0']);
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.0.0', '1.0 → 1.0.0']);
    await expectAgreement(registry, 'team/web', true);
  });

  test('may give its tag to something that is no chart, which is listed', async () => {
    await using registry = await startRegistry({ fixedChartTags: [] });
    await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
    await yank(registry, '1.0.0');
    await pushArtifact(registry, 'team/web', '1.0.0', 'no chart');
    expect(await tagList(registry, 'team/web')).toEqual(['1.0.0']);
    expect(await warningOf(registry, '1.0.0')).toBe(null);
    await expectAgreement(registry, 'team/web', false);
    await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
    expect(await tagList(registry, 'team/web')).toEqual([]);
    await expectAgreement(registry, 'team/web', false);
  });

  test('is taken out once, when it is pushed, yanked and let back at the same moment', async () => {
    await using registry = await startWith();
    const versions = Array.from({ length: 12 }, (_, index) => `1.0.${index}`);
    for (const version of versions) await pushChart(registry, 'team/web', { name: 'web', version });
    const about = (version: string) => `/api/v1/charts/team/web/-/versions/${version}/notice`;
    await Promise.allSettled(
      versions.flatMap((version, index) => [
        pushChart(registry, 'team/web', { name: 'web', version: `1.1.${index}` }),
        yank(registry, version),
        index % 2 === 0 ? registry.request('DELETE', about(version)) : undefined,
        index % 3 === 0 ? registry.request('DELETE', `/v2/team/web/manifests/${version}`) : undefined,
      ]),
    );
    await expectAgreement(registry, 'team/web', true);
  });
});

describe('a deprecated version or chart', () => {
  test('stays in lists and floating tags, and is pulled with a warning', async () => {
    await using registry = await startWith('1.0.0', '1.1.0');
    await put(registry, '/-/versions/1.1.0/notice', { kind: 'deprecated', reason: 'old' });
    await put(registry, '/-/notice', { kind: 'deprecated', replacement: 'team/web2' });
    expect(await tagList(registry, 'team/web')).toEqual(['1.0.0', '1.1.0']);
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.1.0', '1.0 → 1.0.0', '1.1 → 1.1.0']);
    expect(await warningOf(registry, '1')).toBe('299 - "team/web 1.1.0 is deprecated: old"');
    expect(await warningOf(registry, '1.0.0')).toBe('299 - "team/web is deprecated; use team/web2 instead"');
    await expectAgreement(registry, 'team/web', true);
    await registry.request('DELETE', '/api/v1/charts/team/web/-/notice');
    expect(await warningOf(registry, '1.0.0')).toBe(null);
  });

  test('is said so to whoever reads what changed, of all versions', async () => {
    await using registry = await startWith('1.0.0', '1.1.0');
    const before = await publishedRows(registry, 'team/web');
    await put(registry, '/-/notice', { kind: 'deprecated' });
    const after = await publishedRows(registry, 'team/web');
    const newest = Math.max(...before.map(({ revision }) => revision));
    expect(after.every(({ revision }) => revision > newest)).toBe(true);
  });
});

test('a notice takes the place of the one before', async () => {
  await using registry = await startWith('1.0.0');
  await yank(registry, '1.0.0');
  await put(registry, '/-/versions/1.0.0/notice', { kind: 'deprecated', reason: 'second thoughts' });
  expect(await tagList(registry, 'team/web')).toEqual(['1.0.0']);
  expect(await warningOf(registry, '1.0.0')).toBe('299 - "team/web 1.0.0 is deprecated: second thoughts"');
});

test('every notice that is put up or taken down is an event, with what it said', async () => {
  await using registry = await startWith('1.0.0');
  await put(registry, '/-/versions/1.0.0/notice', { kind: 'yanked', reason: 'loses data', replacement: '1.0.1' });
  await put(registry, '/-/versions/9.9.9/notice', { kind: 'yanked' });
  await unyank(registry, '1.0.0');
  await put(registry, '/-/notice', { kind: 'deprecated' });
  const events = await inDatabase(registry, (database) =>
    database.query(`select kind, actor, tag, detail from events where kind like 'notice.%' order by id`),
  );
  const said = '{"notice":"yanked","reason":"loses data","replacement":"1.0.1"}';
  expect(events).toEqual([
    { kind: 'notice.put', actor: 'admin', tag: '1.0.0', detail: said },
    { kind: 'notice.removed', actor: 'admin', tag: '1.0.0', detail: said },
    { kind: 'notice.put', actor: 'admin', tag: null, detail: '{"notice":"deprecated","reason":"","replacement":""}' },
  ]);
});
