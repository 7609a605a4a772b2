// The published versions follow every push and every deletion.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { errorOf, prepareChart, pushArtifact, pushChart, putManifest } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { MANAGER } from '../support/manager.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { expectAgreement, listedVersions, publishedRows, tagList } from './support/published.ts';

const START = '2026-11-23T10:00:00Z';
const WEB = { name: 'web', version: '1.0.0' };
/** Published charts may be overwritten. */
const FREE = { fixedChartTags: [] };

async function digestAt(registry: TestRegistry, repository: string, tag: string): Promise<string | null> {
  const answer = await registry.request('HEAD', `/v2/${repository}/manifests/${tag}`);
  return answer.headers.get('docker-content-digest');
}

test('a push publishes a version, with when and by whom', async () => {
  const clock = new TestClock(START);
  await using registry = await startRegistry({}, clock);
  await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0+b' });
  expect(await publishedRows(registry, 'team/web')).toEqual([
    {
      ...{ tag: '1.0.0_b', version: '1.0.0+b', digest: await digestAt(registry, 'team/web', '1.0.0_b'), listed: 1 },
      ...{ revision: 2, publishedAt: clock.now(), publishedBy: 'admin' },
    },
  ]);
});

test('pushing the same chart again changes nothing, be it in another manifest', async () => {
  const clock = new TestClock(START);
  await using registry = await startRegistry({}, clock);
  await pushChart(registry, 'team/web', WEB);
  const before = await publishedRows(registry, 'team/web');
  clock.advance(1000);
  await pushChart(registry, 'team/web', WEB);
  await pushChart(registry, 'team/web', { ...WEB, created: '2027-01-01T00:00:00Z' });
  expect(await publishedRows(registry, 'team/web')).toEqual(before);
});

test('a manifest without a tag publishes nothing', async () => {
  await using registry = await startRegistry();
  const { manifest } = await prepareChart(registry, 'team/web', WEB);
  const answer = await putManifest(registry, 'team/web', '1.0.0', manifest);
  await registry.request('DELETE', '/v2/team/web/manifests/1.0.0');
  const digest = answer.headers.get('docker-content-digest') ?? '';
  expect((await putManifest(registry, 'team/web', digest, manifest)).status).toBe(201);
  expect(await listedVersions(registry, 'team/web')).toEqual([]);
});

test('a deleted version is none any more, and comes back when it is published again', async () => {
  const clock = new TestClock(START);
  await using registry = await startRegistry({}, clock);
  await pushChart(registry, 'team/web', WEB);
  await pushChart(registry, 'team/web', { name: 'web', version: '1.1.0' });
  expect((await registry.request('DELETE', '/v2/team/web/manifests/1.0.0')).status).toBe(202);
  const [deleted, kept] = await publishedRows(registry, 'team/web');
  expect(deleted).toMatchObject({ tag: '1.0.0', digest: null, listed: 0 });
  expect(deleted?.revision).toBeGreaterThan(kept?.revision ?? Number.NaN);
  clock.advance(1000);
  await pushChart(registry, 'team/web', { ...WEB, created: '2027-01-01T00:00:00Z' });
  const [back] = await publishedRows(registry, 'team/web');
  expect(back).toMatchObject({ listed: 1, digest: expect.any(String), publishedAt: clock.now() });
  expect(back?.revision).toBeGreaterThan(deleted?.revision ?? Number.NaN);
  await expectAgreement(registry, 'team/web', false);
});

test('deleting a manifest takes back the version that it was, and no other one', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', WEB);
  await pushChart(registry, 'team/web', { name: 'web', version: '1.1.0' });
  await pushArtifact(registry, 'team/web', 'readme', 'something else');
  for (const tag of ['readme', '1.0.0']) {
    const digest = await digestAt(registry, 'team/web', tag);
    expect((await registry.request('DELETE', `/v2/team/web/manifests/${digest}`)).status).toBe(202);
  }
  expect(await listedVersions(registry, 'team/web')).toEqual(['1.1.0']);
  await expectAgreement(registry, 'team/web', false);
});

