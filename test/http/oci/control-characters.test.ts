// Characters that no name has and no database takes are refused at the door.
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { errorOf, putManifest } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, type Fields, imageManifest } from '../support/manifests.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
await putManifest(registry, 'team/web', 'tip', bytesOf(await imageManifest(registry, 'team/web')));
const DIGEST = digestOf(Buffer.from('a subject'));
const CHARACTERS = ['%00', '%0A', '%1b', '%7F', '%C2%85'];

describe.each(CHARACTERS)('in a query: %s', (character) => {
  test.each([
    ['last', `/v2/_catalog?last=a${character}`],
    ['last', `/v2/team/web/tags/list?n=2&last=${character}`],
    ['last', `/v2/team/web/referrers/${DIGEST}?last=a${character}b`],
    ['artifactType', `/v2/team/web/referrers/${DIGEST}?artifactType=a${character}`],
  ])('%s of %s', async (name, path) => {
    const answer = await registry.request('GET', path);
    expect(answer.status).toBe(400);
    expect(await errorOf(answer)).toEqual({
      code: 'UNSUPPORTED',
      message: `"${name}" in the query has a control character, which nothing here is named with`,
    });
  });
});

describe('in a manifest', () => {
  const layer = { mediaType: 'text/plain\0', digest: DIGEST, size: 1 };
  test.each<[string, Fields]>([
    ['the artifact type', { artifactType: 'application/x\0y' }],
    ['the artifact type', { artifactType: 'application/x\ny' }],
    ['the type of the config', { config: layer }],
    ['the type of a layer', { layers: [layer] }],
    ['the type of the subject', { subject: layer }],
    ['the name of an annotation', { annotations: { 'a\0b': 'c' } }],
  ])('%s', async (_what, fields) => {
    const manifest = bytesOf(await imageManifest(registry, 'team/web', fields));
    const answer = await putManifest(registry, 'team/web', 'control', manifest);
    const error = await errorOf(answer);
    expect([answer.status, error.code]).toEqual([400, 'MANIFEST_INVALID']);
    expect(error.message).toContain('control character');
  });
});

test('a manifest of more than 2,000 descriptors is refused', async () => {
  const { layers, ...rest } = await imageManifest(registry, 'team/many');
  const [layer] = layers as readonly unknown[];
  const push = async (count: number) =>
    await putManifest(registry, 'team/many', `of-${count}`, bytesOf({ ...rest, layers: Array(count).fill(layer) }));
  expect((await push(2_000)).status).toBe(201);
  const answer = await push(2_001);
  expect([answer.status, await errorOf(answer)]).toEqual([
    400,
    {
      code: 'MANIFEST_INVALID',
      message: 'the manifest is invalid: "layers" has 2001 descriptors, at most 2000 are taken',
    },
  ]);
});
