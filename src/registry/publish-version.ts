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
import { setTagsRevision } from '../tables/catalog-revision.ts';
import { putDependencies } from '../tables/chart-dependencies.ts';
import {
  findFileNameOwner,
  type PublishedVersion,
  putChartVersion,
  withdrawChartVersion,
} from '../tables/chart-versions.ts';
import { setTagListed, type TagRow } from '../tables/tags.ts';
import type { Actor } from './actor.ts';
import { refreshFloatingTags } from './floating-tags.ts';

/** A chart as it is published: what the manifest holds, and what Chart.yaml says. */
export interface PublishedChart {
  readonly metadata: ChartMetadata;
  readonly contentDigest: Digest;
  readonly provenanceDigest: Digest | undefined;
}

/** A tag that points at something else than before, and the revision of the catalog with which it does. */
interface TagChange {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly row: TagRow;
  readonly revision: number;
  /** Who is told of a refusal; undefined for the operator, who may see everything. */
  readonly actor: Actor | undefined;
}

/**
 * After a tag was pointed at a manifest.
 * @param chart undefined when the manifest is none
 * @throws RegistryError FILE_NAME_TAKEN
 */
export async function recordTagSet(
  tx: Transaction,
  change: TagChange,
  chart: PublishedChart | undefined,
): Promise<void> {
  const { repository, tag, row, revision } = change;
  await setTagsRevision(tx, repository, revision);
  if (chart && row.digest !== null) await publish(tx, publishedVersion(change, row.digest, chart), chart, change);
  else await withdrawChartVersion(tx, repository, tag, revision);
  await refreshFloatingTags(tx, repository, [tag], row.pushedAt);
}

async function publish(
  tx: Transaction,
  version: PublishedVersion,
  { metadata }: PublishedChart,
  { revision, actor }: TagChange,
): Promise<void> {
  const { repository, tag } = version;
  await requireFreeFileName(tx, version, actor);
  const { isListed } = await putChartVersion(tx, version, revision);
  if (!isListed) await setTagListed(tx, repository, tag, false);
  await putDependencies(tx, repository, tag, dependenciesOf(metadata));
}

/** After tags were deleted. @param at milliseconds since 1970 */
export async function recordTagsDeleted(
  tx: Transaction,
  repository: RepositoryName,
  tags: readonly Tag[],
  { revision, at }: { readonly revision: number; readonly at: number },
): Promise<void> {
  if (tags.length === 0) return;
  await setTagsRevision(tx, repository, revision);
  for (const tag of tags) await withdrawChartVersion(tx, repository, tag, revision);
  await refreshFloatingTags(tx, repository, tags, at);
}

function publishedVersion(
  { repository, tag, row: { pushedAt, pushedBy } }: TagChange,
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
async function requireFreeFileName(
  tx: Transaction,
  version: PublishedVersion,
  actor: Actor | undefined,
): Promise<void> {
  const { namespace, fileName, repository } = version;
  const owner = await findFileNameOwner(tx, namespace, fileName, repository);
  if (!owner) return;
  const [chart, place] = [`${version.name} ${version.version}`, namespace || 'the root namespace'];
  const state = owner.digest === null ? 'was published and deleted' : 'is published';
  const what =
    actor && !actor.maySee(owner.repository)
      ? `${chart} would be the file ${fileName} of the classic repository of ${place}, which is another chart's file`
      : `${chart} and ${owner.name} ${owner.version}, which ${state} in ${place}, would both be the file ${fileName} of its classic repository`;
  throw new RegistryError('FILE_NAME_TAKEN', `${what}: raise "version" in Chart.yaml and push again`);
}

function dependenciesOf(metadata: ChartMetadata) {
  return (metadata.dependencies ?? []).map(({ name, version = '', repository }) => ({
    name,
    versionRange: version,
    location: repository,
  }));
}
