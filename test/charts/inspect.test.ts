// Whether a manifest, a config blob and an archive make a chart together.
import { describe, expect, test } from 'vitest';
import { type ChartInspection, chartLayers, inspectChart } from '../../src/charts/inspect.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { type Descriptor, type ImageManifest, parseManifest } from '../../src/oci/manifest.ts';
import {
  HELM_CONFIG,
  HELM_CONTENT,
  HELM_CONTENT_LEGACY,
  HELM_PROVENANCE,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts';
import { buildChart, type ChartOptions } from '../support/chart-builder.ts';

function manifestOf(layers: readonly string[], config = HELM_CONFIG): ImageManifest {
  const descriptor = (mediaType: string): Descriptor => ({
    mediaType,
    digest: digestOf(Buffer.from(mediaType)),
    size: 1,
  });
  const text = JSON.stringify({ schemaVersion: 2, config: descriptor(config), layers: layers.map(descriptor) });
  const manifest = parseManifest(Buffer.from(text), OCI_MANIFEST);
  if (manifest.kind !== 'image') throw new Error('not an image manifest');
  return manifest;
}

async function inspect(
  options: Partial<ChartOptions>,
  versions: 'lenient' | 'strict' = 'lenient',
): Promise<ChartInspection> {
  const { config, archive } = await buildChart({ name: 'web', version: '1.2.0', ...options });
  return inspectChart(config, once(archive), { versions });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('layers', () => {
  test('are found by media type, wherever they stand', () => {
    const layers = chartLayers(manifestOf([HELM_PROVENANCE, HELM_CONTENT]));
    expect(layers.content.mediaType).toBe(HELM_CONTENT);
    expect(layers.provenance?.mediaType).toBe(HELM_PROVENANCE);
    expect(layers.config.mediaType).toBe(HELM_CONFIG);
  });

  test('may be of the old type, and of types that Helm leaves out', () => {
    const layers = chartLayers(manifestOf(['text/markdown', HELM_CONTENT_LEGACY]));
    expect(layers.content.mediaType).toBe(HELM_CONTENT_LEGACY);
    expect(layers.provenance).toBeUndefined();
  });

  test.each([
    [[], 'has no layer of type'],
    [[HELM_PROVENANCE], 'has no layer of type'],
    [[HELM_CONTENT, HELM_CONTENT_LEGACY], "has 2 layers with a chart's archive"],
    [[HELM_CONTENT, HELM_PROVENANCE, HELM_PROVENANCE], 'has 2 provenance layers'],
  ])('%j are refused', (layers, message) => {
    expect(() => chartLayers(manifestOf(layers))).toThrow(message);
  });

  test('of a manifest that is not a chart are refused', () => {
    expect(() => chartLayers(manifestOf([HELM_CONTENT], 'application/json'))).toThrow('"application/json"');
  });
});

describe('a chart', () => {
  test('is described by its own Chart.yaml', async () => {
    const { metadata, findings } = await inspect({ metadata: { description: 'Grüße, 世界 🧪', appVersion: '2.0' } });
    expect(metadata).toMatchObject({ name: 'web', version: '1.2.0', description: 'Grüße, 世界 🧪', appVersion: '2.0' });
    expect(findings).toEqual([]);
  });

  test('of apiVersion v1 agrees with a config blob that has the dependencies of requirements.yaml', async () => {
    const { metadata } = await inspect({
      chartYaml: 'apiVersion: v1\nname: web\nversion: 1.2.0\n',
      files: { 'requirements.yaml': 'dependencies:\n- {name: db, version: ">=1", repository: "https://r"}\n' },
      config: {
        name: 'web',
        version: '1.2.0',
        apiVersion: 'v1',
        dependencies: [{ name: 'db', version: '>=1', repository: 'https://r' }],
      },
    });
    expect(metadata.dependencies).toEqual([{ name: 'db', version: '>=1', repository: 'https://r' }]);
  });

  test('agrees with a config blob whose free text lacks characters that an older Helm did not know', async () => {
    const config = { name: 'web', version: '1.2.0', apiVersion: 'v2', description: 'new  emoji' };
    await inspect({ metadata: { description: 'new 🫩 emoji' }, config });
  });

  test('must lie in a folder of its name', async () => {
    await expect(inspect({ folder: 'chart' })).rejects.toThrow('top folder "chart", but the chart is called "web"');
  });

  const config = { name: 'web', version: '1.2.0', apiVersion: 'v2' };
  test.each([
    [{ ...config, name: 'other' }, 'disagree on the name: "other" there, "web" here'],
    [{ ...config, version: '1.2.1' }, 'disagree on the version'],
    [{ ...config, version: 'v1.2.0' }, 'disagree on the version'],
    [{ ...config, apiVersion: 'v1' }, 'disagree on the apiVersion'],
    [{ ...config, type: 'library' }, 'disagree on the type'],
    [{ ...config, deprecated: true }, 'disagree on the deprecated'],
    [{ ...config, appVersion: '3' }, 'disagree on the appVersion'],
    [{ ...config, description: 'x' }, 'disagree on the description'],
    [{ ...config, dependencies: [{ name: 'a' }] }, 'disagree on the number of dependencies'],
    [{}, 'the config blob has no "name"'],
  ])('disagrees with the config blob %j', async (blob, message) => {
    await expect(inspect({ config: blob })).rejects.toThrow(message);
    await expect(inspect({ config: blob })).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  test('must have the same dependencies in both', async () => {
    const metadata = { dependencies: [{ name: 'a', version: '1', repository: 'oci://r' }] };
    const dependencies = [{ name: 'a', version: '2', repository: 'oci://r' }];
    await expect(inspect({ metadata, config: { ...config, dependencies } })).rejects.toThrow('dependencies[0].version');
  });
});

describe('a version that is not strict SemVer', () => {
  test('is a finding', async () => {
    const { findings } = await inspect({ version: 'v1.15.0' });
    expect(findings).toEqual([
      { code: 'version-not-strict-semver', message: expect.stringContaining('so no version range finds it') },
    ]);
  });

  test('is refused where the operator asks for strict ones, with what to write instead', async () => {
    await expect(inspect({ version: 'v1.15' }, 'strict')).rejects.toThrow(
      /"chartVersions: strict".*write "version: 1\.15\.0" in Chart\.yaml/,
    );
    expect((await inspect({ version: '1.15.0-rc.1+b' }, 'strict')).findings).toEqual([]);
  });
});
