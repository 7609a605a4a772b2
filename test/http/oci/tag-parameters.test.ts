// Pushing a manifest with `?tag=`: several tags in one request, all or none.
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { errorOf, prepareChart, pushChart } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, imageManifest } from '../support/manifests.ts';

const registry = await startRegistry({ fixedTags: ['v*'] });
afterAll(() => registry[Symbol.asyncDispose]());

async function push(repository: string, reference: string, tags: readonly string[], bytes: Buffer): Promise<Response> {
  const query = new URLSearchParams(tags.map((tag): [string, string] => ['tag', tag]));
  return await registry.request('PUT', `/v2/${repository}/manifests/${reference}?${query}`, {
    body: bytes,
    headers: { 'content-type': OCI_MANIFEST },
  });
}

async function tagsOf(repository: string): Promise<readonly string[]> {
  const answer = await registry.request('GET', `/v2/${repository}/tags/list`);
  return answer.status === 404 ? [] : ((await answer.json()) as { tags: string[] }).tags;
}

async function image(repository: string, name = ''): Promise<Buffer> {
  return bytesOf(await imageManifest(registry, repository, { annotations: { name } }));
}

test('a push by digest sets every tag, and the answer lists them', async () => {
  const bytes = await image('several');
  const answer = await push('several', digestOf(bytes), ['1.2.3', '1.2', 'latest'], bytes);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('oci-tag')).toBe('1.2.3, 1.2, latest');
  expect(answer.headers.get('docker-content-digest')).toBe(digestOf(bytes));
  for (const tag of ['1.2.3', '1.2', 'latest']) {
    const tagged = await registry.request('HEAD', `/v2/several/manifests/${tag}`);
    expect(tagged.headers.get('docker-content-digest')).toBe(digestOf(bytes));
  }
});

test('a push by tag sets the others as well', async () => {
  const answer = await push('both', 'one', ['two', 'one', 'two'], await image('both'));
  expect([answer.status, answer.headers.get('oci-tag')]).toEqual([201, 'one, two']);
  expect(await tagsOf('both')).toEqual(['one', 'two']);
});

test('a push with a sha512 digest sets its tags', async () => {
  const bytes = await image('sha512');
  expect((await push('sha512', digestOf(bytes, 'sha512'), ['tip'], bytes)).status).toBe(201);
  const tagged = await registry.request('HEAD', '/v2/sha512/manifests/tip');
  expect(tagged.headers.get('docker-content-digest')).toBe(digestOf(bytes, 'sha512'));
});

test('a hundred tags are taken at once, and not one more', async () => {
  const tags = Array.from({ length: 101 }, (_, index) => `t${index}`);
  const bytes = await image('many');
  const refused = await push('many', digestOf(bytes), tags, bytes);
  expect([refused.status, (await errorOf(refused)).message]).toEqual([
    400,
    '"tag" in the query must not have more than 100 items',
  ]);
  expect(await tagsOf('many')).toEqual([]);
  expect((await push('many', digestOf(bytes), tags.slice(0, 100), bytes)).status).toBe(201);
  expect(await tagsOf('many')).toHaveLength(100);
});

test.each(['', 'a,b', 'a b', '.a', '-a', 'x'.repeat(129), 'a/b', 'sha256:abc'])(
  'with something that is no tag among them, none is set: "%s"',
  async (wrong) => {
    const bytes = await image('wrong');
    const answer = await push('wrong', digestOf(bytes), ['right', wrong], bytes);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'MANIFEST_INVALID']);
    expect((await registry.request('HEAD', `/v2/wrong/manifests/${digestOf(bytes)}`)).status).toBe(404);
  },
);

test('with a tag among them that is fixed to other content, none is set', async () => {
  const [first, second] = [await image('fixed', 'first'), await image('fixed', 'second')];
  await push('fixed', digestOf(first), ['v1', 'tip'], first);
  const answer = await push('fixed', digestOf(second), ['tip', 'new', 'v1'], second);
  expect([answer.status, (await errorOf(answer)).code]).toEqual([409, 'DENIED']);
  expect(await tagsOf('fixed')).toEqual(['tip', 'v1']);
  const tip = await registry.request('HEAD', '/v2/fixed/manifests/tip');
  expect(tip.headers.get('docker-content-digest')).toBe(digestOf(first));
  expect((await registry.request('HEAD', `/v2/fixed/manifests/${digestOf(second)}`)).status).toBe(404);
});

describe('a chart', () => {
  const WEB = { name: 'web', version: '1.0.0' };

  test('is published under the tag of its version', async () => {
    const { manifest } = await prepareChart(registry, 'a/web', WEB);
    const answer = await push('a/web', digestOf(manifest), ['1.0.0'], manifest);
    expect([answer.status, answer.headers.get('oci-tag')]).toEqual([201, '1.0.0']);
    expect(await tagsOf('a/web')).toEqual(['1.0.0']);
  });

  test.each(['latest', '1.0', '1', 'v1.0.0'])(
    'is refused under %s beside its version, and not published',
    async (tag) => {
      const { manifest } = await prepareChart(registry, 'b/web', WEB);
      const answer = await push('b/web', digestOf(manifest), ['1.0.0', tag], manifest);
      expect(answer.status).toBe(400);
      expect((await errorOf(answer)).message).toContain('so its tag is "1.0.0"');
      expect(await tagsOf('b/web')).toEqual([]);
    },
  );

  test('cannot take a published version this way either', async () => {
    await pushChart(registry, 'c/web', WEB);
    const { manifest } = await prepareChart(registry, 'c/web', { ...WEB, files: { 'a.txt': 'changed' } });
    const answer = await push('c/web', digestOf(manifest), ['1.0.0'], manifest);
    expect(answer.status).toBe(409);
    expect((await errorOf(answer)).message).toContain('web 1.0.0 is already published in c');
  });
});
