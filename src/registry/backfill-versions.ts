// Enters the charts among the published versions that a Chartroom took which did not keep these yet.
import type { ChartMetadata } from '../charts/chart-yaml.ts';
import { RegistryError } from '../oci/error.ts';
import type { Database } from '../ports/database.ts';
import { listChartsWithoutVersion } from '../tables/chart-catalog.ts';
import { findTag } from '../tables/tags.ts';
import { recordTagSet } from './publish-version.ts';

const BATCH = 200;

/**
 * For the start. One chart whose file name another one has already stays out of classic repositories, and goes on being
 * there for OCI clients: `onRefusal` is told.
 */
export async function backfillVersions(database: Database, onRefusal: (refusal: RegistryError) => void): Promise<void> {
  let last = { repository: '', tag: '' };
  for (;;) {
    const charts = await listChartsWithoutVersion(database, last, BATCH);
    for (const { repository, tag, ...chart } of charts) {
      const published = { ...chart, metadata: JSON.parse(chart.metadata) as ChartMetadata };
      try {
        await database.transaction(async (tx) => {
          const row = await findTag(tx, repository, tag);
          const provenanceDigest = published.provenanceDigest ?? undefined;
          if (row) await recordTagSet(tx, repository, tag, row, { ...published, provenanceDigest });
        });
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        onRefusal(error);
      }
    }
    const end = charts.at(-1);
    if (!end || charts.length < BATCH) return;
    last = end;
  }
}
