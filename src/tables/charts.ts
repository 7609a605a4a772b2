// Table charts: what was found in each manifest that is a chart.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

interface ChartFacts {
  readonly name: string;
  readonly version: string;
  /** JSON of the chart's metadata */
  readonly metadata: string;
  /** JSON list of findings */
  readonly findings: string;
}

export interface ChartRow extends ChartFacts {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly configDigest: Digest;
  readonly contentDigest: Digest;
  readonly provenanceDigest: Digest | undefined;
}

export async function insertChart(tx: Transaction, chart: ChartRow): Promise<void> {
  await tx.query(
    `insert into charts
       (repository, digest, name, version, config_digest, content_digest, provenance_digest, metadata, findings)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (repository, digest) do nothing`,
    [
      chart.repository,
      chart.digest,
      chart.name,
      chart.version,
      chart.configDigest,
      chart.contentDigest,
      chart.provenanceDigest ?? null,
      chart.metadata,
      chart.findings,
    ],
  );
}

/** What an earlier inspection of the same bytes found, in whatever repository. */
export async function findInspection(
  database: Queryable,
  configDigest: Digest,
  contentDigest: Digest,
): Promise<ChartFacts | undefined> {
  const rows = await database.query<ChartFacts>(
    'select name, version, metadata, findings from charts where content_digest = $1 and config_digest = $2 limit 1',
    [contentDigest, configDigest],
  );
  return rows[0];
}

/** Whether a version of the chart is published in the repository. */
export async function holdsChart(database: Queryable, repository: RepositoryName, name: string): Promise<boolean> {
  const rows = await database.query(
    `select tags.name from tags join charts on charts.repository = tags.repository and charts.digest = tags.digest
     where tags.repository = $1 and charts.name = $2 limit 1`,
    [repository, name],
  );
  return rows.length > 0;
}
