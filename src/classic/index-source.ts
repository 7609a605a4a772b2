// What index documents are made from: the published versions, in the order of their names and in that of their changes.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';

/** The charts of one namespace (the root is the empty path) without those below it, or all charts of all namespaces. */
export type IndexScope = { readonly kind: 'namespace'; readonly namespace: string } | { readonly kind: 'all' };

export interface IndexedVersion {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  /** the namespace of the repository; empty for the root */
  readonly namespace: string;
  /** In a repository, of all versions that were ever published, the only one with this key. */
  readonly sortKey: string;
  /** of the archive: `web-1.2.0+7.tgz` */
  readonly fileName: string;
  /** of the archive */
  readonly contentDigest: Digest;
  /** milliseconds since 1970 (UTC) */
  readonly publishedAt: number;
  /** false when it was deleted or yanked */
  readonly listed: boolean;
  /** Chart.yaml or a notice says so. */
  readonly deprecated: boolean;
  /** JSON of the chart's metadata; it may be null when the version is not listed */
  readonly metadata: string | null;
  /** that of its last change; a change of anything above raises it */
  readonly revision: number;
}

/** In the order of names: behind this version. */
export interface VersionPlace {
  readonly repository: string;
  readonly sortKey: string;
}

/** In the order of changes: behind this version. */
export interface ChangePosition {
  readonly revision: number;
  readonly repository: string;
  readonly tag: string;
}

/**
 * Texts are compared byte by byte. Whoever has read the newest revision, then all listed versions, and then what changed
 * behind that revision, misses nothing, however much is published meanwhile: revisions become visible in their order.
 */
export interface IndexSource {
  /** The newest revision of any version in the scope, listed or not; 0 when there was never one. */
  newestRevision(scope: IndexScope): Promise<number>;

  /**
   * Listed versions by repository, those of one repository by descending sort key, from behind `after` (or the beginning).
   * @param limit of how many there are at most; there are none only at the end
   */
  listedVersions(scope: IndexScope, after: VersionPlace | undefined, limit: number): Promise<readonly IndexedVersion[]>;

  /**
   * Versions, listed or not, by revision, repository and tag, from behind `after`.
   * @param limit of how many there are at most; there are none only at the end
   */
  changesAfter(scope: IndexScope, after: ChangePosition, limit: number): Promise<readonly IndexedVersion[]>;
}
