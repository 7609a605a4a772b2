// Folding a namespace into one path segment, and telling classic addresses from those of others.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldNamespace, isClassicAddress, reservedUpload } from '../../../src/http/classic/addresses.ts';

const REPOSITORY_FILES = ['index.yaml', 'charts/web-1.2.0.tgz', 'charts/web-1.2.0+7.tgz', 'charts/web-1.2.0.tgz.prov'];
const API_ENDINGS = [
  'charts',
  'prov',
  'charts/web',
  'charts/web/1.2.0',
  'charts/web/v1.2.0%2B7',
  'charts/web/latest',
  'charts/web/1.2.0/values',
  'charts/web/1.2.0/templates',
];

test.each(REPOSITORY_FILES)('%s is at the root, and below a namespace of any depth', (file) => {
  expect(foldNamespace(`/${file}`)).toBe(`/-/classic/%2F/${file}`);
  expect(foldNamespace(`/team/${file}`)).toBe(`/-/classic/team/${file}`);
  expect(foldNamespace(`/team/a/b/${file}?x=/y/index.yaml`)).toBe(`/-/classic/team%2Fa%2Fb/${file}?x=/y/index.yaml`);
});

test.each(API_ENDINGS)('/api/…/%s is at the root, and below a namespace of any depth', (ending) => {
  expect(foldNamespace(`/api/${ending}`)).toBe(`/-/classic/%2F/api/${ending}`);
  expect(foldNamespace(`/api/team/a/${ending}?force`)).toBe(`/-/classic/team%2Fa/api/${ending}?force`);
});

test('whatever words of the addresses a namespace is made of, files and uploads find it', () => {
  const words = fc.constantFrom('a', 'charts', 'index.yaml', 'prov', 'latest', 'values', 'v1', 'all', 'web');
  const namespaces = fc.array(words, { minLength: 1, maxLength: 6 }).map((segments) => segments.join('/'));
  fc.assert(
    fc.property(namespaces, fc.constantFrom(...REPOSITORY_FILES), (namespace, file) => {
      expect(foldNamespace(`/${namespace}/${file}`)).toBe(`/-/classic/${namespace.replaceAll('/', '%2F')}/${file}`);
    }),
  );
  fc.assert(
    fc.property(namespaces, fc.constantFrom('charts', 'prov'), (namespace, ending) => {
      fc.pre(!namespace.startsWith('v1'));
      expect(foldNamespace(`/api/${namespace}/${ending}`)).toBe(
        `/-/classic/${namespace.replaceAll('/', '%2F')}/api/${ending}`,
      );
    }),
  );
});

test.each([
  ['/api/charts/charts', '/-/classic/charts/api/charts'],
  ['/api/charts/charts/web', '/-/classic/charts/api/charts/web'],
  ['/api/charts/charts/1.0.0', '/-/classic/%2F/api/charts/charts/1.0.0'],
  ['/api/charts/charts/charts/1.0.0', '/-/classic/charts/api/charts/charts/1.0.0'],
  ['/api/team/charts/latest/1.0.0', '/-/classic/team/api/charts/latest/1.0.0'],
])('with charts and namespaces that are called "charts", %s is %s', (address, folded) => {
  expect(foldNamespace(address)).toBe(folded);
});

test('a provenance file is found where helm asks for it with a query in the address of its repository', () => {
  expect(foldNamespace('/team/charts/web-1.2.0.tgz?urls=tgz.prov')).toBe(
    '/-/classic/team/charts/web-1.2.0.tgz.prov?urls=tgz.prov',
  );
  expect(foldNamespace('/team/index.yaml?x=.prov')).toBe('/-/classic/team/index.yaml?x=.prov');
});

test.each([
  '',
  '/',
  '/index.yml',
  '/charts',
  '/charts/team/web',
  '/charts/web-1.2.0.zip',
  '/charts/web-1.2.0.tgz/x',
  '/v2/index.yaml',
  '/v2/charts/web-1.2.0.tgz',
  '/v2/team/charts/manifests/index.yaml',
  '/api',
  '/api/v1',
  '/api/v1/charts',
  '/api/v1/index.yaml',
  '/api/v1/charts/web/1.2.0',
  '/api/v1/team/charts/web',
  '/api/chartsvc/v1/charts/search',
  '/api/charts/web/1.2.0/files',
  '/-/all/index.yaml',
  '/-/classic/team/index.yaml',
  '/token?x=/index.yaml',
])('%j, which is not one of theirs, stays as it is', (address) => {
  expect(foldNamespace(address)).toBe(address);
});

test.each(['/v1/index.yaml', '/v20/index.yaml', '/api/v10/charts', '/apis/charts/web-1.0.0.tgz', '/api/index.yaml'])(
  '%s only looks like one that is taken',
  (address) => {
    expect(foldNamespace(address)).toMatch(/^\/-\/classic\//);
  },
);

test('a target in absolute form is reduced to its path', () => {
  expect(foldNamespace('http://user:password@host:5000/team/index.yaml?x')).toBe('/-/classic/team/index.yaml?x');
});

test('a long path is folded, or not, without trying every way that it might be', () => {
  const long = '/charts/charts/1.0.0/values'.repeat(20_000);
  expect(foldNamespace(`/api${long}/x/y`)).toBe(`/api${long}/x/y`);
  expect(foldNamespace(`${long}/index.yaml`)).toContain('%2Fvalues/index.yaml');
});

describe('refusals have the form that the clients of an address read', () => {
  test.each([
    '/index.yaml',
    '/a/b/charts/web-1.tgz',
    '/api/charts/x/y/z',
    '/api/a/charts?force',
    '/api/prov',
    '/-/all/x',
  ])('%s is a classic one, whatever is there', (address) => {
    expect(isClassicAddress(address)).toBe(true);
  });

  test.each([
    '/',
    '/v2/index.yaml',
    '/api',
    '/api/x',
    '/api/v1/charts',
    '/api/chartsvc/v1/charts/search',
    '/charts/web',
    '/-/x',
  ])('%s is none', (address) => {
    expect(isClassicAddress(address)).toBe(false);
  });
});

test('whoever uploads to a namespace called "v1" is told why that cannot be', () => {
  expect(reservedUpload('POST', '/api/v1/charts?force')).toContain('namespace "v1"');
  expect(reservedUpload('POST', '/api/v1/team/prov')).toContain('helm push');
  expect(reservedUpload('GET', '/api/v1/charts')).toBeUndefined();
  expect(reservedUpload('POST', '/api/v1/robots')).toBeUndefined();
});
