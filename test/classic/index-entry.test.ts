// Entries of an index.
import { expect, test } from 'vitest';
import { chartKeyOf, indexEntryOf } from '../../src/classic/index-entry.ts';
import type { IndexedVersion } from '../../src/classic/index-source.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { Tag } from '../../src/oci/tag.ts';
import { ALL, ARCHIVES, published, TEAM } from './support/published.ts';

const REGISTRY = { kind: 'oci', host: 'charts.example.com:5000' } as const;
const web = published({ repository: 'team/web', minor: 2, metadata: { description: 'Web', keywords: ['http'] } });

test('an entry has the fields of Chart.yaml, and when and where the archive was published', () => {
  expect(indexEntryOf(web, TEAM, ARCHIVES)).toEqual({
    apiVersion: 'v2',
    name: 'web',
    version: '1.2.0',
    description: 'Web',
    keywords: ['http'],
    created: '2026-01-01T00:02:00.000Z',
    digest: web.contentDigest.slice('sha256:'.length),
    urls: ['charts/web-1.2.0.tgz'],
  });
});

test('an archive is found from the address of the repository that is added', () => {
  const urlsOf = (version: IndexedVersion, scope: typeof TEAM): unknown => indexEntryOf(version, scope, ARCHIVES).urls;
  expect(urlsOf(web, ALL)).toEqual(['/team/charts/web-1.2.0.tgz']);
  expect(urlsOf(published({ repository: 'team/a/web', minor: 2 }), ALL)).toEqual(['/team/a/charts/web-1.2.0.tgz']);
  const root = published({ repository: 'web', minor: 2 });
  expect(urlsOf(root, ALL)).toEqual(['/charts/web-1.2.0.tgz']);
  expect(urlsOf(root, { kind: 'namespace', namespace: '' })).toEqual(['charts/web-1.2.0.tgz']);
});

test('a chart in the registry is found by its version, as helm push was given it', () => {
  const build: IndexedVersion = { ...web, tag: '1.2.0_7' as Tag, fileName: 'web-1.2.0+7.tgz' };
  expect(indexEntryOf(build, TEAM, REGISTRY).urls).toEqual(['oci://charts.example.com:5000/team/web:1.2.0+7']);
  expect(indexEntryOf(build, ALL, REGISTRY).urls).toEqual(['oci://charts.example.com:5000/team/web:1.2.0+7']);
  expect(indexEntryOf(build, TEAM, ARCHIVES).urls).toEqual(['charts/web-1.2.0+7.tgz']);
});

test('a version is deprecated when Chart.yaml says so, or a notice', () => {
  expect(indexEntryOf(web, TEAM, ARCHIVES)).not.toHaveProperty('deprecated');
  expect(indexEntryOf({ ...web, deprecated: true }, TEAM, ARCHIVES)).toHaveProperty('deprecated', true);
});

test('a digest that helm would refuse is left out', () => {
  const other = { ...web, contentDigest: `sha512:${'a'.repeat(128)}` as Digest };
  expect(indexEntryOf(other, TEAM, ARCHIVES)).not.toHaveProperty('digest');
});

test('Chart.yaml has no say about the fields of the index', () => {
  const metadata = { urls: ['https://elsewhere.example.com/x.tgz'], created: 'never', digest: 'none' };
  const entry = indexEntryOf(published({ repository: 'team/web', minor: 2, metadata }), TEAM, ARCHIVES);
  expect(entry).toEqual(indexEntryOf(published({ repository: 'team/web', minor: 2 }), TEAM, ARCHIVES));
});

test('a chart is called by its name in a namespace, by its repository among all', () => {
  expect(chartKeyOf(web.repository, TEAM)).toBe('web');
  expect(chartKeyOf(web.repository, ALL)).toBe('team/web');
});

test('a key that readers of YAML would stumble over is left out, wherever it is', () => {
  const long = '\u0085'.repeat(170);
  const metadata = {
    annotations: { [long]: 'x', 'example.com/note': 'y' },
    dependencies: [{ name: 'common', repository: '', 'import-values': [{ child: 'a', parent: 'b', [long]: 'c' }] }],
  };
  const entry = indexEntryOf(published({ repository: 'team/web', minor: 2, metadata }), TEAM, ARCHIVES);
  expect(entry.annotations).toEqual({ 'example.com/note': 'y' });
  expect(entry.dependencies).toEqual([
    { name: 'common', repository: '', 'import-values': [{ child: 'a', parent: 'b' }] },
  ]);
});
