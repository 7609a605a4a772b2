// What a chart can be found by.
import { expect, test } from 'vitest';
import { searchDocumentOf } from '../../src/catalog/search-document.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';

const WEB = 'team/web' as RepositoryName;
const NONE = { description: '', keywords: '', maintainers: '', readme: '' };

test('the texts of its metadata and README', () => {
  const metadata = {
    apiVersion: 'v2',
    name: 'web',
    version: '1.2.0',
    appVersion: 'v7',
    description: 'Serves  pages',
    keywords: ['nginx', 'reverse proxy'],
    maintainers: [{ name: 'Ann', email: 'ann@example.com', url: 'https://example.com' }, { name: 'Ben' }],
  };
  expect(searchDocumentOf(WEB, JSON.stringify(metadata), '# Web\n\nServes *pages*.')).toEqual({
    repository: WEB,
    name: 'web',
    description: 'Serves pages',
    keywords: 'nginx, reverse proxy',
    maintainers: 'Ann, ann@example.com, Ben',
    versions: '1.2.0, v7',
    readme: 'Web Serves pages.',
  });
});

test('a chart that says no more than it must', () => {
  const metadata = JSON.stringify({ apiVersion: 'v1', name: 'web', version: '1.2.0' });
  expect(searchDocumentOf(WEB, metadata, '')).toEqual({ ...NONE, repository: WEB, name: 'web', versions: '1.2.0' });
});

test('texts are bounded, and have no control characters, turns of direction, or halves of characters', () => {
  const many = Array.from({ length: 1000 }, (_, number) => `keyword-${number}`);
  const metadata = {
    name: 'web',
    version: '1.0.0',
    description: `a\0b\u202ec\u2028${'𠮷'.repeat(9000)}`,
    keywords: many,
  };
  const document = searchDocumentOf(WEB, JSON.stringify(metadata), `x\ud800${'y'.repeat(100_000)}`);
  expect(document.description.startsWith('a b c 𠮷')).toBe(true);
  expect(document.description.length).toBeLessThanOrEqual(4096);
  expect(document.description.isWellFormed()).toBe(true);
  expect(document.keywords).toContain('keyword-199');
  expect(document.keywords).not.toContain('keyword-200');
  expect(document.readme.length).toBe(64 * 1024);
  expect(document.readme.isWellFormed()).toBe(true);
});
