// What happened is recorded once, in the transaction in which it happened.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { pushArtifact, pushBlob, pushChart } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';

const WEB = { name: 'web', version: '1.0.0' };

test('publishing a version is one event, also when it is pushed again at the same moment', async () => {
  await using registry = await startRegistry({}, new TestClock('2026-11-23T10:02:33Z'));
  await pushChart(registry, 'team/web', WEB);
  await pushChart(registry, 'team/web', WEB);
  expect(await events(registry)).toEqual(['manifest.pushed team/web', 'chart.published team/web 1.0.0']);
  await pushChart(registry, 'team/web', { ...WEB, created: '2027-01-01T00:00:00Z' });
  expect((await events(registry)).slice(2)).toEqual(['manifest.pushed team/web']);
});

test('a version that comes back after its deletion is published again', async () => {
  await using registry = await startRegistry({}, new TestClock('2026-11-23T10:02:33Z'));
  await pushChart(registry, 'team/web', WEB);
  await registry.request('DELETE', '/v2/team/web/manifests/1.0.0');
  await pushChart(registry, 'team/web', WEB);
  expect(await events(registry)).toEqual([
    'manifest.pushed team/web',
    'chart.published team/web 1.0.0',
    'tag.deleted team/web 1.0.0',
    'chart.published team/web 1.0.0',
  ]);
});

test('a tag that moves is an event each time, and none when it stays', async () => {
  await using registry = await startRegistry({}, new TestClock('2026-11-23T10:02:33Z'));
  await pushArtifact(registry, 'image', 'latest', 'one');
  await pushArtifact(registry, 'image', 'latest', 'two');
  await pushArtifact(registry, 'image', 'latest', 'one');
  await pushArtifact(registry, 'image', 'latest', 'one');
  expect((await events(registry)).filter((event) => event.startsWith('tag.'))).toEqual([
    'tag.set image latest',
    'tag.set image latest',
    'tag.set image latest',
  ]);
});

test('a refused push leaves no event', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', WEB);
  const refused = await pushChart(registry, 'team/web', { ...WEB, files: { 'a.txt': 'changed' } });
  expect(refused.status).toBe(409);
  expect(await events(registry)).toEqual(['manifest.pushed team/web', 'chart.published team/web 1.0.0']);
});

test('deleting a manifest is an event for each of its tags and one for itself', async () => {
  await using registry = await startRegistry();
  const pushed = await pushArtifact(registry, 'image', 'a', 'one');
  await pushArtifact(registry, 'image', 'b', 'one');
  await registry.request('DELETE', `/v2/image/manifests/${pushed.headers.get('docker-content-digest')}`);
  expect((await events(registry)).slice(3)).toEqual([
    'tag.deleted image a',
    'tag.deleted image b',
    'manifest.deleted image',
  ]);
});

test('deleting a blob is an event, and refusing to is none', async () => {
  await using registry = await startRegistry();
  const digest = await pushBlob(registry, 'image', Buffer.from('loose'));
  expect((await registry.request('DELETE', `/v2/image/blobs/${digest}`)).status).toBe(202);
  expect((await registry.request('DELETE', `/v2/image/blobs/${digest}`)).status).toBe(404);
  expect(await events(registry)).toEqual(['blob.deleted image']);
});

/** All that happened to repositories, in order. */
async function events(registry: TestRegistry): Promise<readonly string[]> {
  const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
  const rows = await database.query<{ kind: string; repository: string; tag: string | null }>(
    `select kind, repository, tag from events where repository <> '' order by id`,
  );
  await database.close();
  return rows.map(({ kind, repository, tag }) => [kind, repository, tag].filter((word) => word !== null).join(' '));
}
