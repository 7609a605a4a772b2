// Garbage collection of manifests that other manifests keep: they go together with all that keeps them, or stay.
import { expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { pushArtifact, putManifest } from '../support/artifacts.ts';
import type { TestRegistry } from '../support/start-registry.ts';
import { DAY, type GarbageRegistry, HOUR, startGarbageRegistry } from './support/garbage-registry.ts';

const MINUTE = 60 * 1000;
const NOTHING = { manifests: 0, blobs: 0 };

interface Part {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

function descriptorOfIndex(bytes: Buffer): Part {
  return { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length };
}

function indexOf(manifests: readonly Part[], subject?: Part): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests, subject }));
}

async function pushPart(registry: TestRegistry, tag: string): Promise<Part> {
  await pushArtifact(registry, 'team/tool', tag, tag);
  const answer = await registry.request('HEAD', `/v2/team/tool/manifests/${tag}`);
  const digest = answer.headers.get('docker-content-digest') as Digest;
  return { mediaType: OCI_MANIFEST, digest, size: Number(answer.headers.get('content-length')) };
}

async function pushIndex(registry: TestRegistry, index: Buffer, tag: string = digestOf(index)): Promise<Part> {
  expect((await putManifest(registry, 'team/tool', tag, index, { mediaType: OCI_INDEX })).status).toBe(201);
  return descriptorOfIndex(index);
}

async function untag(registry: TestRegistry, tag: string): Promise<void> {
  expect((await registry.request('DELETE', `/v2/team/tool/manifests/${tag}`)).status).toBe(202);
}

/** Which of them are served: whoever only reads them does not keep them. */
async function served(registry: TestRegistry, parts: readonly Part[]): Promise<readonly boolean[]> {
  const answers = await Promise.all(
    parts.map(({ digest }) => registry.request('GET', `/v2/team/tool/manifests/${digest}`)),
  );
  return answers.map(({ status }) => status === 200);
}

/** An index that lists three manifests, and has the first of them as its subject; then what it is made of. */
async function pushCircle({ registry }: GarbageRegistry): Promise<{ readonly index: Buffer; readonly all: Part[] }> {
  const parts: Part[] = [];
  for (const tag of ['one', 'two', 'three']) parts.push(await pushPart(registry, tag));
  const index = indexOf(parts, parts[0]);
  return { index, all: [await pushIndex(registry, index), ...parts] };
}

async function untagParts({ registry }: GarbageRegistry): Promise<void> {
  for (const tag of ['one', 'two', 'three']) await untag(registry, tag);
}

/** One that each manifest keeps the next of, and the last the first: an index, what it lists, and a chain of referrers. */
async function pushRing({ registry }: GarbageRegistry, length: number): Promise<readonly Part[]> {
  const all = [await pushPart(registry, 'one')];
  while (all.length < length - 1) all.push(await pushIndex(registry, indexOf([], all.at(-1))));
  all.push(await pushIndex(registry, indexOf(all.slice(0, 1), all.at(-1))));
  await untag(registry, 'one');
  return all;
}

test('an index and what it lists go in one run, an hour after no tag leads to them', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, clock, collect } = opened;
  const part = await pushPart(registry, 'part');
  const all = [part, await pushIndex(registry, indexOf([part]), 'all')];
  await untag(registry, 'part');
  await collect();
  clock.advance(DAY);
  expect(await collect()).toMatchObject(NOTHING);
  await untag(registry, 'all');
  expect(await collect()).toMatchObject(NOTHING);
  clock.advance(HOUR - 1);
  expect(await collect()).toMatchObject(NOTHING);
  expect(await served(registry, all)).toEqual([true, true]);
  clock.advance(1);
  expect(await collect()).toMatchObject({ manifests: 2 });
  expect(await served(registry, all)).toEqual([false, false]);
});

test('manifests that keep each other stay as long as one is tagged, and go in one run with all that hangs on them', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, clock, collect, stored } = opened;
  const { all } = await pushCircle(opened);
  await untag(registry, 'two');
  await untag(registry, 'three');
  await collect();
  clock.advance(DAY);
  expect(await collect()).toMatchObject(NOTHING);
  await untag(registry, 'one');
  expect(await collect()).toMatchObject(NOTHING);
  clock.advance(HOUR - 1);
  expect(await collect()).toMatchObject(NOTHING);
  expect(await served(registry, all)).toEqual([true, true, true, true]);
  clock.advance(1);
  expect(await collect()).toMatchObject({ manifests: 4 });
  expect(await served(registry, all)).toEqual([false, false, false, false]);
  clock.advance(HOUR);
  expect(await collect()).toMatchObject({ manifests: 0, blobs: 4 });
  expect(await stored()).toEqual([]);
});

