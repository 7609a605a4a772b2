// Looks into the database of a test registry: which versions are published, and whether all that says so agrees.
import { join } from 'node:path';
import { expect } from 'vitest';
import { openSqliteDatabase } from '../../../src/adapters/sqlite-database.ts';
import type { Database } from '../../../src/ports/database.ts';
import type { TestRegistry } from '../../support/start-registry.ts';

export async function inDatabase<Result>(
  { dataDir }: TestRegistry,
  read: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = openSqliteDatabase(join(dataDir, 'chartroom.db'));
  try {
    return await read(database);
  } finally {
    await database.close();
  }
}

interface PublishedRow {
  readonly tag: string;
  readonly version: string;
  readonly digest: string | null;
  readonly listed: number;
  readonly revision: number;
  readonly publishedAt: number;
  readonly publishedBy: string;
}

/** In byte order of their tags, also those that were deleted. */
export async function publishedRows(registry: TestRegistry, repository: string): Promise<readonly PublishedRow[]> {
  return await inDatabase(registry, (database) =>
    database.query<PublishedRow>(
      `select tag, version, digest, listed, revision, published_at as "publishedAt", published_by as "publishedBy"
       from chart_versions where repository = $1 order by tag`,
      [repository],
    ),
  );
}

/** Versions that are listed, in byte order of their tags. */
export async function listedVersions(registry: TestRegistry, repository: string): Promise<readonly string[]> {
  return (await publishedRows(registry, repository)).flatMap(({ version, listed }) => (listed === 1 ? [version] : []));
}

/** `1 → 1.2.0`: the floating tags, each with the version that it points at. */
export async function floatingTags(registry: TestRegistry, repository: string): Promise<readonly string[]> {
  const rows = await inDatabase(registry, (database) =>
    database.query<{ name: string; version: string }>(
      `select tags.name, charts.version from tags
         join charts on charts.repository = tags.repository and charts.digest = tags.digest
       where tags.repository = $1 and floating = 1 order by tags.name`,
      [repository],
    ),
  );
  return rows.map(({ name, version }) => `${name} → ${version}`);
}

export async function tagList(registry: TestRegistry, repository: string): Promise<readonly string[]> {
  const answer = await registry.request('GET', `/v2/${repository}/tags/list`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { readonly tags: string[] }).tags;
}

interface TagState {
  readonly tag: string;
  readonly digest: string;
  readonly listed: number;
  readonly floating: number;
  /** null when it points at something that is no chart */
  readonly version: string | null;
}

/** Whether versions, tags, notices and floating tags of a repository all say the same. */
export async function expectAgreement(
  registry: TestRegistry,
  repository: string,
  keepsFloating: boolean,
): Promise<void> {
  const [tags, yanked] = await inDatabase(registry, async (database) => [
    await database.query<TagState>(
      `select tags.name as tag, tags.digest, listed, floating, charts.version from tags
         left join charts on charts.repository = tags.repository and charts.digest = tags.digest
       where tags.repository = $1 and tags.digest is not null order by tags.name`,
      [repository],
    ),
    new Set(
      (
        await database.query<{ tag: string }>(`select tag from notices where repository = $1 and kind = 'yanked'`, [
          repository,
        ])
      ).map(({ tag }) => tag),
    ),
  ]);
  const own = tags.filter(({ floating }) => floating === 0);
  const published = own.filter(({ version }) => version !== null);
  const rows = await publishedRows(registry, repository);
  const isYanked = (tag: string) => yanked.has(tag);
  expect(
    rows.filter(({ digest }) => digest !== null).map(({ tag, digest, listed }) => ({ tag, digest, listed })),
  ).toEqual(published.map(({ tag, digest }) => ({ tag, digest, listed: isYanked(tag) ? 0 : 1 })));
  expect(rows.filter(({ digest, listed }) => digest === null && listed === 1)).toEqual([]);
  const visible = own.filter(({ tag, version }) => version === null || !isYanked(tag)).map(({ tag }) => tag);
  expect(await tagList(registry, repository)).toEqual(visible);
  const floating = tags.filter((tag) => tag.floating === 1).map(({ tag, version }) => `${tag} → ${version}`);
  const owned = new Set(own.map(({ tag }) => tag));
  const expected = keepsFloating ? newestOfLines(published.filter(({ tag }) => !isYanked(tag))) : [];
  expect(floating).toEqual(expected.filter((pointer) => !owned.has(pointer.split(' ')[0] ?? '')));
}

/** By SemVer (https://semver.org, 11), of versions without a pre-release, and of no two that differ in the build alone. */
function newestOfLines(versions: readonly { readonly version: string | null }[]): readonly string[] {
  const newest = new Map<string, { readonly minor: number; readonly patch: number; readonly version: string }>();
  for (const { version } of versions) {
    const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)(?:\+.*)?$/.exec(version ?? '') ?? [];
    if (version === null || patch === undefined) continue;
    const found = { minor: Number(minor), patch: Number(patch), version };
    for (const line of [`${major}`, `${major}.${minor}`]) {
      const known = newest.get(line);
      const isNewer = !known || found.minor > known.minor || (found.minor === known.minor && found.patch > known.patch);
      if (isNewer) newest.set(line, found);
    }
  }
  return [...newest].map(([line, { version }]) => `${line} → ${version}`).toSorted();
}
