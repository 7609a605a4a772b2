// Charts for the comparison, made from texts.
import type { ChartMetadata } from '../../../src/charts/chart-yaml.ts';
import type { ComparedChart } from '../../../src/charts/compare/compared-chart.ts';

interface ChartParts {
  readonly metadata?: Partial<ChartMetadata>;
  readonly images?: readonly string[];
  /** Files that are no text. */
  readonly binaries?: Readonly<Record<string, { readonly size: number; readonly digest?: string }>>;
}

/** @param files texts by their paths */
export function chartOfFiles(files: Readonly<Record<string, string>>, parts: ChartParts = {}): ComparedChart {
  const texts = new Map(Object.entries(files));
  return {
    metadata: { apiVersion: 'v2', name: 'web', version: '1.0.0', ...parts.metadata },
    text: (path) => texts.get(path),
    files: [
      ...[...texts].map(([path, text]) => ({ path, size: Buffer.byteLength(text) })),
      ...Object.entries(parts.binaries ?? {}).map(([path, file]) => ({ path, ...file })),
    ],
    images: parts.images ?? [],
  };
}
