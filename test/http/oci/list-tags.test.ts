// Listing tags: order, pages, and repositories without any.
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { errorOf, putManifest } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, imageManifest } from '../support/manifests.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

/** Points many tags at one manifest, a hundred a request. */
async function pushTags(repository: string, tags: readonly string[]): Promise<void> {
  const bytes = bytesOf(await imageManifest(registry, repository));
  for (let start = 0; start < tags.length; start += 100) {
    const query = new URLSearchParams(tags.slice(start, start + 100).map((tag): [string, string] => ['tag', tag]));
    const answer = await registry.request('PUT', `/v2/${repository}/manifests/${digestOf(bytes)}?${query}`, {
      body: bytes,
      headers: { 'content-type': OCI_MANIFEST },
    });
    if (answer.status !== 201) throw new Error(await answer.text());
  }
}

interface Page {
  readonly tags: readonly string[];
  readonly link: string | null;
}

async function list(repository: string, query = ''): Promise<Page> {
  const answer = await registry.request('GET', `/v2/${repository}/tags/list${query}`);
  expect(answer.status).toBe(200);
  const { name, tags } = (await answer.json()) as { name: string; tags: string[] };
  expect(name).toBe(repository);
  return { tags, link: answer.headers.get('link') };
}

/** Follows `Link` from the first page to the last. */
async function walk(repository: string, query: string): Promise<readonly Page[]> {
  const pages: Page[] = [await list(repository, query)];
  for (let link = pages[0]?.link; link; link = pages.at(-1)?.link) {
    const [, path, next] = /^<(\/v2\/.+\/tags\/list)(\?[^>]*)>; rel="next"$/.exec(link) ?? [];
    expect(path).toBe(`/v2/${repository}/tags/list`);
    pages.push(await list(repository, next));
  }
  return pages;
}

const UNSORTED = [
  'b',
  'a',
  'B',
  'A',
  '10.0.0',
  '9.0.0',
  '1.0.0',
  '_x',
  '1.0.0-rc.1',
  'a.b',
  'a-b',
  'aa',
  '1.0.0_build',
];
const SORTED = [...UNSORTED].sort();
await pushTags('few', UNSORTED);
const MANY = Array.from({ length: 1_203 }, (_, index) => `1.${index}.0`);
await pushTags('many', MANY);
const MANY_SORTED = [...MANY].sort();

describe('the list of tags', () => {
  test('has all of them in byte order, without a next page', async () => {
    expect(await list('few')).toEqual({ tags: SORTED, link: null });
    expect(await list('many')).toEqual({ tags: MANY_SORTED, link: null });
  });

  test('is JSON without parameters in its type', async () => {
    const answer = await registry.request('GET', '/v2/few/tags/list');
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  test('is empty, never null, for a repository without a tag', async () => {
    await pushTags('untagged', ['only']);
    await registry.request('DELETE', '/v2/untagged/manifests/only');
    expect(await (await registry.request('GET', '/v2/untagged/tags/list')).text()).toBe(
      '{"name":"untagged","tags":[]}',
    );
  });

  test('is not there for a repository that nothing was pushed to, and says so', async () => {
    for (const query of ['', '?n=0', '?n=5&last=a']) {
      const answer = await registry.request('GET', `/v2/absent/tags/list${query}`);
      expect(answer.status).toBe(404);
      const { code, message } = await errorOf(answer);
      expect(code).toBe('NAME_UNKNOWN');
      expect(message).toContain('there is no repository absent');
    }
  });

  test('shows a tag once, however often it was pushed', async () => {
    const bytes = bytesOf(await imageManifest(registry, 'repeated'));
    for (const tag of ['a', 'a', 'b', 'a']) await putManifest(registry, 'repeated', tag, bytes);
    expect((await list('repeated')).tags).toEqual(['a', 'b']);
  });

  test('is not sent again to whoever has it, until a tag is added', async () => {
    await pushTags('etag', ['a']);
    const first = await registry.request('GET', '/v2/etag/tags/list');
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    const same = await registry.request('GET', '/v2/etag/tags/list', { headers });
    expect([same.status, await same.text()]).toEqual([304, '']);
    await pushTags('etag', ['b']);
    const changed = await registry.request('GET', '/v2/etag/tags/list', { headers });
    expect([changed.status, await changed.json()]).toEqual([200, { name: 'etag', tags: ['a', 'b'] }]);
  });
});

describe('pages', () => {
  test('of n tags are linked by a relative address', async () => {
    const page = await list('few', '?n=3');
    expect(page.tags).toEqual(SORTED.slice(0, 3));
    expect(page.link).toBe(`</v2/few/tags/list?last=${SORTED[2]}&n=3>; rel="next"`);
  });

  test.each([1, 2, 5, 12, 13])('of %i tags cover the list without a gap or a repetition', async (n) => {
    const pages = await walk('few', `?n=${n}`);
    expect(pages.flatMap((page) => page.tags)).toEqual(SORTED);
    expect(pages).toHaveLength(Math.ceil(SORTED.length / n));
  });

  test('of 1,203 tags are walked by their links', async () => {
    const pages = await walk('many', '?n=250');
    expect(pages.map((page) => page.tags.length)).toEqual([250, 250, 250, 250, 203]);
    expect(pages.flatMap((page) => page.tags)).toEqual(MANY_SORTED);
  });

  test('of a repository with many segments keep its name in the link', async () => {
    await pushTags('team/charts/very/deep', ['a', 'b', 'c']);
    expect((await walk('team/charts/very/deep', '?n=1')).flatMap((page) => page.tags)).toEqual(['a', 'b', 'c']);
  });

  test('that hold all that is left have no link', async () => {
    expect((await list('few', `?n=${SORTED.length}`)).link).toBe(null);
    expect((await list('few', `?n=3&last=${SORTED.at(-4)}`)).link).toBe(null);
  });

  test('of no tags are empty and have no link', async () => {
    expect(await list('few', '?n=0')).toEqual({ tags: [], link: null });
    expect(await list('few', '?n=0&last=a')).toEqual({ tags: [], link: null });
  });

  test.each(['99999', '999999999999999999999999', '-1', '1.5', 'ten', '1e3', '', '%00'])(
    'of n=%s, which is no number that we serve, hold everything',
    async (n) => {
      expect(await list('few', `?n=${n}`)).toEqual({ tags: SORTED, link: null });
    },
  );

  test('start behind last, whether there is such a tag or not', async () => {
    expect((await list('few', '?last=9.0.0')).tags).toEqual(SORTED.slice(SORTED.indexOf('9.0.0') + 1));
    expect((await list('few', '?last=9.5.0')).tags).toEqual(SORTED.slice(SORTED.indexOf('9.0.0') + 1));
    expect((await list('few', '?last=')).tags).toEqual(SORTED);
    expect(await list('few', '?last=zzz')).toEqual({ tags: [], link: null });
    expect(await list('few', '?last=%F0%9F%98%80&n=3')).toEqual({ tags: [], link: null });
  });

  test('with a last that is no tag do no harm', async () => {
    for (const last of ["'; drop table tags; --", '%', '"', 'x'.repeat(5_000)]) {
      expect((await registry.request('GET', `/v2/few/tags/list?last=${encodeURIComponent(last)}`)).status).toBe(200);
    }
    expect((await list('few')).tags).toEqual(SORTED);
  });

  test('asked for twice at once are refused', async () => {
    expect((await registry.request('GET', '/v2/few/tags/list?n=1&n=2')).status).toBe(400);
  });
});
