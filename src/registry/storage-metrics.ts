// What is told of the storage: how much room there is, and what is in it that needs somebody's attention.
import type { Metrics } from '../metrics/metrics.ts';
import type { Database } from '../ports/database.ts';
import { countDamagedBlobs } from '../tables/blob-checks.ts';
import { findNewestEventTime } from '../tables/events.ts';
import { countUploads } from '../tables/uploads.ts';
import type { FreeSpace } from './free-space.ts';

export function addStorageMetrics(
  metrics: Metrics,
  { database, space }: { readonly database: Database; readonly space: FreeSpace },
): void {
  metrics.addGauge(
    'chartroom_storage_free_bytes',
    'What may be written still to the disk of the data folder.',
    () => space.freeBytes,
  );
  metrics.addGauge('chartroom_storage_total_bytes', 'The size of that disk.', () => space.totalBytes);
  metrics.addGauge(
    'chartroom_storage_reserved_bytes',
    'What pushes leave free: below it, they are refused.',
    () => space.reservedBytes,
  );
  metrics.addGauge('chartroom_pushes_refused', '1 while pushes are refused since there is no room, else 0.', () =>
    space.room === 'reserved' ? 1 : 0,
  );
  metrics.addGauge('chartroom_uploads_open', 'Uploads that were begun and are not over.', () => countUploads(database));
  metrics.addGauge(
    'chartroom_last_backup_timestamp_seconds',
    'When a whole backup was last completed, since 1970; 0 when none is on record.',
    // Not missing: an alert on its age is to notice also that there was never any.
    async () => ((await findNewestEventTime(database, 'backup.made')) ?? 0) / 1000,
  );
  metrics.addGauge('chartroom_blobs_damaged', 'Blobs whose bytes are known to be damaged or lost.', () =>
    countDamagedBlobs(database),
  );
}
