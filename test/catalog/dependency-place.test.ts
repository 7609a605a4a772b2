// Where the "repository" of a dependency leads.
import { describe, expect, test } from 'vitest';
import { placeOf } from '../../src/catalog/dependency-place.ts';

const HOSTS = ['charts.example.com', 'localhost:5000'];

function place(location: string, name = 'common'): string {
  const found = placeOf({ name, location }, HOSTS);
  return found.kind === 'here' ? found.repository : `(${found.kind})`;
}

describe('to a chart of this registry lead', () => {
  test.each([
    ['oci://charts.example.com/library', 'library/common'],
    ['oci://charts.example.com/a/b/c', 'a/b/c/common'],
    ['oci://charts.example.com', 'common'],
    ['oci://charts.example.com/', 'common'],
    ['OCI://Charts.Example.com/library', 'library/common'],
    ['oci://localhost:5000/library/', 'library/common'],
    ['https://charts.example.com/library', 'library/common'],
    ['https://charts.example.com/library/', 'library/common'],
    ['https://charts.example.com', 'common'],
    ['https://charts.example.com:443/library', 'library/common'],
    ['http://charts.example.com:80/library', 'library/common'],
    ['https://ann:secret@charts.example.com/library', 'library/common'],
    ['https://charts.example.com/library?x=1#y', 'library/common'],
  ])('%s', (location, repository) => {
    expect(place(location)).toBe(repository);
  });

  test('the repository of all charts, by their whole names', () => {
    expect(place('https://charts.example.com/-/all', 'library/common')).toBe('library/common');
    expect(place('https://charts.example.com/-/all', 'common')).toBe('common');
    expect(place('oci://charts.example.com/-/all', 'common')).toBe('(elsewhere)');
  });
});

test.each([
  ['oci://ghcr.io/library', '(elsewhere)'],
  ['https://charts.example.com.evil.example/library', '(elsewhere)'],
  ['https://charts.example.com:8443/library', '(elsewhere)'],
  ['http://charts.example.com:443/library', '(elsewhere)'],
  ['oci://charts.example.com/Library', '(elsewhere)'],
  ['oci://charts.example.com/../library', 'library/common'],
  ['oci://charts.example.com/a//b', '(elsewhere)'],
  ['oci://charts.example.com/library:1.0', '(elsewhere)'],
  ['ftp://charts.example.com/library', '(elsewhere)'],
  ['charts.example.com/library', '(elsewhere)'],
  ['oci://', '(elsewhere)'],
  ['https://[', '(elsewhere)'],
  ['\u0000', '(elsewhere)'],
  ['@library', '(alias)'],
  ['alias:library', '(alias)'],
  ['file://../common', '(local)'],
  ['', '(local)'],
])('%j leads to %s', (location, expected) => {
  expect(place(location)).toBe(expected);
});

test.each(['Common', 'a b', '', '..', 'ünder', 'x'.repeat(300)])('no chart here can be called %j', (name) => {
  expect(place('oci://charts.example.com/library', name)).toBe('(elsewhere)');
});
