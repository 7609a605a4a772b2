// What helm would install under a version's tag is what was checked: no manifest shows a chart to helm and something else here.
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import {
  descriptorOf,
  errorOf,
  prepareChart,
  pushBlob,
  putManifest,
  type TestDescriptor,
} from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';

interface ChartManifest {
  readonly config: TestDescriptor;
  readonly layers: readonly TestDescriptor[];
}

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const WEB = { name: 'web', version: '1.0.0' };
const good = await prepareChart(registry, 'team/web', WEB);
const evil = await prepareChart(registry, 'team/web', { ...WEB, files: { 'values.yaml': 'name: evil\n' } });
const GOOD = JSON.parse(good.manifest.toString()) as ChartManifest;
const EVIL = JSON.parse(evil.manifest.toString()) as ChartManifest;
const empty = Buffer.from('{}');
await pushBlob(registry, 'team/web', empty);
const EMPTY = descriptorOf(empty, 'application/vnd.oci.empty.v1+json');

async function put(reference: string, manifest: object | string, mediaType = OCI_MANIFEST): Promise<Response> {
  const bytes = Buffer.from(typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  return await putManifest(registry, 'team/web', reference, bytes, { mediaType });
}

async function putByDigest(manifest: object, mediaType = OCI_MANIFEST): Promise<TestDescriptor> {
  const bytes = Buffer.from(JSON.stringify(manifest));
  expect((await putManifest(registry, 'team/web', digestOf(bytes), bytes, { mediaType })).status).toBe(201);
  return descriptorOf(bytes, mediaType);
}

describe('a manifest is refused', () => {
  const [content] = GOOD.layers as [TestDescriptor];
  const [evilContent] = EVIL.layers as [TestDescriptor];
  const goodText = good.manifest.toString();
  test.each<[string, object | string]>([
    ['with the chart among the layers', { schemaVersion: 2, config: EMPTY, layers: [GOOD.config, content] }],
    [
      'with a second config in another case',
      { schemaVersion: 2, config: EMPTY, Config: GOOD.config, layers: [content] },
    ],
    [
      'whose config has a second type in another case',
      { schemaVersion: 2, config: { ...EMPTY, MediaType: HELM_CONFIG }, layers: [] },
    ],
    ['with second layers in another case', { ...GOOD, Layers: EVIL.layers }],
    ['with second layers spelt with a long s', { ...GOOD, 'layer\u017f': EVIL.layers }],
    [
      'with second layers of the same spelling',
      goodText.replace('"layers":', `"layers":${JSON.stringify(EVIL.layers)},"layers":`),
    ],
    [
      'with second layers whose spelling is escaped',
      goodText.replace('"layers":', `"l\\u0061yers":${JSON.stringify(EVIL.layers)},"layers":`),
    ],
    ['whose layer has a second digest', { ...GOOD, layers: [{ ...content, Digest: evilContent.digest }] }],
    ['of a chart with a subject', { ...GOOD, subject: descriptorOf(evil.manifest, OCI_MANIFEST) }],
    ['with a manifest as a layer', { ...GOOD, layers: [content, { ...EMPTY, mediaType: OCI_MANIFEST }] }],
    [
      'of a chart with a second config as a layer',
      { ...GOOD, layers: [content, { ...GOOD.config, mediaType: HELM_CONFIG }] },
    ],
    [
      'of an image that has a chart as a layer',
      { schemaVersion: 2, config: EMPTY, layers: [{ ...content, mediaType: HELM_CONTENT }] },
    ],
  ])('%s', async (_what, manifest) => {
    const answer = await put('1.0.0', manifest);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'MANIFEST_INVALID']);
  });

  test('of a chart that claims to be a Docker image', async () => {
    const docker = 'application/vnd.docker.distribution.manifest.v2+json';
    expect((await put('1.0.0', GOOD, docker)).status).toBe(400);
  });
});

