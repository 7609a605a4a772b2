// Which version stands for a range: what Helm would choose, named so that it can be pinned.

import { RegistryError } from '../oci/error.ts';
import { quoted } from '../oci/quoted.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { findVersion, type VersionRow } from '../tables/chart-catalog.ts';
import { readRange } from './ranges.ts';
import { factsOf, requireChart, type VersionFacts } from './versions.ts';
import { VersionsInOrder } from './versions-in-order.ts';

export interface RangeQuery {
  /** A range, or a version itself, which is found also when it is yanked. */
  readonly range: string;
  /** Whether the range admits pre-releases though it names none. */
  readonly withPrereleases: boolean;
}

/** @throws RegistryError REQUEST_INVALID, NAME_UNKNOWN, or MANIFEST_UNKNOWN that names the newest version when none fits */
export async function resolveRange(
  database: Database,
  repository: RepositoryName,
  query: RangeQuery,
): Promise<VersionFacts> {
  const exact = await findExact(database, repository, query.range);
  if (exact) return await factsOf(database, exact);
  const range = readRange(query.range, query.withPrereleases);
  const versions = new VersionsInOrder(database, repository);
  const newest = await versions.newestIn(range);
  const row = newest && (await findVersion(database, repository, newest.tag));
  if (row) return await factsOf(database, row);
  await requireChart(database, repository);
  throw await nothingFits(repository, query, versions);
}

/** Spelled as in Chart.yaml or as its tag. A "+" that was not encoded in an address has become a space. */
async function findExact(
  database: Database,
  repository: RepositoryName,
  text: string,
): Promise<VersionRow | undefined> {
  return await findVersion(database, repository, text.replace(/[+ ]/g, '_') as Tag);
}

async function nothingFits(
  repository: RepositoryName,
  query: RangeQuery,
  versions: VersionsInOrder,
): Promise<RegistryError> {
  const newest = await versions.newest();
  const there = newest ? `its newest is ${newest.version.text}` : 'all of its versions are yanked';
  const message = `no version of ${repository} is in the range ${quoted(query.range)}: ${there}${await hintOf(query, versions)}`;
  return new RegistryError('MANIFEST_UNKNOWN', message);
}

/** Names what almost fits, and why it does not. */
async function hintOf({ range: text, withPrereleases }: RangeQuery, versions: VersionsInOrder): Promise<string> {
  const range = readRange(text, withPrereleases);
  const yanked = await versions.find((each) => !each.isListed && range.admits(each.version));
  if (yanked) return `; ${yanked.version.text} is yanked, so only its exact name finds it`;
  const prerelease = withPrereleases ? undefined : await versions.newestIn(readRange(text, true));
  if (prerelease) return `; ${prerelease.version.text} would be, with prerelease=true`;
  // Helm accepts such a version, and does not find it where it asks for tags.
  const loose = await versions.find((each) => !each.version.strict && range.admits(each.version));
  return loose ? `; ${loose.version.text} is not strict SemVer, so only its exact name finds it` : '';
}
