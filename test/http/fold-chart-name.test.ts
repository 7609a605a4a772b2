// Folding a chart's name, and the path of a file in it, into one path segment each.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldChartName } from '../../src/http/fold-chart-name.ts';

const API = '/api/v1/charts';
const ENDINGS = ['versions', 'versions/1.0.0', 'versions/1.0.0/dependencies', 'resolve', 'compare', 'notice', ''];

test('whatever words of the API a name is made of, it is what stands before the first "-"', () => {
  const words = fc.constantFrom('a', 'team', 'charts', 'versions', 'files', 'resolve', 'namespaces', '1.0.0', 'a-b');
  const names = fc.array(words, { minLength: 1, maxLength: 8 }).map((segments) => segments.join('/'));
  const queries = fc.constantFrom('', '?', '?range=^1&x=/-/', '?cursor=a/b?c/d');
  fc.assert(
    fc.property(names, fc.constantFrom(...ENDINGS), queries, (name, ending, query) => {
      const folded = name.replaceAll('/', '%2F');
      expect(foldChartName(`${API}/${name}/-/${ending}${query}`)).toBe(`${API}/${folded}/-/${ending}${query}`);
      expect(foldChartName(`${API}/${name}${query}`)).toBe(`${API}/${folded}${query}`);
    }),
  );
});

test.each([
  ['templates/a.yaml', 'templates%2Fa.yaml'],
  ['a/-/files/b', 'a%2F-%2Ffiles%2Fb'],
  ['../../x', '..%2F..%2Fx'],
  ['//etc/passwd', '%2F%2Fetc%2Fpasswd'],
  ['a%2Fb/c', 'a%2Fb%2Fc'],
])('the path of a file is folded too: %s', (file, folded) => {
  expect(foldChartName(`${API}/team/web/-/versions/1.0.0/files/${file}?x=/`)).toBe(
    `${API}/team%2Fweb/-/versions/1.0.0/files/${folded}?x=/`,
  );
});

test.each([
  '/',
  '/api/v1/charts',
  '/api/v1/charts?namespace=a/b',
  '/api/v1/charts/-/namespaces?limit=1',
  '/api/v1/charts/web',
  '/api/v1/users/a/b',
  '/api/v2/charts/a/b',
  '/v2/a/b/tags/list',
  '/x/api/v1/charts/a/b',
  '/api/v1/charts/web/-/versions/1.0.0/files',
  '/api/v1/charts/web/-/versions/1.0.0/files/',
  '',
])('%j, in which nothing is to be folded, stays as it is', (url) => {
  expect(foldChartName(url)).toBe(url);
});

test('a long path is folded without trying every way that it might be', () => {
  const long = 'versions/files/'.repeat(100_000);
  expect(foldChartName(`${API}/${long}x`)).toBe(`${API}/${long.replaceAll('/', '%2F')}x`);
  expect(foldChartName(`${API}/web/-/${long}x`)).toMatch(/^\/api\/v1\/charts\/web\/-\/versions\/files/);
});
