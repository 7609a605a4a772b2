// Compares the custom resource definitions that two charts install.

import { type ShownSchemaChange, showSchemaChange } from './compare-schemas.ts';
import type { ComparedChart } from './compared-chart.ts';
import { type CrdChange, crdDifference } from './crd-difference.ts';
import { CrdReader, isCrdFile, type UnreadFile } from './crd-documents.ts';
import type { Cuts } from './cuts.ts';
import type { Effort } from './effort.ts';
import type { SchemaDifference } from './schema-differences.ts';

export interface CrdsComparison {
  /** names of definitions: `certificates.cert-manager.io` */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly ShownCrdChange[];
  /** files that could not be read; with one of the newer version, `removed` is empty, with one of the older one, `added` */
  readonly unread: readonly UnreadFile[];
}

type ShownCrdChange = CrdChange<ShownSchemaChange>;

export interface CrdFindings {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly CrdChange<SchemaDifference>[];
  readonly unread: readonly UnreadFile[];
  readonly complete: boolean;
}

const MAXIMUM_DEFINITIONS = 200;
/** of one version of one definition */
const MAXIMUM_SCHEMA_CHANGES = 100;

/**
 * Files with equal text under equal names are not read: what is in them did not change.
 * @param effort of reading YAML
 */
export function findCrdDifferences(from: ComparedChart, to: ComparedChart, effort: Effort): CrdFindings {
  const fromPaths = crdPathsOf(from);
  const toPaths = crdPathsOf(to);
  const older = new CrdReader(from);
  const newer = new CrdReader(to);
  // Both sides of one file follow each other, so that the effort suffices for the same files of both.
  for (const path of [...new Set([...fromPaths, ...toPaths])].toSorted(ownFirst)) {
    const text = from.text(path);
    if (text !== undefined && text === to.text(path)) continue;
    if (fromPaths.has(path)) older.read(path, effort);
    if (toPaths.has(path)) newer.read(path, effort);
  }
  return findingsOf(older, newer);
}

export function showCrds(findings: CrdFindings, cuts: Cuts): CrdsComparison {
  if (!findings.complete) cuts.note('crds.changed', 'some schemas have more places than were compared');
  const first = <Item>(list: string, items: readonly Item[]): readonly Item[] =>
    cuts.first(`crds.${list}`, items, MAXIMUM_DEFINITIONS);
  return {
    added: first('added', findings.added),
    removed: first('removed', findings.removed),
    changed: first('changed', findings.changed).map((change) => ({
      ...change,
      schemas: change.schemas.map(({ version, changes }) => ({
        version,
        changes: cuts
          .first(`crds.changed.${change.name}.${version}`, changes, MAXIMUM_SCHEMA_CHANGES)
          .map(showSchemaChange),
      })),
    })),
    unread: first('unread', findings.unread),
  };
}

function findingsOf(from: CrdReader, to: CrdReader): CrdFindings {
  const changed: CrdChange<SchemaDifference>[] = [];
  let complete = true;
  for (const [name, newer] of to.resources) {
    const older = from.resources.get(name);
    if (older === undefined) continue;
    const difference = crdDifference(older, newer);
    complete &&= difference.complete;
    if (difference.change) changed.push(difference.change);
  }
  return {
    // What is in a file that could not be read, may be what is missing.
    added: from.unread.length > 0 ? [] : without(to.resources, from.resources),
    removed: to.unread.length > 0 ? [] : without(from.resources, to.resources),
    changed: changed.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    unread: [...from.unread, ...to.unread],
    complete,
  };
}

function without(names: ReadonlyMap<string, unknown>, others: ReadonlyMap<string, unknown>): readonly string[] {
  return [...names.keys()].filter((name) => !others.has(name)).toSorted();
}

function crdPathsOf(chart: ComparedChart): ReadonlySet<string> {
  return new Set(chart.files.map(({ path }) => path).filter(isCrdFile));
}

/** The chart's own definitions before those of its dependencies. */
function ownFirst(one: string, other: string): number {
  const isOwn = one.startsWith('crds/');
  if (isOwn !== other.startsWith('crds/')) return isOwn ? -1 : 1;
  return one < other ? -1 : 1;
}
