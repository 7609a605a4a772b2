// Which file of a chart is what, by Helm's rules (pkg/chart/v2/loader, `LoadFiles`; pkg/action, `show`).
import type { ChartContents } from './contents.ts';

export type FileKind =
  | 'metadata'
  | 'requirements'
  | 'lock'
  | 'values'
  | 'schema'
  | 'notes'
  | 'template'
  | 'crd'
  | 'subchart'
  | 'readme'
  | 'license'
  | 'helmignore'
  /** everything else, which templates reach as `.Files` */
  | 'file';

/** The files that say something about the whole chart: their paths, where the chart has them. */
export interface KnownFiles {
  readonly readme: string | undefined;
  readonly values: string | undefined;
  readonly schema: string | undefined;
  readonly lock: string | undefined;
  readonly notes: string | undefined;
  readonly license: string | undefined;
}

/** The best one first, where a chart has several. Helm takes whichever stands first in the archive. */
const READMES = ['readme.md', 'readme.txt', 'readme'];
const LICENSE = /^(?:licen[cs]e|copying)(?:\.(?:md|txt|rst))?$/i;
export const LOCKS: readonly string[] = ['Chart.lock', 'requirements.lock'];
const NOTES = 'templates/NOTES.txt';
const BUNDLED_ARCHIVE = /^(?:charts\/[^/_.][^/]*\/)*charts\/[^/_.][^/]*\.tgz$/;

/** @param path below the chart's top folder */
export function kindOfFile(path: string): FileKind {
  if (path === 'Chart.yaml') return 'metadata';
  if (path === 'requirements.yaml') return 'requirements';
  if (path === 'values.yaml') return 'values';
  if (path === 'values.schema.json') return 'schema';
  if (path === '.helmignore') return 'helmignore';
  if (path === NOTES) return 'notes';
  if (LOCKS.includes(path)) return 'lock';
  if (path.startsWith('templates/')) return 'template';
  // A provenance file beside a packed subchart is an ordinary file.
  if (path.startsWith('charts/')) return path.endsWith('.prov') ? 'file' : 'subchart';
  if (path.startsWith('crds/')) return /\.(?:ya?ml|json)$/i.test(path) ? 'crd' : 'file';
  if (isReadme(path)) return 'readme';
  return LICENSE.test(path) ? 'license' : 'file';
}

export function knownFiles(contents: ChartContents): KnownFiles {
  const present = (path: string): string | undefined => (contents.bytes(path) === undefined ? undefined : path);
  const readmes = contents.files.filter(({ path }) => isReadme(path)).map(({ path }) => path);
  return {
    readme: READMES.flatMap((name) => readmes.filter((path) => path.toLowerCase() === name))[0],
    values: present('values.yaml'),
    schema: present('values.schema.json'),
    lock: LOCKS.find(present),
    notes: present(NOTES),
    license: contents.files.find(({ path }) => kindOfFile(path) === 'license')?.path,
  };
}

export function isReadme(path: string): boolean {
  return READMES.includes(path.toLowerCase());
}

/** Whether this is a packed chart in charts/, of the chart itself or of a subchart that lies there as a folder. */
export function isBundledArchive(path: string): boolean {
  return BUNDLED_ARCHIVE.test(path);
}