test('a version that may be overwritten is what was pushed last', async () => {
  const clock = new TestClock(START);
  await using registry = await startRegistry(FREE, clock);
  await pushChart(registry, 'team/web', WEB);
  const [first] = await publishedRows(registry, 'team/web');
  clock.advance(1000);
  await pushChart(registry, 'team/web', { ...WEB, files: { 'values.yaml': 'replicas: 2\n' } });
  const [second] = await publishedRows(registry, 'team/web');
  expect(second).toMatchObject({ listed: 1, publishedAt: clock.now() });
  expect(second?.digest).toBe(await digestAt(registry, 'team/web', '1.0.0'));
  expect(second?.digest).not.toBe(first?.digest);
  // What was overwritten is no version, so that its end takes nothing away.
  await registry.request('DELETE', `/v2/team/web/manifests/${first?.digest}`);
  expect(await listedVersions(registry, 'team/web')).toEqual(['1.0.0']);
  await expectAgreement(registry, 'team/web', false);
});

test('a tag that comes to point at something else than a chart is no version, until it is one again', async () => {
  await using registry = await startRegistry(FREE);
  await pushChart(registry, 'team/web', WEB);
  expect((await pushArtifact(registry, 'team/web', '1.0.0', 'no chart')).status).toBe(201);
  expect(await listedVersions(registry, 'team/web')).toEqual([]);
  expect(await tagList(registry, 'team/web')).toEqual(['1.0.0']);
  await expectAgreement(registry, 'team/web', false);
  await pushChart(registry, 'team/web', WEB);
  expect(await listedVersions(registry, 'team/web')).toEqual(['1.0.0']);
  await expectAgreement(registry, 'team/web', false);
});

test('several tags at once are no versions, but one of them may have been', async () => {
  await using registry = await startRegistry(FREE);
  await pushChart(registry, 'team/web', WEB);
  await pushArtifact(registry, 'team/web', 'x', 'no chart');
  const artifact = await registry.request('GET', '/v2/team/web/manifests/x');
  const bytes = Buffer.from(await artifact.arrayBuffer());
  const path = `${artifact.headers.get('docker-content-digest')}?tag=y&tag=1.0.0&tag=a`;
  expect((await putManifest(registry, 'team/web', path, bytes)).status).toBe(201);
  expect(await tagList(registry, 'team/web')).toEqual(['1.0.0', 'a', 'x', 'y']);
  expect(await listedVersions(registry, 'team/web')).toEqual([]);
});

test('a refused push leaves what was there', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', WEB);
  const before = await publishedRows(registry, 'team/web');
  expect((await pushChart(registry, 'team/web', { ...WEB, files: { 'a.txt': 'other' } })).status).toBe(409);
  expect(await publishedRows(registry, 'team/web')).toEqual(before);
});

test('of 50 pushes of different content at once, one is the version', async () => {
  await using registry = await startRegistry();
  const manifests = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      prepareChart(registry, 'team/web', { ...WEB, files: { 'a.txt': `${index}` } }),
    ),
  );
  const answers = await Promise.all(
    manifests.map(({ manifest }) => putManifest(registry, 'team/web', '1.0.0', manifest)),
  );
  const [winner, ...others] = answers.filter(({ status }) => status === 201);
  expect(others).toEqual([]);
  expect(await publishedRows(registry, 'team/web')).toEqual([
    expect.objectContaining({ digest: winner?.headers.get('docker-content-digest'), listed: 1 }),
  ]);
  await expectAgreement(registry, 'team/web', false);
});

test('50 versions pushed at once are all there', async () => {
  await using registry = await startRegistry();
  const versions = Array.from({ length: 50 }, (_, index) => `1.${index}.0`);
  const answers = await Promise.all(
    versions.map((version) => pushChart(registry, 'team/web', { name: 'web', version })),
  );
  expect(answers.map(({ status }) => status)).toEqual(versions.map(() => 201));
  expect(await listedVersions(registry, 'team/web')).toEqual(versions.toSorted());
  const revisions = (await publishedRows(registry, 'team/web')).map(({ revision }) => revision);
  expect(new Set(revisions).size).toBe(50);
  await expectAgreement(registry, 'team/web', false);
});

