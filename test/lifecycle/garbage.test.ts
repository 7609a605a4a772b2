// Garbage collection: what goes, when, and what stays.
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { holdCollection } from '../../src/tables/collection-holds.ts';
import { inDatabase } from '../registry/support/published.ts';
import { descriptorOf, prepareChart, pushArtifact, pushBlob, pushChart, putManifest } from '../support/artifacts.ts';
import { blobPath } from '../support/blob-path.ts';
import type { TestRegistry } from '../support/start-registry.ts';
import { DAY, HOUR, startGarbageRegistry, uploadFiles } from './support/garbage-registry.ts';

const NOTHING = { manifests: 0, blobs: 0, leftovers: 0, uploads: 0, bytes: 0, isHeld: false };
const WEB = { name: 'web', version: '1.0.0' };
const CONFIG = Buffer.from('{}');

async function status(registry: TestRegistry, path: string, as?: string): Promise<number> {
  return (await registry.request('HEAD', path, as === undefined ? {} : { as })).status;
}

async function digestAt(registry: TestRegistry, repository: string, tag: string): Promise<string> {
  const answer = await registry.request('HEAD', `/v2/${repository}/manifests/${tag}`);
  return answer.headers.get('docker-content-digest') ?? '';
}

async function remove(registry: TestRegistry, path: string): Promise<void> {
  expect((await registry.request('DELETE', path)).status).toBe(202);
}

/** A manifest without layers that has a subject, so that it is a referrer. */
async function pushReferrer(registry: TestRegistry, subject: string, size: number): Promise<Digest> {
  await pushBlob(registry, 'team/tool', CONFIG);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.example.signature',
      config: descriptorOf(CONFIG, 'application/vnd.oci.empty.v1+json'),
      layers: [],
      subject: { mediaType: OCI_MANIFEST, digest: subject, size },
    }),
  );
  expect((await putManifest(registry, 'team/tool', digestOf(manifest), manifest)).status).toBe(201);
  return digestOf(manifest);
}