test('all of it goes in one run with no grace period', async () => {
  await using opened = await startGarbageRegistry();
  const { collect, stored } = opened;
  await pushCircle(opened);
  await untagParts(opened);
  expect(await collect({ gracePeriod: 0 })).toMatchObject({ manifests: 4, blobs: 4 });
  expect(await stored()).toEqual([]);
});

test('whoever asks for a manifest in order to push keeps for another grace period all that it leads to', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, clock, collect } = opened;
  const { index, all } = await pushCircle(opened);
  await untagParts(opened);
  await collect();
  clock.advance(55 * MINUTE);
  await collect();
  const asked = await registry.request('HEAD', `/v2/team/tool/manifests/${digestOf(index)}`);
  expect(asked.status).toBe(200);
  clock.advance(6 * MINUTE);
  expect(await collect()).toMatchObject(NOTHING);
  expect(await served(registry, all)).toEqual([true, true, true, true]);
  await pushIndex(registry, index, 'tagged');
  await untag(registry, 'tagged');
  clock.advance(54 * MINUTE);
  expect(await collect()).toMatchObject(NOTHING);
  clock.advance(HOUR);
  expect(await collect()).toMatchObject({ manifests: 4 });
});

test('a tag that comes and goes between two runs keeps what it has led to over several others', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, clock, collect } = opened;
  const part = await pushPart(registry, 'part');
  const inner = await pushIndex(registry, indexOf([part]));
  const outer = indexOf([inner]);
  const all = [part, inner, await pushIndex(registry, outer)];
  await untag(registry, 'part');
  await collect();
  clock.advance(50 * MINUTE);
  await pushIndex(registry, outer, 'all');
  await untag(registry, 'all');
  await collect();
  clock.advance(HOUR - 1);
  expect(await collect()).toMatchObject(NOTHING);
  expect(await served(registry, all)).toEqual([true, true, true]);
  clock.advance(1);
  expect(await collect()).toMatchObject({ manifests: 3 });
});

test('a tag that comes after they were noted keeps manifests that keep each other', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, clock, collect } = opened;
  const { index, all } = await pushCircle(opened);
  await untagParts(opened);
  await collect();
  clock.advance(HOUR - 1);
  await pushIndex(registry, index, 'all');
  for (let run = 0; run < 3; run += 1) {
    clock.advance(DAY);
    expect(await collect()).toMatchObject(NOTHING);
  }
  expect(await served(registry, all)).toEqual([true, true, true, true]);
});

test('a dry run counts what the run after it takes', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, clock, collect } = opened;
  const { all } = await pushCircle(opened);
  await untagParts(opened);
  await collect();
  clock.advance(55 * MINUTE);
  const late = await pushPart(registry, 'late');
  const keeper = await pushIndex(registry, indexOf([late]));
  await untag(registry, 'late');
  await collect();
  clock.advance(6 * MINUTE);
  const counted = await collect({ dryRun: true });
  expect(counted).toMatchObject({ manifests: 4 });
  expect(await served(registry, [...all, late, keeper])).not.toContain(false);
  expect(await collect()).toEqual(counted);
  expect(await collect()).toMatchObject({ manifests: 0 });
  expect(await served(registry, [late, keeper])).toEqual([true, true]);
});

test('a hundred manifests that keep each other go, and more stay', async () => {
  await using opened = await startGarbageRegistry();
  const { registry, clock, collect } = opened;
  const ring = await pushRing(opened, 101);
  expect(await collect({ gracePeriod: 0 })).toMatchObject(NOTHING);
  clock.advance(DAY);
  expect(await collect()).toMatchObject(NOTHING);
  expect(await served(registry, ring)).not.toContain(false);
  // Another registry, since a shorter ring would have some of the same manifests.
  await using shorter = await startGarbageRegistry();
  await pushRing(shorter, 100);
  await shorter.collect();
  shorter.clock.advance(HOUR);
  expect(await shorter.collect()).toMatchObject({ manifests: 100 });
});
