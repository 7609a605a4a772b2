// A database that is lost, made again of journal and blobs: what clients read and what they may push is as it was.
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { openApp } from '../../src/app.ts';
import { rebuildDatabase } from '../../src/data-folder/rebuild-database.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { configOf } from '../backup/support/backups.ts';
import { descriptorOf, prepareChart, pushArtifact, pushBlob, pushChart, putManifest } from '../support/artifacts.ts';
import { blobPath } from '../support/blob-path.ts';
import { buildChart } from '../support/chart-builder.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';
import { provenanceOf } from '../support/provenance.ts';
import { ADMIN, startRegistry, type TestRegistry } from '../support/start-registry.ts';

const ADMIN_PASSWORD = ADMIN.slice(ADMIN.indexOf(':') + 1);

test('lists, manifests, versions, notices, floating tags and what is public are as they were', async () => {
  await using registry = await startRegistry();
  await pushAll(registry);
  const before = await readAll(registry.request);
  const unread = Object.entries(before).filter(([, { status }]) => status !== 200);
  expect(unread.map(([path]) => path)).toEqual(['/v2/team/web/manifests/3.0.0']);
  await using rebuilt = await rebuildElsewhere(registry);
  expect(rebuilt.losses).toEqual([]);
  expect(await readAll(rebuilt.request)).toEqual(before);
  expect((await rebuilt.request('GET', '/v2/team/web/tags/list', { as: undefined })).status).toBe(200);
});

test('a published version still never changes, whether it is there or was deleted', async () => {
  await using registry = await startRegistry();
  await pushAll(registry);
  await using rebuilt = await rebuildElsewhere(registry);
  for (const version of ['1.0.0', '3.0.0']) {
    const changed = { name: 'web', version, files: { 'other.txt': 'other' } };
    expect((await pushChart(rebuilt, 'team/web', changed)).status, version).toBe(409);
    expect((await pushChart(rebuilt, 'team/web', { name: 'web', version })).status, version).toBe(201);
  }
  expect((await pushArtifact(rebuilt, 'team/tool', 'latest', 'moved on')).status).toBe(201);
});

test('what is lost is named; a version of which the manifest is lost is remembered, and the same chart mends it', async () => {
  await using registry = await startRegistry();
  const { archive, manifest } = await prepareChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
  await putManifest(registry, 'team/web', '1.0.0', manifest);
  const other = await prepareChart(registry, 'team/other', { name: 'other', version: '1.0.0' });
  await putManifest(registry, 'team/other', '1.0.0', other.manifest);
  await using rebuilt = await rebuildElsewhere(registry, async (dataDir) => {
    await rm(blobPath(dataDir, digestOf(archive)));
    const path = join(dataDir, 'journal', 'registry.jsonl');
    const lines = (await readFile(path, 'utf8')).split('\n');
    const kept = lines.filter((line) => !line.includes('"manifest"') || !line.includes('team/other'));
    await writeFile(path, ['{"record":', ...kept].join('\n'));
  });
  expect(rebuilt.losses.toSorted()).toEqual([
    '1 lines of the journal are damaged',
    `team/other:1.0.0 pointed at ${digestOf(other.manifest)}, which is lost`,
    `team/web@${digestOf(manifest)} needs ${digestOf(archive)}, which is not stored`,
  ]);
  expect((await rebuilt.request('GET', '/v2/team/web/manifests/1.0.0')).status).toBe(200);
  expect((await rebuilt.request('GET', '/v2/team/other/manifests/1.0.0')).status).toBe(404);
  const changed = { name: 'other', version: '1.0.0', files: { 'other.txt': 'other' } };
  expect((await pushChart(rebuilt, 'team/other', changed)).status).toBe(409);
  expect((await pushChart(rebuilt, 'team/other', { name: 'other', version: '1.0.0' })).status).toBe(201);
});

test('a rebuilt registry is journaled anew, and can be rebuilt again', async () => {
  await using registry = await startRegistry();
  await pushAll(registry);
  const before = await readAll(registry.request);
  await using once = await rebuildElsewhere(registry);
  expect(
    (await readdir(join(once.dataDir, 'journal'))).filter((name) => name.startsWith('rebuilt-from-')),
  ).toHaveLength(1);
  await using twice = await rebuildElsewhere(once);
  expect(await readAll(twice.request)).toEqual(before);
});

test('a database that is there is not touched, nor a folder without a journal', async () => {
  await using registry = await startRegistry();
  await pushArtifact(registry, 'one', 'latest', 'one');
  await expect(rebuildDatabase(configOf(registry.dataDir))).rejects.toThrow('another chartroom serves the folder');
  await registry.stop();
  const database = join(registry.dataDir, 'chartroom.db');
  await expect(rebuildDatabase(configOf(registry.dataDir))).rejects.toThrow(
    `${database} is there: when it cannot be used`,
  );
  expect((await stat(database)).size).toBeGreaterThan(0);
  await using empty = await temporaryFolder();
  await expect(rebuildDatabase(configOf(empty.path))).rejects.toThrow(`there is no journal in ${empty.path}`);
  expect(await readdir(empty.path)).toEqual([]);
  await registry.restart();
});

