// What the tests of published versions share: versions with all the rows that a push writes of them.
import { parseChartVersion } from '../../../src/charts/version.ts';
import { sortKeyOf } from '../../../src/charts/version-order.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { lastSegment, parentOf, type RepositoryName } from '../../../src/oci/repository-name.ts';
import type { Tag } from '../../../src/oci/tag.ts';
import type { Database, Transaction } from '../../../src/ports/database.ts';
import { linkBlob } from '../../../src/tables/blobs.ts';
import { countCatalogRevisionUp } from '../../../src/tables/catalog-revision.ts';
import { type PublishedVersion, putChartVersion } from '../../../src/tables/chart-versions.ts';
import { insertChart } from '../../../src/tables/charts.ts';
import { putNotice } from '../../../src/tables/notices.ts';
import { pointTag } from '../../../src/tables/tags.ts';
import { manifest, push, write } from './rows.ts';

export function tagOf(version: string): Tag {
  return version.replaceAll('+', '_') as Tag;
}

/** Of the manifest, and of the archive, that `publish` makes of a version. */
export function digestsOf(
  repository: RepositoryName,
  version: string,
): { readonly digest: Digest; readonly content: Digest } {
  return {
    digest: digestOf(Buffer.from(`manifest of ${repository} ${version}`)),
    content: digestOf(Buffer.from(`archive of ${repository} ${version}`)),
  };
}

export function versionOf(
  repository: RepositoryName,
  version: string,
  change: Partial<PublishedVersion> = {},
): PublishedVersion {
  const parsed = parseChartVersion(version);
  if (!parsed) throw new Error(`${version} is no version`);
  const name = lastSegment(repository);
  const { digest, content } = digestsOf(repository, version);
  return {
    ...{ repository, tag: tagOf(version), namespace: parentOf(repository), name, version },
    ...{ fileName: `${name}-${version}.tgz`, digest, contentDigest: content, provenanceDigest: undefined },
    ...{ sortKey: sortKeyOf(parsed), stable: parsed.strict && !parsed.prerelease, deprecated: false },
    ...{ publishedAt: 7, publishedBy: 'ci' },
    ...change,
  };
}

/** @returns the revision with which they came, one after the other: that of the last */
export async function publish(
  database: Database,
  repository: RepositoryName,
  ...versions: readonly (string | PublishedVersion)[]
): Promise<number> {
  let revision = 0;
  for (const each of versions) {
    revision = await database.transaction((tx) =>
      publishOne(tx, typeof each === 'string' ? versionOf(repository, each) : each),
    );
  }
  return revision;
}

async function publishOne(tx: Transaction, version: PublishedVersion): Promise<number> {
  const { repository, digest, contentDigest, name } = version;
  const revision = await countCatalogRevisionUp(tx);
  await linkBlob(tx, { repository, digest: contentDigest, size: 1000 + version.version.length, now: 1 });
  await push(tx, manifest(digest, { repository, blobs: [contentDigest] }));
  const facts = {
    name,
    version: version.version,
    metadata: JSON.stringify({ name, version: version.version }),
    findings: '[]',
  };
  await insertChart(tx, {
    repository,
    digest,
    configDigest: digest,
    contentDigest,
    provenanceDigest: undefined,
    ...facts,
  });
  await pointTag(tx, write(digest, { repository, tag: version.tag, identity: digest }));
  await putChartVersion(tx, version, revision);
  return revision;
}

export async function notice(
  database: Database,
  repository: RepositoryName,
  tag: Tag | '',
  kind: 'deprecated' | 'yanked',
): Promise<void> {
  const said = { reason: 'a reason', replacement: '', notedAt: 3, notedBy: 'ann' };
  await database.transaction((tx) => putNotice(tx, { repository, tag, kind, ...said }));
}
