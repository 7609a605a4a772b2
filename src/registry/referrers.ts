// Referrers: the manifests that name another one as their subject, as an image index (OCI Distribution Spec, "Listing Referrers").
import type { Digest } from '../oci/digest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Database } from '../ports/database.ts';
import { type ReferrerRow, listReferrers as selectReferrers } from '../tables/manifests.ts';

/** Clients read at most 4 MiB of a manifest; a descriptor carries its manifest's annotations, which can be large. */
const MAXIMUM_PAGE_BYTES = 3 * 1024 * 1024;
const MAXIMUM_PAGE = 500;

export interface ReferrersPage {
  readonly index: Buffer;
  /** The digest behind which the next page starts; undefined on the last page. */
  readonly next: Digest | undefined;
}

/** An empty index when there are none, also for a subject or repository that does not exist. */
export async function listReferrers(
  database: Database,
  query: {
    readonly repository: RepositoryName;
    readonly subject: Digest;
    readonly artifactType: string | undefined;
    readonly last: string;
  },
): Promise<ReferrersPage> {
  const rows = await selectReferrers(database, { ...query, limit: MAXIMUM_PAGE + 1 });
  const taken: string[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, MAXIMUM_PAGE)) {
    const descriptor = descriptorOf(row);
    bytes += Buffer.byteLength(descriptor);
    if (taken.length > 0 && bytes > MAXIMUM_PAGE_BYTES) break;
    taken.push(descriptor);
  }
  const index = `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[${taken.join(',')}]}`;
  const next = taken.length < rows.length ? rows[taken.length - 1]?.digest : undefined;
  return { index: Buffer.from(index), next };
}

function descriptorOf(row: ReferrerRow): string {
  const annotations = JSON.parse(row.annotations) as Record<string, string>;
  return JSON.stringify({
    mediaType: row.mediaType,
    digest: row.digest,
    size: row.size,
    ...(row.artifactType === null ? {} : { artifactType: row.artifactType }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  });
}
