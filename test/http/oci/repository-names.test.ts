// Repository names: many segments, the words of the protocol within them, and what no name may be.
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { errorOf, pushBlob, putManifest } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, imageManifest } from '../support/manifests.ts';
import { sendRaw } from '../support/raw-request.ts';
import { storedFiles } from '../support/stored-files.ts';
import { finish, patch, standing, startUpload } from '../support/uploads.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const DIGEST = digestOf(Buffer.from('never pushed'));
const LONGEST = `${'a'.repeat(63)}/${'b'.repeat(63)}/${'c'.repeat(63)}/${'d'.repeat(63)}`;

describe.each([
  'web',
  '0',
  'team/charts/very/deep/web',
  'a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p',
  'with.dot/under_score/double__under/da-sh/many---dashes',
  LONGEST,
  'manifests',
  'blobs/uploads',
  'tags/list',
  'a/blobs',
  'a/blobs/uploads',
  'a/manifests/latest',
  'a/tags/list',
  'a/referrers',
  'blobs/uploads/blobs/uploads',
  'manifests/manifests/manifests',
  'v2/v2',
  'token',
  '_catalog'.slice(1),
])('a repository called %s', (name) => {
  test('takes every kind of request', async () => {
    const content = Buffer.from(`blob of ${name}`);
    const location = await startUpload(registry, name);
    expect(location).toMatch(new RegExp(`^/v2/${name}/blobs/uploads/[a-f0-9-]{36}$`));
    expect((await patch(registry, location, content.toString())).status).toBe(202);
    expect((await standing(registry, location))[0]).toBe(204);
    expect((await finish(registry, location, digestOf(content))).status).toBe(201);
    expect((await registry.request('DELETE', await startUpload(registry, name))).status).toBe(204);
    const blob = await registry.request('GET', `/v2/${name}/blobs/${digestOf(content)}`);
    expect(await blob.text()).toBe(content.toString());
    const subject = { mediaType: OCI_MANIFEST, digest: DIGEST, size: 1 };
    const bytes = bytesOf(await imageManifest(registry, name, { subject }));
    expect((await putManifest(registry, name, 'tip', bytes)).status).toBe(201);
    const manifest = await registry.request('GET', `/v2/${name}/manifests/tip`);
    expect(Buffer.from(await manifest.arrayBuffer())).toEqual(bytes);
    const tags = await registry.request('GET', `/v2/${name}/tags/list`);
    expect(await tags.json()).toEqual({ name, tags: ['tip'] });
    const referrers = await registry.request('GET', `/v2/${name}/referrers/${DIGEST}`);
    expect(await referrers.text()).toContain(digestOf(bytes));
    const mounted = await registry.request(
      'POST',
      `/v2/mounted/blobs/uploads/?mount=${digestOf(content)}&from=${name}`,
    );
    expect(mounted.status).toBe(201);
    expect((await registry.request('DELETE', `/v2/${name}/blobs/${digestOf(content)}`)).status).toBe(202);
    expect((await registry.request('DELETE', `/v2/${name}/manifests/${digestOf(bytes)}`)).status).toBe(202);
  });

  test('is the same with its slashes encoded', async () => {
    const content = Buffer.from(`encoded ${name}`);
    await pushBlob(registry, name.replaceAll('/', '%2F'), content);
    const written = await registry.request('HEAD', `/v2/${name}/blobs/${digestOf(content)}`);
    const encoded = await registry.request('HEAD', `/v2/${name.replaceAll('/', '%2f')}/blobs/${digestOf(content)}`);
    expect([written.status, encoded.status]).toEqual([200, 200]);
  });
});

test('repositories above, beside and below each other have nothing in common', async () => {
  for (const name of ['x', 'x/y', 'x/y/z']) {
    await putManifest(registry, name, name.replaceAll('/', '-'), bytesOf(await imageManifest(registry, name)));
  }
  for (const name of ['x', 'x/y', 'x/y/z']) {
    const tags = await registry.request('GET', `/v2/${name}/tags/list`);
    expect(await tags.json()).toEqual({ name, tags: [name.replaceAll('/', '-')] });
  }
});