/** Charts with floating tags, a yanked, a deprecated and a deleted one, artifacts, an index, a referrer, a public namespace. */
async function pushAll(registry: TestRegistry): Promise<void> {
  const json = { 'content-type': 'application/json' };
  const settings = JSON.stringify({ path: 'team/web', visibility: 'public', floatingTags: true });
  const set = await registry.request('PUT', '/api/v1/namespaces', { body: settings, headers: json });
  expect(set.status, await set.text()).toBeLessThan(300);
  for (const version of ['1.0.0', '1.1.0', '2.0.0', '3.0.0', '1.2.0-rc.1+build']) {
    const provenance = version === '2.0.0' ? { provenance: 'signature' } : {};
    expect((await pushChart(registry, 'team/web', { name: 'web', version, ...provenance })).status).toBe(201);
  }
  const { archive } = await buildChart({ name: 'web', version: '1.0.0' });
  const prov = provenanceOf({ name: 'web', version: '1.0.0', archive }, 'added later');
  expect((await registry.request('POST', '/api/team/prov', { body: prov })).status).toBe(201);
  const yank = JSON.stringify({ kind: 'yanked', reason: 'broken' });
  const yanked = await registry.request('PUT', '/api/v1/charts/team/web/-/versions/1.1.0/notice', {
    body: yank,
    headers: json,
  });
  expect(yanked.status, await yanked.text()).toBeLessThan(300);
  expect((await registry.request('DELETE', '/v2/team/web/manifests/3.0.0')).status).toBe(202);
  for (const content of ['first', 'second']) await pushArtifact(registry, 'team/tool', 'latest', content);
  await pushReferrerAndIndex(registry);
}

async function pushReferrerAndIndex(registry: TestRegistry): Promise<void> {
  const subject = await registry.request('GET', '/v2/team/tool/manifests/latest');
  const bytes = Buffer.from(await subject.arrayBuffer());
  await pushBlob(registry, 'team/tool', Buffer.from('signed'));
  const referrer = {
    ...{ schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: 'application/vnd.example.signature' },
    config: descriptorOf(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json'),
    layers: [descriptorOf(Buffer.from('signed'), 'application/octet-stream')],
    subject: descriptorOf(bytes, OCI_MANIFEST),
  };
  const content = Buffer.from(JSON.stringify(referrer));
  expect((await putManifest(registry, 'team/tool', digestOf(content), content)).status).toBe(201);
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [descriptorOf(bytes, OCI_MANIFEST)] };
  const options = { mediaType: OCI_INDEX };
  expect((await putManifest(registry, 'team/tool', 'all', Buffer.from(JSON.stringify(index)), options)).status).toBe(
    201,
  );
}

/** What clients see, by path. */
async function readAll(request: TestRegistry['request']) {
  const latest = (await request('GET', '/v2/team/tool/manifests/latest')).headers.get('docker-content-digest');
  const paths = [
    '/v2/_catalog',
    '/v2/team/web/tags/list',
    '/v2/team/tool/tags/list',
    ...['1', '1.0', '2', '1.0.0', '1.1.0', '3.0.0', '1.2.0-rc.1_build'].map((tag) => `/v2/team/web/manifests/${tag}`),
    ...['latest', 'all'].map((tag) => `/v2/team/tool/manifests/${tag}`),
    `/v2/team/tool/referrers/${latest}`,
    '/team/index.yaml',
    '/team/charts/web-1.0.0.tgz.prov',
    '/api/v1/charts/team/web/-/versions',
    '/api/v1/namespaces',
  ] as const;
  const seen = paths.map(async (path) => {
    const answer = await request('GET', path);
    return [path, { status: answer.status, body: withoutServer(await answer.text()) }] as const;
  });
  return Object.fromEntries(await Promise.all(seen)) as Record<
    (typeof paths)[number],
    { status: number; body: string }
  >;
}

/** Each server has its own address, and says when it made a document. */
function withoutServer(text: string): string {
  return text.replace(/127\.0\.0\.1:\d+/g, 'HOST').replace(/"?generated"?: ?"?[^",\n]+"?/, 'generated');
}

interface RebuiltRegistry extends TestRegistry {
  readonly losses: readonly string[];
}

/** Of all that the folder of a registry, which is stopped, holds but its database. */
async function rebuildElsewhere(
  registry: TestRegistry,
  damage: (dataDir: string) => Promise<void> = async () => undefined,
): Promise<RebuiltRegistry> {
  await registry.stop();
  const place = await temporaryFolder();
  const dataDir = join(place.path, 'data');
  await mkdir(dataDir);
  for (const name of ['blobs', 'journal'])
    await cp(join(registry.dataDir, name), join(dataDir, name), { recursive: true });
  await registry.restart();
  await damage(dataDir);
  const { losses } = await rebuildDatabase(configOf(dataDir));
  const open = () => openApp({ ...configOf(dataDir), adminPassword: ADMIN_PASSWORD }, pino({ level: 'silent' }));
  let app = await open();
  let url = await app.server.listen({ host: '127.0.0.1', port: 0 });
  const request: TestRegistry['request'] = async (method, path, options = {}) => {
    const as = 'as' in options ? options.as : ADMIN;
    const authorization = as ? { authorization: `Basic ${Buffer.from(as).toString('base64')}` } : {};
    const body = options.body === undefined ? {} : { body: options.body };
    return await fetch(`${url}${path}`, {
      method,
      headers: { ...authorization, ...options.headers },
      ...body,
    } as RequestInit);
  };
  return {
    ...registry,
    get url() {
      return url;
    },
    ...{ dataDir, losses, request },
    stop: async () => await app[Symbol.asyncDispose](),
    restart: async () => {
      app = await open();
      url = await app.server.listen({ host: '127.0.0.1', port: 0 });
    },
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}