describe("a version's tag is refused", () => {
  test('to an index that leads to a chart, directly or through another index', async () => {
    const chart = await putByDigest(GOOD);
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [chart] };
    expect((await errorOf(await put('1.0.0', index, OCI_INDEX))).message).toContain("is a chart's version");
    const inner = await putByDigest(index, OCI_INDEX);
    const outer = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [inner] };
    for (const tag of ['1.0.0', 'v1', '1.0.0_build.5']) expect((await put(tag, outer, OCI_INDEX)).status).toBe(400);
    expect((await put('all-charts', outer, OCI_INDEX)).status).toBe(201);
  });

  test('to an index behind which more stands than anybody looks through', async () => {
    const images: TestDescriptor[] = [];
    for (let number = 0; number < 1_001; number += 1) {
      images.push(
        await putByDigest({ schemaVersion: 2, config: EMPTY, layers: [], annotations: { number: `${number}` } }),
      );
    }
    const all = await putByDigest({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: images }, OCI_INDEX);
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [all] };
    const refused = await put('3.0.0', index, OCI_INDEX);
    expect([refused.status, (await errorOf(refused)).message]).toEqual([
      400,
      expect.stringContaining('more than 1000 manifests stand behind this one'),
    ]);
    expect((await put('all-images', index, OCI_INDEX)).status).toBe(201);
    const few = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: images.slice(1) };
    expect((await put('3.0.0', few, OCI_INDEX)).status).toBe(201);
  });

  test('to what has a subject, also one that is not there yet', async () => {
    const missing = { mediaType: OCI_MANIFEST, digest: digestOf(Buffer.from('later')), size: 5 };
    const artifact = { schemaVersion: 2, config: EMPTY, layers: [], subject: missing };
    expect((await put('2.0.0', artifact)).status).toBe(400);
    expect((await put('signature', artifact)).status).toBe(201);
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [await putByDigest(artifact)] };
    expect((await put('2.0.0', index, OCI_INDEX)).status).toBe(400);
    const emptyIndex = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], subject: missing };
    expect((await put('2.0.0', emptyIndex, OCI_INDEX)).status).toBe(400);
  });
});

test("an image of several platforms may have a version's tag", async () => {
  const image = await putByDigest({ schemaVersion: 2, config: EMPTY, layers: [] });
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [image] };
  expect((await put('3.0.0', index, OCI_INDEX)).status).toBe(201);
});

test('annotations may have any names', async () => {
  const annotations = { Size: 'large', CONFIG: 'x', 'Media-Type': 'y' };
  expect((await put('annotated', { schemaVersion: 2, config: EMPTY, layers: [], annotations })).status).toBe(201);
});

test('the honest chart is published all the same, and what is no chart in its place is named as that', async () => {
  expect((await put('1.0.0', GOOD)).status).toBe(201);
  await put('4.0.0', { schemaVersion: 2, config: EMPTY, layers: [] });
  const { manifest } = await prepareChart(registry, 'team/web', { ...WEB, version: '4.0.0' });
  const answer = await putManifest(registry, 'team/web', '4.0.0', manifest);
  expect(answer.status).toBe(409);
  expect((await errorOf(answer)).message).toContain('tag 4.0.0 of team/web belongs to something that is no chart');
});

test.each(['ver\u017fion: 6.6.6', 'Version: 6.6.6', 'Name: other'])(
  'a Chart.yaml that says %s as well is refused',
  async (line) => {
    const chartYaml = `apiVersion: v2\nname: web\nversion: 5.0.0\n`;
    const config = { apiVersion: 'v2', name: 'web', version: '5.0.0' };
    const { manifest } = await prepareChart(registry, 'team/web', {
      ...WEB,
      version: '5.0.0',
      chartYaml: `${chartYaml}${line}\n`,
      config,
    });
    const answer = await putManifest(registry, 'team/web', '5.0.0', manifest);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'MANIFEST_INVALID']);
  },
);
