// A reference that cannot be a tag: nothing is there, and nothing can be put there.
import { afterAll, describe, expect, test } from 'vitest';
import { errorOf, putManifest } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, imageManifest } from '../support/manifests.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const manifest = bytesOf(await imageManifest(registry, 'team/web'));
await putManifest(registry, 'team/web', 'tip', manifest);

// The first is the one of the conformance program for OCI 1.0.
describe.each(['.INVALID_MANIFEST_NAME', '-x', 'a b', '%00', 'x'.repeat(129)])('%s', (reference) => {
  const path = `/v2/team/web/manifests/${encodeURI(decodeURI(reference))}`;

  test.each(['GET', 'DELETE'])('is unknown to %s', async (method) => {
    const answer = await registry.request(method, path);
    const error = await errorOf(answer);
    expect([answer.status, error.code]).toEqual([404, 'MANIFEST_UNKNOWN']);
    expect(error.message).toMatch(/^team\/web has no such manifest: ".*" is not a tag: 1 to 128 letters/);
  });

  test('is unknown to HEAD', async () => {
    expect((await registry.request('HEAD', path)).status).toBe(404);
  });

  test('is refused by PUT', async () => {
    const answer = await putManifest(registry, 'team/web', encodeURI(decodeURI(reference)), manifest);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'MANIFEST_INVALID']);
  });
});