describe('what nothing refers to goes after the grace period', () => {
  test('a manifest whose tag was moved, then its blobs, each an hour after it was found', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, clock, collect, stored } = opened;
    await pushArtifact(registry, 'team/tool', 'latest', 'first');
    const first = await digestAt(registry, 'team/tool', 'latest');
    await pushArtifact(registry, 'team/tool', 'latest', 'second');
    clock.advance(DAY);
    expect(await collect()).toEqual(NOTHING);
    clock.advance(HOUR - 1);
    expect(await collect()).toEqual(NOTHING);
    expect((await registry.request('GET', `/v2/team/tool/manifests/${first}`)).status).toBe(200);
    clock.advance(1);
    expect(await collect()).toMatchObject({ manifests: 1, blobs: 0 });
    expect(await status(registry, `/v2/team/tool/manifests/${first}`)).toBe(404);
    const layer = digestOf(Buffer.from('first'));
    // Whoever gets it does not keep it, as one who asks before a push would.
    expect((await registry.request('GET', `/v2/team/tool/blobs/${layer}`)).status).toBe(200);
    clock.advance(HOUR);
    expect(await collect()).toEqual({ ...NOTHING, blobs: 1, bytes: 5 });
    expect(await status(registry, `/v2/team/tool/blobs/${layer}`)).toBe(404);
    expect(await stored()).toEqual([CONFIG, Buffer.from('second')].map((bytes) => digestOf(bytes)).toSorted());
    expect(await collect()).toEqual(NOTHING);
  });

  test('a blob for which no manifest ever came', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, clock, collect, stored } = opened;
    await pushBlob(registry, 'team/tool', Buffer.from('alone'));
    expect(await collect()).toEqual(NOTHING);
    clock.advance(HOUR);
    expect(await collect()).toEqual({ ...NOTHING, blobs: 1, bytes: 5 });
    expect(await stored()).toEqual([]);
  });

  test('a blob that was deleted, at once', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, collect, stored } = opened;
    const digest = await pushBlob(registry, 'team/tool', Buffer.from('deleted'));
    await remove(registry, `/v2/team/tool/blobs/${digest}`);
    expect(await collect()).toEqual({ ...NOTHING, blobs: 1, bytes: 7 });
    expect(await stored()).toEqual([]);
  });

  test('with no grace period all of it in one run: an index, what it lists, what refers to that, and their blobs', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, collect, stored } = opened;
    await pushArtifact(registry, 'team/tool', 'part', 'content');
    const part = await digestAt(registry, 'team/tool', 'part');
    const size = Number((await registry.request('HEAD', '/v2/team/tool/manifests/part')).headers.get('content-length'));
    const descriptor = { mediaType: OCI_MANIFEST, digest: part, size };
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [descriptor] }));
    expect((await putManifest(registry, 'team/tool', 'all', index, { mediaType: OCI_INDEX })).status).toBe(201);
    await pushReferrer(registry, part, size);
    await remove(registry, '/v2/team/tool/manifests/part');
    expect(await collect({ gracePeriod: 0 })).toEqual(NOTHING);
    await remove(registry, '/v2/team/tool/manifests/all');
    expect(await collect({ gracePeriod: 0 })).toMatchObject({ manifests: 3, blobs: 2 });
    expect(await stored()).toEqual([]);
  });

  test('what a crash left on the disk without a row, a week after it was found', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, clock, collect, stored, age } = opened;
    const digest = digestOf(Buffer.from('leftover'));
    const path = blobPath('', digest);
    await writeFile(join(registry.dataDir, path), 'leftover');
    await age(path);
    // Until then its row may still come.
    clock.advance(HOUR - 1);
    expect(await collect({ gracePeriod: 0 })).toEqual(NOTHING);
    clock.advance(2);
    expect(await collect({ gracePeriod: 0 })).toEqual(NOTHING);
    clock.advance(7 * DAY - 1);
    expect(await collect({ gracePeriod: 0 })).toEqual(NOTHING);
    clock.advance(1);
    expect(await collect({ withLeftovers: false })).toEqual(NOTHING);
    expect(await collect()).toEqual({ ...NOTHING, leftovers: 1, bytes: 8 });
    expect(await stored()).toEqual([]);
  });

  test('an upload that nobody has gone on with for a day', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, clock, collect, age } = opened;
    const start = async () =>
      (await registry.request('POST', '/v2/team/tool/blobs/uploads/')).headers.get('location') ?? '';
    const [abandoned, active] = [await start(), await start()];
    for (const upload of [abandoned, active]) await registry.request('PATCH', upload, { body: 'abc' });
    clock.advance(DAY);
    await age(`uploads/${active.split('/').at(-1)}`);
    // The file of the other one has the time of the machine, which has gone on meanwhile.
    clock.advance(HOUR);
    expect(await collect()).toEqual({ ...NOTHING, uploads: 1, bytes: 3 });
    expect(await uploadFiles(registry)).toEqual([active.split('/').at(-1)]);
    expect((await registry.request('GET', abandoned)).status).toBe(404);
    expect((await registry.request('GET', active)).status).toBe(204);
  });
});

