// Words the refusal of a push to a tag that is fixed to other content: what is there, since when, by whom, what to do.
import { shortDigest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { parentOf, type RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';
import { findVersion } from '../tables/chart-catalog.ts';
import { findTag, type TagRow } from '../tables/tags.ts';
import { requireNotKept } from './floating-tags.ts';
import type { ChartPush } from './push-chart.ts';
import { isFixed, type TagRules } from './tag-rules.ts';

/** What of a chart decides whether its push would repeat what is published. */
export type ComparedChart = Pick<ChartPush, 'metadata' | 'identity'>;

/**
 * Refuses a chart before its bytes are kept, where its push would be refused. Between this and the push things may change, so
 * it is the push that decides.
 * @throws RegistryError TAG_KEPT, VERSION_PUBLISHED
 */
export async function requireNotPublished(
  { database, rules }: { readonly database: Queryable; readonly rules: TagRules },
  repository: RepositoryName,
  tag: Tag,
  chart: ComparedChart,
): Promise<void> {
  await requireNotKept(database, repository, tag, true);
  const published = await findTag(database, repository, tag);
  if (!published || published.identity === chart.identity) return;
  const isFree = published.fixed === 0 && !isFixed(rules, tag, true);
  if (isFree || (published.digest === null && rules.republishDeleted)) return;
  throw new RegistryError('VERSION_PUBLISHED', chartMessage(repository, published, chart, ''));
}

export async function publishedRefusal(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag,
  push: { readonly chart: ChartPush | undefined },
): Promise<RegistryError> {
  const published = await findTag(database, repository, tag);
  if (!published) throw new Error(`tag ${tag} of ${repository} refused a push and is not there`);
  const message = push.chart
    ? chartMessage(
        repository,
        published,
        push.chart,
        published.identity === push.chart.identity ? await difference(database, repository, tag, push.chart) : '',
      )
    : artifactMessage(repository, tag, published);
  return new RegistryError('VERSION_PUBLISHED', message);
}

/** Of pushes of one chart, only their provenance files can differ; the published one may have come later. */
async function difference(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag,
  { layers }: ChartPush,
): Promise<string> {
  const version = await findVersion(database, repository, tag);
  const provenance = version?.provenanceDigest ?? null;
  if (provenance === null) return ' with no provenance file';
  return provenance === layers.provenance?.digest
    ? ' with this provenance file beside it'
    : ' with another provenance file';
}

/** @param difference what the published version has that the push has not */
function chartMessage(repository: RepositoryName, published: TagRow, chart: ComparedChart, difference: string): string {
  const { name, version } = chart.metadata;
  const place = parentOf(repository) === '' ? '' : ` in ${parentOf(repository)}`;
  const remedy = 'raise "version" in Chart.yaml and push again';
  if (published.digest === null) {
    return `${name} ${version} was published${place} and deleted (${deletion(published)}), and a deleted version does not come back with other content: ${remedy}`;
  }
  // A chart's identity has two digests, everything else's has one.
  if (!published.identity.includes(' ')) {
    return `tag ${version.replaceAll('+', '_')} of ${repository} belongs to something that is no chart (${publication(published)}): ${remedy}, or have a maintainer delete that tag`;
  }
  return `${name} ${version} is already published${place}${difference} (${publication(published)}) and published versions never change: ${remedy}`;
}

function artifactMessage(repository: RepositoryName, tag: Tag, published: TagRow): string {
  return published.digest === null
    ? `tag ${tag} of ${repository} was deleted (${deletion(published)}) and does not come back with other content: push to another tag`
    : `tag ${tag} of ${repository} is already published (${publication(published)}) and never changes: push to another tag`;
}

function publication(tag: TagRow): string {
  const digest = tag.digest === null ? '' : `, ${shortDigest(tag.digest)}`;
  return `${minute(tag.pushedAt)} by ${tag.pushedBy}${digest}`;
}

function deletion(tag: TagRow): string {
  return `${minute(tag.deletedAt ?? 0)} by ${tag.deletedBy ?? 'somebody'}`;
}

/** `2026-11-23 10:02 UTC` */
function minute(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
