// A chart as the comparison needs it: its metadata, its files as texts, its images.
import type { ChartMetadata } from '../chart-yaml.ts';
import { UnreadableFile } from './unreadable-file.ts';

export interface ComparedChart {
  readonly metadata: ChartMetadata;
  /** The text of a file by its path below the top folder; undefined when there is none, or none in UTF-8. */
  text(path: string): string | undefined;
  readonly files: readonly ComparedFile[];
  /** references, such as `ghcr.io/team/web:1.2.0` */
  readonly images: readonly string[];
}

export interface ComparedFile {
  readonly path: string;
  /** in bytes */
  readonly size: number;
  /** of the content: without it, files of equal size that are no text count as equal */
  readonly digest?: string | undefined;
}

/** How a version is called in sentences. */
export function labelOf(chart: ComparedChart): string {
  return chart.metadata.version;
}

/**
 * Undefined when the chart has no such file.
 * @throws UnreadableFile when it is not UTF-8
 */
export function requireText(chart: ComparedChart, path: string): string | undefined {
  const text = chart.text(path);
  if (text === undefined && chart.files.some((file) => file.path === path)) {
    throw new UnreadableFile('is not text in UTF-8');
  }
  return text;
}
