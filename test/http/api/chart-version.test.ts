// Everything that is known of one version: what is in its archive, who signed it, where it is.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { publish, putNotice, setNamespace } from './support/charts.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const README = '# Web\n\nServes pages.\n';
const VALUES = '# how many\nreplicas: 1\nimage:\n  repository: ghcr.io/team/web\n  tag: "2.4"\n';
const SCHEMA = '{"type":"object","properties":{"replicas":{"type":"integer"}}}';
const CRD = [
  'apiVersion: apiextensions.k8s.io/v1',
  'kind: CustomResourceDefinition',
  'metadata: { name: pages.example.com }',
  'spec:',
  '  group: example.com',
  '  names: { kind: Page, plural: pages }',
  '  scope: Namespaced',
  '  versions: [{ name: v1, served: true, storage: true }]',
].join('\n');
const WEB = '/charts/team/web/-/versions';

interface Details {
  readonly contents: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

beforeAll(async () => {
  await publish(registry, 'team/web', '1.2.0+7', {
    metadata: {
      appVersion: '2.4',
      description: 'Serves pages',
      annotations: { 'artifacthub.io/images': '- name: web\n  image: ghcr.io/team/web:2.4\n' },
    },
    provenance: 'signed',
    files: {
      'README.md': README,
      'values.yaml': VALUES,
      'values.schema.json': SCHEMA,
      'crds/pages.yaml': CRD,
      'templates/web.yaml': 'image: nginx:1.27\n',
      'templates/NOTES.txt': 'Thank you.\n',
      'files/a b+ü.txt': 'hello\n',
      LICENSE: 'free\n',
    },
  });
});

async function details(path: string, as?: { readonly as: undefined }): Promise<Details> {
  const { status, body, text } = await api.send<Details>('GET', path, as);
  if (status !== 200) throw new Error(text);
  return body;
}

test('the archive is told in full', async () => {
  const { contents, ...version } = await details(`${WEB}/1.2.0_7`);
  const address = (file: string) => `/api/v1${WEB}/1.2.0%2B7/files/${file}`;
  const text = (path: string, content: string) => ({
    ...{ path, size: content.length, text: content, cut: false, address: address(path) },
  });
  expect(contents).toEqual({
    chartYaml: {
      ...text('Chart.yaml', ''),
      size: expect.any(Number),
      text: expect.stringMatching(/^apiVersion: v2\nname: web\n/),
    },
    readme: text('README.md', README),
    values: text('values.yaml', VALUES),
    schema: text('values.schema.json', SCHEMA),
    files: [
      { path: 'Chart.yaml', size: expect.any(Number), kind: 'metadata' },
      { path: 'LICENSE', size: 5, kind: 'license' },
      { path: 'README.md', size: README.length, kind: 'readme' },
      { path: 'crds/pages.yaml', size: CRD.length, kind: 'crd' },
      { path: 'files/a b+ü.txt', size: 6, kind: 'file' },
      { path: 'templates/NOTES.txt', size: 11, kind: 'notes' },
      { path: 'templates/web.yaml', size: 18, kind: 'template' },
      { path: 'values.schema.json', size: SCHEMA.length, kind: 'schema' },
      { path: 'values.yaml', size: VALUES.length, kind: 'values' },
    ],
    ...{ fileCount: 9, fileBytes: expect.any(Number), templateCount: 2, subcharts: [], problems: [], cut: [] },
    customResources: [
      {
        ...{ group: 'example.com', kind: 'Page', scope: 'Namespaced', file: 'crds/pages.yaml', place: 'crds' },
        versions: [{ name: 'v1', served: true, storage: true }],
      },
    ],
    images: [
      {
        ...{ image: 'ghcr.io/team/web:2.4', declared: true, guessedTag: false },
        sources: [
          { kind: 'annotation', file: 'Chart.yaml', path: 'artifacthub.io/images' },
          { kind: 'values', file: 'values.yaml', path: 'image' },
        ],
      },
      {
        ...{ image: 'nginx:1.27', declared: false, guessedTag: false },
        sources: [{ kind: 'template', file: 'templates/web.yaml', path: 'line 1' }],
      },
    ],
  });
  expect(version).toMatchObject({
    ...{ chart: 'team/web', namespace: 'team', name: 'web', version: '1.2.0+7', tag: '1.2.0_7', signed: true },
    ...{ fileName: 'web-1.2.0+7.tgz', archiveAddress: '/team/charts/web-1.2.0%2B7.tgz', contentsProblem: null },
    ...{ pulls: 0, floatingTags: [], appVersion: '2.4' },
    metadata: { apiVersion: 'v2', name: 'web', version: '1.2.0+7', appVersion: '2.4', description: 'Serves pages' },
  });
});

test('its addresses and commands lead to it', async () => {
  const { archiveAddress, provenance, pinnedReference, contents, contentDigest, digest } = await details(
    `${WEB}/1.2.0_7`,
  );
  const archive = await registry.request('GET', String(archiveAddress));
  expect([archive.status, archive.headers.get('etag')]).toEqual([200, `"${contentDigest}"`]);
  const prov = await registry.request('GET', (provenance as { address: string }).address);
  expect([prov.status, await prov.text()]).toEqual([200, expect.stringContaining('BEGIN PGP SIGNED MESSAGE')]);
  const readme = await registry.request('GET', (contents.readme as { address: string }).address);
  expect([readme.status, await readme.text()]).toEqual([200, README]);
  expect(pinnedReference).toBe(`oci://${registry.url.slice(7)}/team/web@${digest}`);
});

test('its provenance file is read, and not believed', async () => {
  const { provenance, contentDigest } = await details(`${WEB}/1.2.0_7`);
  expect(provenance).toEqual({
    digest: expect.stringMatching(/^sha256:/),
    address: '/team/charts/web-1.2.0%2B7.tgz.prov',
    // The signature is none that a key has made.
    ...{ keyId: null, fingerprint: null, signedAt: null, problem: null },
    files: [{ name: 'web-1.2.0+7.tgz', digest: contentDigest }],
  });
});

test('it is found by its version and by its tag', async () => {
  const [byTag, byVersion, encoded] = await Promise.all(
    ['1.2.0_7', '1.2.0+7', '1.2.0%2B7'].map((version) => api.send('GET', `${WEB}/${version}`)),
  );
  expect([byTag?.status, byVersion?.text, encoded?.text]).toEqual([200, byTag?.text, byTag?.text]);
});

test.each([
  ['9.9.9', 404, 'team/web has no version "9.9.9"'],
  ['latest', 404, 'team/web has no version "latest"'],
  ['sha256:abc', 404, 'team/web has no version "sha256:abc"'],
  ['..%2f..', 404, 'team/web has no version "../.."'],
  ['%00', 400, '"version" in the path must not have control characters'],
  ['1'.repeat(257), 400, '"version" in the path must not have more than 256 characters'],
])('what is no version of it is refused: %s', async (version, status, detail) => {
  expect(await api.refusal(status, 'GET', `${WEB}/${version}`)).toBe(detail);
});

test('nobody is told who published and who noted, but whoever is logged in', async () => {
  await setNamespace(registry, { path: 'open', visibility: 'public' });
  await publish(registry, 'open/web', '1.0.0');
  await putNotice(registry, 'open/web', '1.0.0', { kind: 'yanked', reason: 'old' });
  const path = '/charts/open/web/-/versions/1.0.0';
  expect(await details(path, { as: undefined })).toMatchObject({
    createdBy: null,
    yanked: true,
    notice: { createdBy: null },
  });
  expect(await details(path)).toMatchObject({ createdBy: 'admin', notice: { createdBy: 'admin', reason: 'old' } });
});

test('what is in an archive is the same after a restart, and for a second chart of the same archive', async () => {
  await publish(registry, 'team/once', '1.0.0', { files: { 'templates/a.yaml': 'image: busybox:1\n' } });
  const first = await details('/charts/team/once/-/versions/1.0.0');
  await registry.restart();
  expect((await details('/charts/team/once/-/versions/1.0.0')).contents).toEqual(first.contents);
  await publish(registry, 'other/once', '1.0.0', { files: { 'templates/a.yaml': 'image: busybox:1\n' } });
  const other = await details('/charts/other/once/-/versions/1.0.0');
  expect(other.contents.images).toEqual(first.contents.images);
});

describe('when the stored archive is damaged', () => {
  beforeAll(async () => {
    await publish(registry, 'team/broken', '1.0.0');
    await publish(registry, 'team/broken', '1.1.0');
    const { contentDigest } = await details('/charts/team/broken/-/versions/1.0.0');
    await registry.restart();
    const hex = String(contentDigest).slice('sha256:'.length);
    const stored = (await readdir(registry.dataDir, { recursive: true })).find((path) => path.endsWith(hex));
    await writeFile(join(registry.dataDir, stored ?? 'nothing'), 'damaged');
  });

  test('the version still tells what is known, and why its contents cannot be shown', async () => {
    const version = await details('/charts/team/broken/-/versions/1.0.0');
    expect([version.contents, version.version, version.metadata]).toEqual([
      null,
      '1.0.0',
      { apiVersion: 'v2', name: 'broken', version: '1.0.0' },
    ]);
    expect(version.contentsProblem).toMatch(/^blob sha256:[a-f0-9]{64} was damaged or lost in the registry's store/);
  });

  test('its files are not there, and nothing fails', async () => {
    const path = '/charts/team/broken/-/versions/1.0.0';
    const detail = /^what is in the chart cannot be shown: blob sha256:[a-f0-9]{64} was damaged or lost/;
    expect(await api.refusal(404, 'GET', `${path}/files`)).toMatch(detail);
    expect(await api.refusal(404, 'GET', `${path}/files/Chart.yaml`)).toMatch(detail);
    expect(await api.refusal(404, 'GET', '/charts/team/broken/-/compare?from=1.0.0&to=1.1.0')).toMatch(detail);
    expect((await api.send('GET', `${path}/dependencies`)).body).toEqual({ items: [] });
    expect((await api.send('GET', '/charts/team/broken/-/versions')).status).toBe(200);
  });
});