describe('what stays', () => {
  test('all that a published chart needs, and every manifest of it that helm push has shown', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, clock, collect, stored } = opened;
    await pushChart(registry, 'team/web', { ...WEB, provenance: 'signature' });
    const again = await prepareChart(registry, 'team/web', {
      ...WEB,
      provenance: 'signature',
      created: '2027-01-01T00:00:00Z',
    });
    expect((await putManifest(registry, 'team/web', '1.0.0', again.manifest)).status).toBe(201);
    expect(await digestAt(registry, 'team/web', '1.0.0')).not.toBe(digestOf(again.manifest));
    const before = await stored();
    for (let run = 0; run < 3; run += 1) {
      clock.advance(HOUR);
      expect(await collect()).toEqual(NOTHING);
    }
    expect(await stored()).toEqual(before);
    expect(await status(registry, `/v2/team/web/manifests/${digestOf(again.manifest)}`)).toBe(200);
    await remove(registry, '/v2/team/web/manifests/1.0.0');
    expect(await collect({ gracePeriod: 0 })).toMatchObject({ manifests: 2, blobs: 3 });
  });

  test('a yanked version', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, collect } = opened;
    await pushChart(registry, 'team/web', WEB);
    const yanked = await registry.request('PUT', '/api/v1/charts/team/web/-/versions/1.0.0/notice', {
      body: JSON.stringify({ kind: 'yanked' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(yanked.status).toBe(200);
    expect(await collect({ gracePeriod: 0 })).toEqual(NOTHING);
  });

  test('a provenance file that came after its chart', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, collect } = opened;
    const signed = await prepareChart(registry, 'other/web', { ...WEB, provenance: 'signature' });
    const form = new FormData();
    form.set('chart', new Blob([new Uint8Array(signed.archive)]), 'web-1.0.0.tgz');
    const url = `${registry.url}/api/team/charts`;
    const authorization = `Basic ${Buffer.from('admin:administrator-password').toString('base64')}`;
    expect((await fetch(url, { method: 'POST', body: form, headers: { authorization } })).status).toBe(201);
    const provenance = await registry.request('GET', `/v2/other/web/blobs/${provenanceLayer(signed.manifest)}`);
    const answer = await registry.request('POST', '/api/team/prov', {
      body: Buffer.from(await provenance.arrayBuffer()),
    });
    expect(answer.status).toBe(201);
    await collect({ gracePeriod: 0 });
    expect((await registry.request('GET', '/team/charts/web-1.0.0.tgz.prov')).status).toBe(200);
  });

  test('a blob that another repository needs', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, collect, stored } = opened;
    await pushArtifact(registry, 'team/tool', 'latest', 'shared');
    await pushBlob(registry, 'team/other', Buffer.from('shared'));
    expect(await collect({ gracePeriod: 0 })).toEqual(NOTHING);
    expect(await status(registry, `/v2/team/other/blobs/${digestOf(Buffer.from('shared'))}`)).toBe(404);
    expect(await status(registry, `/v2/team/tool/blobs/${digestOf(Buffer.from('shared'))}`)).toBe(200);
    expect(await stored()).toHaveLength(2);
  });

  test('for another grace period, what somebody who may push has asked for, pushed again or mounted', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, clock, collect } = opened;
    const [asked, mounted, read] = await Promise.all(
      ['asked', 'mounted', 'read', 'pushed'].map((text) => pushBlob(registry, 'team/tool', Buffer.from(text))),
    );
    await collect();
    clock.advance(HOUR);
    await status(registry, `/v2/team/tool/blobs/${asked}`);
    await pushBlob(registry, 'team/tool', Buffer.from('pushed'));
    const mount = await registry.request('POST', `/v2/team/tool/blobs/uploads/?mount=${mounted}&from=team/tool`);
    expect(mount.status).toBe(201);
    expect((await registry.request('GET', `/v2/team/tool/blobs/${read}`)).status).toBe(200);
    expect(await collect()).toMatchObject({ blobs: 1 });
    expect(await status(registry, `/v2/team/tool/blobs/${read}`)).toBe(404);
    clock.advance(HOUR - 1);
    expect(await collect()).toEqual(NOTHING);
    clock.advance(1);
    expect(await collect()).toMatchObject({ blobs: 3 });
  });

  test('for another grace period, a manifest that somebody who may push has asked for', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, clock, collect } = opened;
    await pushArtifact(registry, 'team/tool', 'latest', 'first');
    const digest = await digestAt(registry, 'team/tool', 'latest');
    await remove(registry, '/v2/team/tool/manifests/latest');
    await collect();
    clock.advance(HOUR);
    expect(await status(registry, `/v2/team/tool/manifests/${digest}`)).toBe(200);
    expect(await collect()).toEqual(NOTHING);
    clock.advance(HOUR);
    expect(await collect()).toMatchObject({ manifests: 1 });
    expect(await status(registry, `/v2/team/tool/manifests/${digest}`)).toBe(404);
  });

  test('untagged manifests and their blobs, where the setting says so', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, collect, stored } = opened;
    await pushArtifact(registry, 'team/tool', 'latest', 'first');
    await pushArtifact(registry, 'team/tool', 'latest', 'second');
    const before = await stored();
    expect(await collect({ gracePeriod: 0, keepUntagged: true })).toEqual(NOTHING);
    expect(await stored()).toEqual(before);
  });

  test('whatever is found, should the clock have been put back', async () => {
    await using opened = await startGarbageRegistry();
    const { registry, clock, collect } = opened;
    await pushBlob(registry, 'team/tool', Buffer.from('alone'));
    clock.advance(1000 * DAY);
    await collect();
    clock.advance(-1000 * DAY);
    expect(await collect()).toEqual(NOTHING);
    clock.advance(HOUR - 1);
    expect(await collect()).toEqual(NOTHING);
    clock.advance(1);
    expect(await collect()).toMatchObject({ blobs: 1 });
  });
});