describe('something that is no name is refused, and nothing is stored', () => {
  test.each([
    ['upper case', 'Team/web'],
    ['a leading dash', '-web'],
    ['a trailing dot', 'web.'],
    ['three underscores', 'a___b'],
    ['two dots', 'a..b'],
    ['a dot alone', 'team/%2e/web'],
    ['the folder above', 'team/../web'],
    ['the folder above, encoded', 'team/%2e%2e/web'],
    ['the folder above, twice encoded', 'team/%252e%252e/web'],
    ['all folders above', '..%2f..%2f..%2fetc'],
    ['a leading slash', '%2fweb'],
    ['a trailing slash', 'web%2f'],
    ['an empty segment', 'team//web'],
    ['nothing', ''],
    ['a backslash', 'team%5cweb'],
    ['a NUL', 'team%00web'],
    ['a line break', 'web%0a'],
    ['a space', 'te%20am'],
    ['a plus', 'a+b'],
    ['a percent sign', 'a%25b'],
    ['a colon', 'host:5000/web'],
    ['an umlaut', 't%C3%A9am'],
    ['a letter that looks like another', '%D0%B0dmin'],
    ['a digit of another script', 'web%D9%A1'],
    ['an emoji', '%F0%9F%98%80'],
    ['a query', 'a%3Fb'],
    ['256 characters', 'a'.repeat(256)],
    ['a thousand segments', Array(1000).fill('a').join('/')],
    ['ten thousand characters', 'a'.repeat(10_000)],
    ['many dashes without an end', `a${'-'.repeat(200)}`],
  ])('for %s', async (_what, name) => {
    const files = await storedFiles(registry);
    const requests = [
      ['GET', `/v2/${name}/tags/list`],
      ['GET', `/v2/${name}/manifests/latest`],
      ['PUT', `/v2/${name}/manifests/latest`],
      ['GET', `/v2/${name}/blobs/${DIGEST}`],
      ['POST', `/v2/${name}/blobs/uploads/`],
      ['GET', `/v2/${name}/referrers/${DIGEST}`],
    ] as const;
    for (const [method, target] of requests) {
      const answer = await sendRaw(registry.url, { method, target, headers: ['Content-Length: 0'] });
      expect([target.slice(0, 80), answer.status]).toEqual([target.slice(0, 80), 400]);
      expect(JSON.parse(answer.body)).toMatchObject({ errors: [{ code: 'NAME_INVALID' }] });
    }
    expect(await storedFiles(registry)).toEqual(files);
  });

  test.each(['%', '%zz', 'a%2', '%E0%A4%A', '%C0%AE%C0%AE', '%ff'])(
    'for an encoding that is none: %s',
    async (name) => {
      const answer = await sendRaw(registry.url, { method: 'GET', target: `/v2/${name}/tags/list` });
      expect(answer.status).toBe(400);
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(JSON.parse(answer.body)).toMatchObject({ errors: [{ code: expect.any(String) }] });
    },
  );

  test('and the message says what a name is', async () => {
    const answer = await registry.request('GET', '/v2/Team/web/tags/list');
    expect((await errorOf(answer)).message).toBe(
      '"Team/web" is not a repository name: lower-case letters and digits, joined by single ".", "_", "__" or "-", in segments separated by "/"',
    );
  });
});

test('a target in absolute form, as it is sent to a proxy, is understood', async () => {
  await putManifest(registry, 'team/absolute', 'tip', bytesOf(await imageManifest(registry, 'team/absolute')));
  const target = `${registry.url}/v2/team/absolute/tags/list`;
  const answer = await sendRaw(registry.url, { method: 'GET', target });
  expect([answer.status, answer.body]).toEqual([200, '{"name":"team/absolute","tags":["tip"]}']);
});

test('addresses that are no route are 404 in the form of the spec', async () => {
  for (const path of ['/v2/team/web', '/v2/team/web/', '/v2/a/b/c', '/v3/', '/v2/web/manifests/', '/v2/_catalog/x']) {
    const answer = await registry.request('GET', path);
    expect([path, answer.status]).toEqual([path, 404]);
    expect((await errorOf(answer)).code).toMatch(/^[A-Z_]+$/);
  }
});
