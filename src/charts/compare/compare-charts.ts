// Compares two versions of a chart: what changed in each part, and what of it may break an installation.

import { type CrdFindings, type CrdsComparison, findCrdDifferences, showCrds } from './compare-crds.ts';
import { compareFiles, type FileChange } from './compare-files.ts';
import { compareMetadata, type MetadataComparison } from './compare-metadata.ts';
import { findSchemaDifferences, type SchemaComparison, type SchemaFindings, showSchema } from './compare-schemas.ts';
import { findValueDifferences, showValues, type ValuesComparison, type ValuesFindings } from './compare-values.ts';
import type { ComparedChart } from './compared-chart.ts';
import { crdRisks } from './crd-risks.ts';
import { type Cut, Cuts } from './cuts.ts';
import { Effort } from './effort.ts';
import { compareImages, type ImagesComparison } from './image-changes.ts';
import { metadataRisks } from './metadata-risks.ts';
import { orderRisks, type Risk } from './risk.ts';
import { schemaRisks } from './schema-risks.ts';
import type { Readable } from './unreadable-file.ts';
import { valueRisks } from './value-risks.ts';

/** Made for JSON; all lists have an order that depends on the two charts only. */
export interface ChartComparison {
  readonly from: ComparedVersion;
  readonly to: ComparedVersion;
  /** whether nothing was found that differs, and nothing was left out */
  readonly equal: boolean;
  /** what breaks first */
  readonly breaking: readonly Risk[];
  /** what the list `breaking` is worth */
  readonly note: string;
  readonly metadata: MetadataComparison;
  readonly values: ValuesComparison;
  readonly schema: SchemaComparison;
  readonly crds: CrdsComparison;
  readonly images: ImagesComparison;
  /** the files that differ, templates first */
  readonly files: readonly FileChange[];
  /** what is not in this answer because there is too much of it */
  readonly cut: readonly Cut[];
}

interface ComparedVersion {
  readonly name: string;
  readonly version: string;
}

const NOTE =
  'Found by comparing the files of the two charts. What templates make of the values, and what charts packed inside of this one change, is not examined: a short list is no promise.';
/** units of `composeDocuments` for all files: about a second */
const YAML_EFFORT = 1_500_000;
const MAXIMUM_RISKS = 1_000;
const MAXIMUM_IMAGES = 1_000;

/** Never throws for what is in the charts: a file that cannot be read is reported in its part of the answer. */
export function compareCharts(from: ComparedChart, to: ComparedChart): ChartComparison {
  const cuts = new Cuts();
  const effort = new Effort(YAML_EFFORT);
  const values = findValueDifferences(from, to, effort);
  const schema = findSchemaDifferences(from, to);
  const crds = findCrdDifferences(from, to, effort);
  const images = compareImages(from.images, to.images);
  const risks = risksOf({ from, to, values, schema, crds });
  const answer = {
    breaking: cuts.first('breaking', risks, MAXIMUM_RISKS),
    metadata: compareMetadata(from.metadata, to.metadata),
    values: showValues(values, cuts),
    schema: showSchema(schema, cuts),
    crds: showCrds(crds, cuts),
    images: {
      added: cuts.first('images.added', images.added, MAXIMUM_IMAGES),
      removed: cuts.first('images.removed', images.removed, MAXIMUM_IMAGES),
      changed: cuts.first('images.changed', images.changed, MAXIMUM_IMAGES),
    },
    files: compareFiles(from, to, cuts),
  };
  const { metadata, files } = answer;
  const isEqual = files.length === 0 && metadata.fields.length === 0 && cuts.list.length === 0;
  return { from: versionOf(from), to: versionOf(to), equal: isEqual, note: NOTE, ...answer, cut: cuts.list };
}

interface Findings {
  readonly from: ComparedChart;
  readonly to: ComparedChart;
  readonly values: Readable<ValuesFindings>;
  readonly schema: Readable<SchemaFindings>;
  readonly crds: CrdFindings;
}

function risksOf({ from, to, values, schema, crds }: Findings): readonly Risk[] {
  const defaults = values.readable ? values.content.values : undefined;
  return orderRisks([
    ...metadataRisks(from.metadata, to.metadata),
    ...(values.readable ? valueRisks(values.content, to.metadata) : [notCompared('values', values.reason)]),
    ...(schema.readable ? schemaRisks(schema.content, defaults) : [notCompared('schema', schema.reason)]),
    ...crdRisks(crds),
    ...(crds.unread[0] ? [notCompared('crds', reasonOf(crds.unread[0].reason, crds.unread.length))] : []),
  ]);
}

function reasonOf(first: string, files: number): string {
  return files === 1 ? first : `${first}, and ${files - 1} more files`;
}

function notCompared(part: 'values' | 'schema' | 'crds', reason: string): Risk {
  const names = { values: 'default values', schema: 'schemas of the values', crds: 'custom resource definitions' };
  const message = `the ${names[part]} could not all be compared, so what they break is not known: ${reason}`;
  return { kind: 'not-compared', severity: 'attention', path: '', message };
}

function versionOf({ metadata }: ComparedChart): ComparedVersion {
  return { name: metadata.name, version: metadata.version };
}