test('the second chart that would have a file name is refused, and says what the first one is', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0-2.0.0' });
  const refused = await pushChart(registry, 'team/web-1.0.0', { name: 'web-1.0.0', version: '2.0.0' });
  expect([refused.status, await errorOf(refused)]).toEqual([
    409,
    {
      code: 'DENIED',
      message:
        'web-1.0.0 2.0.0 and web 1.0.0-2.0.0, which is published in team, would both be the file web-1.0.0-2.0.0.tgz of its classic repository: raise "version" in Chart.yaml and push again',
    },
  ]);
  // Nothing of the refused push is left, and in another namespace nothing is in its way.
  expect(await publishedRows(registry, 'team/web-1.0.0')).toEqual([]);
  expect((await registry.request('GET', '/v2/team/web-1.0.0/tags/list')).status).toBe(404);
  for (const repository of ['web-1.0.0', 'team/a/web-1.0.0']) {
    const pushed = await pushChart(registry, repository, { name: 'web-1.0.0', version: '2.0.0' });
    expect([repository, pushed.status]).toEqual([repository, 201]);
  }
  await registry.request('DELETE', '/v2/team/web/manifests/1.0.0-2.0.0');
  const again = await pushChart(registry, 'team/web-1.0.0', { name: 'web-1.0.0', version: '2.0.0' });
  expect((await errorOf(again)).message).toContain('web 1.0.0-2.0.0, which was published and deleted in team,');
});

test('whoever may not see the chart that has a file name is not told which one it is', async () => {
  await using registry = await startRegistry();
  const scopes = [{ namespace: 'team', charts: 'web-*', actions: ['push' as const] }];
  const { secret } = await registry.accounts.robots.add(
    { name: 'ci', namespace: '/', scopes, expiresAt: null },
    MANAGER,
  );
  await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0-2.0.0' });
  const push = async () => {
    const chart = { name: 'web-1.0.0', version: '2.0.0' };
    return await errorOf(await pushChart(registry, 'team/web-1.0.0', chart, `ci:${secret}`));
  };
  const refusal = {
    code: 'DENIED',
    message:
      'web-1.0.0 2.0.0 would be the file web-1.0.0-2.0.0.tgz of the classic repository of team, which is another chart\'s file: raise "version" in Chart.yaml and push again',
  };
  expect(await push()).toEqual(refusal);
  await registry.request('DELETE', '/v2/team/web/manifests/1.0.0-2.0.0');
  expect(await push()).toEqual(refusal);
});

test('of two charts that would have one file name, pushed at once, one is published', async () => {
  await using registry = await startRegistry();
  const one = await prepareChart(registry, 'team/web', { name: 'web', version: '1.0.0-2.0.0' });
  const other = await prepareChart(registry, 'team/web-1.0.0', { name: 'web-1.0.0', version: '2.0.0' });
  const answers = await Promise.all([
    putManifest(registry, 'team/web', '1.0.0-2.0.0', one.manifest),
    putManifest(registry, 'team/web-1.0.0', '2.0.0', other.manifest),
  ]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
  const listed = [await listedVersions(registry, 'team/web'), await listedVersions(registry, 'team/web-1.0.0')];
  expect(listed.flat()).toHaveLength(1);
});

test('a registry of an older version has its charts entered when it starts', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', WEB);
  const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
  await database.transaction((tx) =>
    tx.script('delete from chart_versions; update catalog_revision set versions_entered = 0'),
  );
  await database.close();
  await registry.restart();
  expect(await listedVersions(registry, 'team/web')).toEqual(['1.0.0']);
});

test('once all are entered, a start does not look for others', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', WEB);
  await registry.restart();
  const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
  await database.transaction((tx) => tx.script('delete from chart_versions'));
  await database.close();
  await registry.restart();
  expect(await listedVersions(registry, 'team/web')).toEqual([]);
});
