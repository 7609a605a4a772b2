// Enters the charts among the published versions that a Chartroom took which did not keep these yet.
import type { ChartMetadata } from '../charts/chart-yaml.ts';
import { RegistryError } from '../oci/error.ts';
import type { Database, Transaction } from '../ports/database.ts';
import { areVersionsEntered, countCatalogRevisionUp, noteVersionsEntered } from '../tables/catalog-revision.ts';
import { listChartsWithoutVersion, type UnenteredChart } from '../tables/chart-catalog.ts';
import { findTag } from '../tables/tags.ts';
import { recordTagSet } from './publish-version.ts';

/** Few: each may have a Chart.yaml of 1 MiB. */
const BATCH = 16;

/**
 * For the start. One chart whose file name another one has already stays out of classic repositories and of lists of charts,
 * and goes on being there for OCI clients: `onRefusal` is told. Once none is left out, all tags are never gone through again.
 */
export async function backfillVersions(database: Database, onRefusal: (refusal: RegistryError) => void): Promise<void> {
  if (await areVersionsEntered(database)) return;
  let isComplete = true;
  const refuse = (refusal: RegistryError): void => {
    isComplete = false;
    onRefusal(refusal);
  };
  for (let last: UnenteredChart | undefined, isEnd = false; !isEnd; ) {
    const charts: readonly UnenteredChart[] = await listChartsWithoutVersion(database, last, BATCH);
    if (charts.length > 0) await database.transaction((tx) => enter(tx, charts, refuse));
    last = charts.at(-1);
    isEnd = charts.length < BATCH;
  }
  if (isComplete) await database.transaction(noteVersionsEntered);
}

async function enter(
  tx: Transaction,
  charts: readonly UnenteredChart[],
  onRefusal: (refusal: RegistryError) => void,
): Promise<void> {
  const revision = await countCatalogRevisionUp(tx);
  for (const { repository, tag, digest, ...chart } of charts) {
    const row = await findTag(tx, repository, tag);
    // Another process may have been faster.
    if (row?.digest !== digest) continue;
    const metadata = JSON.parse(chart.metadata) as ChartMetadata;
    const provenanceDigest = chart.provenanceDigest ?? undefined;
    try {
      const change = { repository, tag, row, revision, actor: undefined };
      await recordTagSet(tx, change, { ...chart, metadata, provenanceDigest });
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      onRefusal(error);
    }
  }
}
