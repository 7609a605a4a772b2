// Folding a repository name into one path segment.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldRepositoryName } from '../../src/http/fold-repository-name.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const ID = '00000000-0000-4000-8000-000000000000';
const ENDINGS = [
  'manifests/latest',
  `manifests/${DIGEST}`,
  `blobs/${DIGEST}`,
  `referrers/${DIGEST}`,
  'tags/list',
  'blobs/uploads/',
  'blobs/uploads',
  `blobs/uploads/${ID}`,
];

test('whatever words of the protocol a name is made of, it is what stands before the last of them', () => {
  const words = fc.constantFrom(
    'a',
    'team',
    'blobs',
    'uploads',
    'manifests',
    'tags',
    'list',
    'referrers',
    'v2',
    'latest',
    ID,
  );
  const names = fc.array(words, { minLength: 1, maxLength: 8 }).map((segments) => segments.join('/'));
  const queries = fc.constantFrom('', '?', '?n=1&last=a/b', '?from=a/manifests/b', `?digest=${DIGEST}`);
  fc.assert(
    fc.property(names, fc.constantFrom(...ENDINGS), queries, (name, ending, query) => {
      expect(foldRepositoryName(`/v2/${name}/${ending}${query}`)).toBe(
        `/v2/${name.replaceAll('/', '%2F')}/${ending}${query}`,
      );
    }),
  );
});

test.each([
  '/',
  '/v2',
  '/v2/',
  '/v2/_catalog',
  '/v2/_catalog?n=1&last=a/b/tags/list',
  '/token?scope=repository:a/b:pull',
  '/v2/a/b/c',
  '/v2/a/manifests/b/c',
  '/v2//tags/list',
  '/v3/a/b/tags/list',
  '/x/v2/a/b/tags/list',
  '',
])('%j, which has no name to fold, stays as it is', (url) => {
  expect(foldRepositoryName(url)).toBe(url);
});

test('what is encoded already stays so', () => {
  expect(foldRepositoryName('/v2/a%2Fb/c/tags/list')).toBe('/v2/a%2Fb%2Fc/tags/list');
  expect(foldRepositoryName('/v2/a%2fb%00/%2e%2e/tags/list')).toBe('/v2/a%2fb%00%2F%2e%2e/tags/list');
});

test('a target in absolute form is reduced to its path', () => {
  expect(foldRepositoryName('http://host:5000/v2/a/b/tags/list?n=1')).toBe('/v2/a%2Fb/tags/list?n=1');
  expect(foldRepositoryName('HTTPS://user:password@host/v2/')).toBe('/v2/');
});

test('a long path is folded, or not, without trying every way that it might be', () => {
  const long = '/blobs/uploads/manifests'.repeat(20_000);
  expect(foldRepositoryName(`/v2${long}/x/y/`)).toBe(`/v2${long}/x/y/`);
  expect(foldRepositoryName(`/v2${long}/tags/list`)).not.toContain('uploads/manifests');
});
