// Referrers: the manifests that name another one as their subject, as an image index (OCI Distribution Spec, "Listing Referrers").
import type { Digest } from '../oci/digest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Database } from '../ports/database.ts';
import { measureReferrers, type ReferrerRow, listReferrers as selectReferrers } from '../tables/manifests.ts';

/** Clients read at most 4 MiB of a manifest; a descriptor carries its manifest's annotations, which can be large. */
const MAXIMUM_PAGE_BYTES = 3 * 1024 * 1024;
const MAXIMUM_PAGE = 500;
/** Room for what a descriptor has beside its annotations. */
const DESCRIPTOR_BYTES = 512;

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
  // Measured first: some hundred annotations of 4 MiB each must never be in memory together.
  const measured = await measureReferrers(database, { ...query, limit: MAXIMUM_PAGE + 1 });
  const taken = countThatFit(measured.map((row) => row.annotationBytes));
  const rows = taken === 0 ? [] : await selectReferrers(database, { ...query, limit: taken });
  const descriptors = rows.map(descriptorOf).join(',');
  const index = `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[${descriptors}]}`;
  return { index: Buffer.from(index), next: taken < measured.length ? rows.at(-1)?.digest : undefined };
}

/** At least one, or a page would never end. */
function countThatFit(sizes: readonly number[]): number {
  let bytes = 0;
  const end = sizes.findIndex((size, index) => {
    bytes += size + DESCRIPTOR_BYTES;
    return index === MAXIMUM_PAGE || (index > 0 && bytes > MAXIMUM_PAGE_BYTES);
  });
  return end === -1 ? sizes.length : end;
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
