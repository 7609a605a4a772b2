// Deleting a blob from a repository.
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { errorOf, pushArtifact, pushBlob } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

async function remove(repository: string, digest: string): Promise<Response> {
  return await registry.request('DELETE', `/v2/${repository}/blobs/${digest}`);
}

async function has(repository: string, digest: string): Promise<boolean> {
  return (await registry.request('HEAD', `/v2/${repository}/blobs/${digest}`)).status === 200;
}

test('a deleted blob is gone, and can be pushed again', async () => {
  const bytes = Buffer.from('comes back');
  const digest = await pushBlob(registry, 'team/web', bytes);
  expect((await remove('team/web', digest)).status).toBe(202);
  expect(await has('team/web', digest)).toBe(false);
  const again = await remove('team/web', digest);
  expect([again.status, (await errorOf(again)).code]).toEqual([404, 'BLOB_UNKNOWN']);
  await pushBlob(registry, 'team/web', bytes);
  expect(await has('team/web', digest)).toBe(true);
});

test('another repository keeps the blob', async () => {
  const digest = await pushBlob(registry, 'team/web', Buffer.from('shared'));
  await pushBlob(registry, 'team/other', Buffer.from('shared'));
  await remove('team/web', digest);
  expect(await has('team/other', digest)).toBe(true);
});

test('a blob that a manifest needs is not deleted, until that manifest is', async () => {
  const pushed = await pushArtifact(registry, 'team/used', 'latest', 'needed');
  const manifest = pushed.headers.get('docker-content-digest');
  const digest = digestOf(Buffer.from('needed'));
  const answer = await remove('team/used', digest);
  expect(answer.status).toBe(409);
  const { code, message } = await errorOf(answer);
  expect(code).toBe('DENIED');
  expect(message).toContain(`is part of manifest ${manifest} in team/used: delete that first`);
  expect(await has('team/used', digest)).toBe(true);
  await registry.request('DELETE', `/v2/team/used/manifests/${manifest}`);
  expect((await remove('team/used', digest)).status).toBe(202);
});

test('a DELETE that says that it has a body of some type works as any other', async () => {
  for (const type of ['application/json', 'application/octet-stream']) {
    const digest = await pushBlob(registry, 'team/web', Buffer.from(type));
    const headers = { 'content-type': type };
    expect((await registry.request('DELETE', `/v2/team/web/blobs/${digest}`, { headers })).status).toBe(202);
  }
});

test('a blob that never was is 404, and something that is no digest 400', async () => {
  expect((await remove('team/web', digestOf(Buffer.from('never')))).status).toBe(404);
  const answer = await remove('team/web', 'latest');
  expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'DIGEST_INVALID']);
});