test('a dry run counts what would go now, and takes nothing', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, clock, collect, stored } = opened;
  await pushArtifact(registry, 'team/tool', 'latest', 'first');
  await pushArtifact(registry, 'team/tool', 'latest', 'second');
  for (const repository of ['team/tool', 'team/other']) await pushBlob(registry, repository, Buffer.from('alone'));
  await collect();
  clock.advance(HOUR);
  const before = await stored();
  const counted = await collect({ dryRun: true });
  expect(counted).toMatchObject({ manifests: 1, blobs: 1, leftovers: 0, uploads: 0 });
  expect(await stored()).toEqual(before);
  expect(await collect()).toEqual(counted);
});

test('while somebody copies what is stored, bytes stay, and go afterwards', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, clock, storage, collect, stored } = opened;
  const digest = await pushBlob(registry, 'team/tool', Buffer.from('alone'));
  await storage.database.transaction((tx) => holdCollection(tx, 'backup', clock.now() + HOUR));
  expect(await collect({ gracePeriod: 0 })).toEqual({ ...NOTHING, blobs: 1, bytes: 5, isHeld: true });
  expect(await status(registry, `/v2/team/tool/blobs/${digest}`)).toBe(404);
  expect(await stored()).toEqual([digest]);
  clock.advance(HOUR);
  expect(await collect()).toEqual(NOTHING);
  expect(await stored()).toEqual([]);
});

test('so few bytes are taken away at a time that no push waits long for a file system that is slow with large files', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, storage, collect, stored } = opened;
  const large = ['one', 'two', 'three'];
  for (const text of [...large, 'a', 'b', 'c']) {
    const file = blobPath(registry.dataDir, await pushBlob(registry, 'team/tool', Buffer.from(text)));
    // With a hole, so that it takes no room.
    if (large.includes(text)) await truncate(file, 100 * 1024 * 1024);
  }
  const bytes: number[] = [];
  const { transaction } = storage.database;
  const remove = storage.blobs.delete.bind(storage.blobs);
  storage.database.transaction = async (work) => {
    bytes.push(0);
    return await transaction(work);
  };
  storage.blobs.delete = async (digest) => {
    bytes.push((bytes.pop() ?? 0) + ((await storage.blobs.size(digest)) ?? 0));
    await remove(digest);
  };
  await collect({ gracePeriod: 0, withLeftovers: false });
  expect(await stored()).toEqual([]);
  expect(bytes.filter((each) => each > 128 * 1024 * 1024)).toEqual([]);
  expect(bytes.filter((each) => each > 0).length).toBeLessThanOrEqual(5);
});

test('what cannot be deleted is told, stays for the next run, and keeps nothing else', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, storage, collect, stored } = opened;
  const digests = await Promise.all(
    ['one', 'two', 'three'].map((text) => pushBlob(registry, 'team/tool', Buffer.from(text))),
  );
  const [stuck] = digests.toSorted();
  const remove = storage.blobs.delete.bind(storage.blobs);
  storage.blobs.delete = async (digest) => {
    if (digest === stuck) throw new Error('the disk does not work');
    await remove(digest);
  };
  await expect(collect({ gracePeriod: 0 })).rejects.toThrow('1 files could not be deleted');
  expect(await stored()).toEqual([stuck]);
  storage.blobs.delete = remove;
  await collect();
  expect(await stored()).toEqual([]);
});

test('the audit trail tells which manifests went, and how much in all', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, collect } = opened;
  await pushArtifact(registry, 'team/tool', 'latest', 'first');
  const digest = await digestAt(registry, 'team/tool', 'latest');
  await remove(registry, '/v2/team/tool/manifests/latest');
  const { isHeld: _isHeld, ...counts } = await collect({ gracePeriod: 0 });
  const events = await inDatabase(registry, (database) =>
    database.query<{ kind: string; actor: string; digest: string | null; detail: string }>(
      `select kind, actor, digest, detail from events where kind in ('manifest.collected', 'garbage.collected') order by id`,
    ),
  );
  expect(events).toEqual([
    { kind: 'manifest.collected', actor: 'chartroom', digest, detail: '{}' },
    { kind: 'garbage.collected', actor: 'chartroom', digest: null, detail: JSON.stringify(counts) },
  ]);
});

function provenanceLayer(manifest: Buffer): string {
  const { layers } = JSON.parse(manifest.toString()) as { layers: { mediaType: string; digest: string }[] };
  return layers.find(({ mediaType }) => mediaType.includes('provenance'))?.digest ?? '';
}
