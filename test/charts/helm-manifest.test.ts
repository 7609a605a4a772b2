// The manifest of a chart, against what helm 4.2.4 and 3.21.4 pushed of the same Chart.yaml (fixtures/helm-push.json).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ChartMetadata, parseChartYaml } from '../../src/charts/chart-yaml.ts';
import { configBlobOf, manifestOf, type StoredContent } from '../../src/charts/helm-manifest.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { HELM_CONTENT, HELM_PROVENANCE } from '../../src/oci/media-types.ts';

interface PushedChart {
  readonly shows: string;
  readonly chartYaml: string;
  readonly requirementsYaml?: string;
  /** when the archive was written; helm ran where the time zone is UTC */
  readonly created: number;
  readonly config: string;
  readonly manifest: string;
}

const PUSHED = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures/helm-push.json'), 'utf8'),
) as readonly PushedChart[];
const CONTENT: StoredContent = { digest: digestOf(Buffer.from('chart')), size: 5 };

describe.each(PUSHED)('a chart with $shows', ({ chartYaml, requirementsYaml, created, config, manifest }) => {
  const metadata = parseChartYaml(
    Buffer.from(chartYaml),
    requirementsYaml === undefined ? undefined : Buffer.from(requirementsYaml),
  );

  test('has the config blob that helm push writes', () => {
    expect(textOf(configBlobOf(metadata))).toBe(config);
  });

  test('has the manifest that helm push writes', () => {
    const { layers } = JSON.parse(manifest) as { layers: (StoredContent & { mediaType: string })[] };
    const layer = (type: string) => layers.find(({ mediaType }) => mediaType === type);
    const bytes = manifestOf({
      metadata,
      config: stored(config),
      content: layer(HELM_CONTENT) ?? CONTENT,
      provenance: layer(HELM_PROVENANCE),
      created,
    });
    expect(textOf(bytes)).toBe(manifest);
  });
});

test('the layers stand in the order of their digests, whichever is the chart', () => {
  const metadata = parsed('name: web\nversion: 1.0.0');
  const orders = [...'abcdefgh'].map((text) => {
    const provenance = stored(text);
    const bytes = manifestOf({ metadata, config: stored('{}'), content: CONTENT, provenance, created: 0 });
    const { layers } = JSON.parse(textOf(bytes)) as { layers: { digest: string; mediaType: string }[] };
    expect(layers.map(({ digest }) => digest)).toEqual([CONTENT.digest, provenance.digest].toSorted());
    return layers[0]?.mediaType;
  });
  expect(new Set(orders)).toEqual(new Set([HELM_CONTENT, HELM_PROVENANCE]));
});

test('an annotation of blank text is not written for a field, but for an annotation of the chart', () => {
  const metadata = parsed('name: web\nversion: 1.0.0\ndescription: "  "\nannotations: { note: "  " }');
  const bytes = manifestOf({ metadata, config: stored('{}'), content: CONTENT, provenance: undefined, created: 0 });
  const { annotations } = JSON.parse(textOf(bytes)) as { annotations: object };
  expect(annotations).toEqual({
    note: '  ',
    'org.opencontainers.image.created': '1970-01-01T00:00:00Z',
    'org.opencontainers.image.title': 'web',
    'org.opencontainers.image.version': '1.0.0',
  });
});

test('a number that JSON cannot hold is refused, as helm refuses the chart', () => {
  const metadata = parsed('name: web\nversion: 1.0.0\ndependencies: [{ name: a, import-values: [.inf] }]');
  expect(() => configBlobOf(metadata)).toThrow('has the number Infinity, which JSON cannot hold');
});

function parsed(chartYaml: string): ChartMetadata {
  return parseChartYaml(Buffer.from(`apiVersion: v2\n${chartYaml}\n`));
}

function stored(text: string): StoredContent {
  return { digest: digestOf(Buffer.from(text)), size: Buffer.byteLength(text) };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
