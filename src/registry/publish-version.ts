// Writes down, in the transaction that changes a tag, which version it publishes or takes back: what lists, indexes and ranges read.
import type { ChartMetadata } from '../charts/chart-yaml.ts';
import { fileNameOf } from '../charts/file-name.ts';
import { parseChartVersion } from '../charts/version.ts';
import { sortKeyOf } from '../charts/version-order.ts';
import type { Digest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { parentOf, type RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Transaction } from '../ports/database.ts';
import { countCatalogRevisionUp, setTagsRevision } from '../tables/catalog-revision.ts';
import { putDependencies } from '../tables/chart-dependencies.ts';
import {
  findFileNameOwner,
  type PublishedVersion,
  putChartVersion,
  withdrawChartVersion,
} from '../tables/chart-versions.ts';
import { setTagListed, type TagRow } from '../tables/tags.ts';
import { keepsFloatingTags, refreshFloatingTags } from './floating-tags.ts';

/** A chart as it is published: what the manifest holds, and what Chart.yaml says. */
export interface PublishedChart {
  readonly metadata: ChartMetadata;
  readonly contentDigest: Digest;
  readonly provenanceDigest: Digest | undefined;
}

/**
 * After a tag was pointed at a manifest.
 * @param chart undefined when the manifest is none
 * @throws RegistryError FILE_NAME_TAKEN
 */
export async function recordTagSet(
  tx: Transaction,
  repository: RepositoryName,
  tag: Tag,
  row: TagRow,
  chart: PublishedChart | undefined,
): Promise<void> {
  const revision = await countCatalogRevisionUp(tx);
  await setTagsRevision(tx, repository, revision);
  if (!chart || row.digest === null) {
    await withdraw(tx, repository, tag, row.pushedAt, revision);
    return;
  }
  const version = publishedVersion(repository, tag, row, row.digest, chart);
  await requireFreeFileName(tx, version);
  const { isListed } = await putChartVersion(tx, version, revision);
  if (!isListed) await setTagListed(tx, repository, tag, false);
  await putDependencies(tx, repository, tag, dependenciesOf(chart.metadata));
  if (await keepsFloatingTags(tx, repository)) await refreshFloatingTags(tx, repository, version.version, row.pushedAt);
}

/** After tags were deleted. @param at milliseconds since 1970 */
export async function recordTagsDeleted(
  tx: Transaction,
  repository: RepositoryName,
  tags: readonly Tag[],
  at: number,
): Promise<void> {
  if (tags.length === 0) return;
  const revision = await countCatalogRevisionUp(tx);
  await setTagsRevision(tx, repository, revision);
  for (const tag of tags) await withdraw(tx, repository, tag, at, revision);
}

async function withdraw(
  tx: Transaction,
  repository: RepositoryName,
  tag: Tag,
  at: number,
  revision: number,
): Promise<void> {
  const version = await withdrawChartVersion(tx, repository, tag, revision);
  if (version !== undefined) await refreshFloatingTags(tx, repository, version, at);
}

export function publishedVersion(
  repository: RepositoryName,
  tag: Tag,
  { pushedAt, pushedBy }: TagRow,
  digest: Digest,
  { metadata, contentDigest, provenanceDigest }: PublishedChart,
): PublishedVersion {
  const parsed = parseChartVersion(metadata.version);
  if (!parsed) throw new Error(`${repository}:${tag} was let in with the version "${metadata.version}", which is none`);
  return {
    repository,
    tag,
    namespace: parentOf(repository),
    name: metadata.name,
    version: metadata.version,
    fileName: fileNameOf(metadata),
    digest,
    contentDigest,
    provenanceDigest,
    sortKey: sortKeyOf(parsed),
    stable: parsed.strict && !parsed.prerelease,
    deprecated: metadata.deprecated === true,
    publishedAt: pushedAt,
    publishedBy: pushedBy,
  };
}

/** `web-1.0.0` in version 2.0.0 and `web` in version 1.0.0-2.0.0 are two charts, and one file of a classic repository. */
async function requireFreeFileName(tx: Transaction, version: PublishedVersion): Promise<void> {
  const { namespace, fileName, repository } = version;
  const owner = await findFileNameOwner(tx, namespace, fileName, repository);
  if (!owner) return;
  throw new RegistryError(
    'FILE_NAME_TAKEN',
    `${version.name} ${version.version} and ${owner.name} ${owner.version}, which is published in ${namespace || 'the root namespace'}, would both be the file ${fileName} of its classic repository: raise "version" in Chart.yaml and push again`,
  );
}

function dependenciesOf(metadata: ChartMetadata) {
  return (metadata.dependencies ?? []).map(({ name, version = '', repository }) => ({
    name,
    versionRange: version,
    location: repository,
  }));
}
