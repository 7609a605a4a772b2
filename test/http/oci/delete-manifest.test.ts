// Deleting a tag, or a manifest with all its tags.
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { descriptorOf, errorOf, putManifest } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, imageManifest } from '../support/manifests.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

/** Pushes one manifest under several tags. @returns its digest */
async function push(repository: string, ...tags: readonly string[]): Promise<string> {
  const bytes = bytesOf(await imageManifest(registry, repository));
  for (const tag of tags) expect((await putManifest(registry, repository, tag, bytes)).status).toBe(201);
  return digestOf(bytes);
}

async function remove(repository: string, reference: string): Promise<Response> {
  return await registry.request('DELETE', `/v2/${repository}/manifests/${reference}`);
}

async function statusOf(repository: string, reference: string): Promise<number> {
  return (await registry.request('HEAD', `/v2/${repository}/manifests/${reference}`)).status;
}

async function tagsOf(repository: string): Promise<unknown> {
  return await (await registry.request('GET', `/v2/${repository}/tags/list`)).json();
}

test('deleting a tag leaves the manifest and its other tags', async () => {
  const digest = await push('by-tag', 'one', 'two');
  expect((await remove('by-tag', 'one')).status).toBe(202);
  expect(await statusOf('by-tag', 'one')).toBe(404);
  expect(await statusOf('by-tag', 'two')).toBe(200);
  expect(await statusOf('by-tag', digest)).toBe(200);
  expect(await tagsOf('by-tag')).toEqual({ name: 'by-tag', tags: ['two'] });
});

test('deleting the last tag leaves an empty list, which is not null', async () => {
  const digest = await push('last-tag', 'only');
  await remove('last-tag', 'only');
  expect(await tagsOf('last-tag')).toEqual({ name: 'last-tag', tags: [] });
  expect(await statusOf('last-tag', digest)).toBe(200);
});

test('deleting by digest takes the manifest and every tag on it', async () => {
  const digest = await push('by-digest', 'one', 'two');
  expect((await remove('by-digest', digest)).status).toBe(202);
  for (const reference of ['one', 'two', digest]) expect(await statusOf('by-digest', reference)).toBe(404);
  expect(await tagsOf('by-digest')).toEqual({ name: 'by-digest', tags: [] });
});

test('what was deleted can be pushed again, since its blobs stay', async () => {
  const bytes = bytesOf(await imageManifest(registry, 'again'));
  await putManifest(registry, 'again', 'tip', bytes);
  await remove('again', digestOf(bytes));
  expect((await putManifest(registry, 'again', 'tip', bytes)).status).toBe(201);
  expect(await statusOf('again', 'tip')).toBe(200);
});

test('a child of an index can be deleted, and the index stays', async () => {
  const image = bytesOf(await imageManifest(registry, 'index'));
  await putManifest(registry, 'index', digestOf(image), image);
  const manifests = [descriptorOf(image, OCI_MANIFEST)];
  const index = bytesOf({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  await putManifest(registry, 'index', 'all', index, { mediaType: OCI_INDEX });
  expect((await remove('index', digestOf(image))).status).toBe(202);
  expect(await statusOf('index', 'all')).toBe(200);
});

test('of ten requests that delete the same, one succeeds', async () => {
  const digest = await push('racing', 'tip');
  const answers = await Promise.all(Array.from({ length: 10 }, () => remove('racing', digest)));
  expect(answers.map((answer) => answer.status).sort()).toEqual([202, ...Array(9).fill(404)]);
});

test('what is not there is 404, with the reason', async () => {
  await push('present', 'tip');
  const tag = await remove('present', 'other');
  expect([tag.status, (await errorOf(tag)).code]).toEqual([404, 'MANIFEST_UNKNOWN']);
  const digest = await remove('present', digestOf(Buffer.from('never')));
  expect([digest.status, (await errorOf(digest)).code]).toEqual([404, 'MANIFEST_UNKNOWN']);
  const repository = await remove('absent', 'tip');
  expect([repository.status, (await errorOf(repository)).code]).toEqual([404, 'NAME_UNKNOWN']);
});

test('a digest that cannot be one is refused', async () => {
  const digest = await remove('present', 'sha256:abc');
  expect([digest.status, (await errorOf(digest)).code]).toEqual([400, 'DIGEST_INVALID']);
});
