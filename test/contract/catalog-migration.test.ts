// What migration 0003 and the start after it make of a database without published versions: everything is kept and entered.
import { afterAll, describe, expect, test } from 'vitest';
import { readMigrations } from '../../src/adapters/migration-files.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { Tag } from '../../src/oci/tag.ts';
import type { Database } from '../../src/ports/database.ts';
import { backfillVersions } from '../../src/registry/backfill-versions.ts';
import { listVersions } from '../../src/tables/chart-catalog.ts';
import { listDependents } from '../../src/tables/chart-dependencies.ts';
import { listFloatingTags } from '../../src/tables/floating-tags.ts';
import { migrate } from '../../src/tables/migrate.ts';
import { findNamespace, listNamespaces, putNamespace } from '../../src/tables/namespaces.ts';
import { readTagsRevision } from '../../src/tables/repositories.ts';
import { findTag, listTags } from '../../src/tables/tags.ts';
import { DATABASES, stopDatabases } from './databases.ts';

const NOW = 1_790_000_000_000;
const WEB = 'team/web' as RepositoryName;

interface OldChart {
  readonly repository: string;
  readonly version: string;
  /** Whether its tag was deleted. */
  readonly isDeleted?: boolean;
}

/** As the second version of the tables has a pushed chart. */
function oldChart({ repository, version, isDeleted = false }: OldChart, index: number): string {
  const name = repository.split('/').at(-1) ?? '';
  const digest = `'sha256:manifest ${repository} ${version}'`;
  const content = `'sha256:archive ${repository} ${version}'`;
  const dependencies = [{ name: 'common', version: '1.x', repository: 'oci://host/library' }];
  const metadata = JSON.stringify({ apiVersion: 'v2', name, version, deprecated: index === 0, dependencies });
  const tag = version.replaceAll('+', '_');
  const deleted = isDeleted
    ? `null, 1, 'i', '', 'p', ${NOW}, 'ci', ${NOW}, 'ann'`
    : `${digest}, 1, 'i', '', 'p', ${NOW + index}, 'ci', null, null`;
  return `
    insert into repositories (name, created_at) values ('${repository}', ${NOW}) on conflict do nothing;
    insert into blobs (digest, size, created_at) values (${content}, 1234, ${NOW});
    insert into repository_blobs (repository, digest, linked_at) values ('${repository}', ${content}, ${NOW});
    insert into manifests (repository, digest, media_type, annotations, content, size, pushed_at, pushed_by)
      values ('${repository}', ${digest}, 'text/x', '{}', NO_BYTES, 0, ${NOW}, 'ci');
    insert into charts (repository, digest, name, version, config_digest, content_digest, provenance_digest, metadata, findings)
      values ('${repository}', ${digest}, '${name}', '${version}', 'sha256:c', ${content}, ${index === 0 ? `'sha256:prov'` : 'null'}, '${metadata}', '[]');
    insert into tags (repository, name, digest, fixed, identity, provenance, push_id, pushed_at, pushed_by, deleted_at, deleted_by)
      values ('${repository}', '${tag}', ${deleted});`;
}

const OLD: readonly OldChart[] = [
  { repository: WEB, version: '1.2.0+b' },
  { repository: WEB, version: '1.10.0' },
  { repository: WEB, version: '2.0.0-rc.1' },
  { repository: WEB, version: '3.0.0', isDeleted: true },
  { repository: 'team/db', version: '1.0.0-2.0.0' },
  { repository: 'team/db-1.0.0', version: '2.0.0' },
  ...Array.from({ length: 450 }, (_, index) => ({ repository: 'team/many', version: `0.0.${index}` })),
];

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const openOld = async () => {
      const opened = await kind.openEmpty();
      const { database } = opened;
      const migrations = await readMigrations(database.dialect);
      await migrate(database, migrations.slice(0, 2), 1);
      await database.transaction(async (tx) => {
        await tx.script(
          `insert into namespaces (path, visibility, updated_at) values ('', 'private', 5), ('team', 'public', 6)`,
        );
        const script = OLD.map(oldChart).join('\n');
        await tx.script(script.replaceAll('NO_BYTES', database.dialect === 'sqlite' ? `x''` : `''`));
      });
      expect(await migrate(database, migrations.slice(0, 3), 2)).toEqual(['0003-catalog']);
      await migrate(database, migrations, 3);
      return opened;
    };
    const backfill = async (database: Database) => {
      const refusals: string[] = [];
      await backfillVersions(database, ({ code, message }) => refusals.push(`${code} ${message}`));
      return refusals;
    };
    const versions = async (database: Database, repository: RepositoryName) =>
      await listVersions(database, repository, { before: undefined, limit: 1000, onlyListed: true });

    test('namespaces keep their visibility, and leave the rest to those above', async () => {
      await using opened = await openOld();
      const { database } = opened;
      const unsaid = { floatingTags: null, artifactHub: null };
      expect(await listNamespaces(database)).toEqual([
        { path: '', visibility: 'private', ...unsaid },
        { path: 'team', visibility: 'public', ...unsaid },
      ]);
      expect(await database.query('select updated_at as at from namespaces order by path')).toEqual([
        { at: 5 },
        { at: 6 },
      ]);
      await database.transaction((tx) => putNamespace(tx, { path: 'team', visibility: null }, 7));
      expect(await findNamespace(database, 'team')).toEqual({ path: 'team', visibility: null, ...unsaid });
    });

    test('tags are listed as before', async () => {
      await using opened = await openOld();
      const { database } = opened;
      expect(await listTags(database, WEB, '', 10)).toEqual(['1.10.0', '1.2.0_b', '2.0.0-rc.1']);
      expect(await findTag(database, WEB, '3.0.0' as Tag)).toMatchObject({ digest: null, deletedBy: 'ann' });
      expect(await readTagsRevision(database, WEB)).toBe(1);
      expect(await listFloatingTags(database, WEB)).toEqual([]);
    });

    test('published charts are entered with all that is known of them, once', async () => {
      await using opened = await openOld();
      const { database } = opened;
      await backfill(database);
      expect((await versions(database, WEB)).map(({ version }) => version)).toEqual([
        '2.0.0-rc.1',
        '1.10.0',
        '1.2.0+b',
      ]);
      expect((await versions(database, WEB)).at(-1)).toMatchObject({
        ...{ tag: '1.2.0_b', namespace: 'team', name: 'web', fileName: 'web-1.2.0+b.tgz', stable: 1, deprecated: 1 },
        ...{ digest: 'sha256:manifest team/web 1.2.0+b', contentDigest: 'sha256:archive team/web 1.2.0+b' },
        ...{ provenanceDigest: 'sha256:prov', publishedAt: NOW, publishedBy: 'ci', size: 1234 },
      });
      expect(await versions(database, 'team/many' as RepositoryName)).toHaveLength(450);
      const dependents = await listDependents(database, 'common', { repository: 'team/o', tag: '' }, 10);
      expect(dependents.map(({ tag, versionRange }) => `${tag} ${versionRange}`)).toEqual([
        ...['1.10.0 1.x', '1.2.0_b 1.x', '2.0.0-rc.1 1.x'],
      ]);
      const before = await database.query('select * from chart_versions order by repository, tag');
      await backfill(database);
      expect(await database.query('select * from chart_versions order by repository, tag')).toEqual(before);
    });

    test('of two charts with one file name the second stays out, and is told at every start', async () => {
      await using opened = await openOld();
      const { database } = opened;
      for (let start = 0; start < 2; start += 1) {
        expect(await backfill(database)).toEqual([
          expect.stringMatching(
            /^FILE_NAME_TAKEN db-1\.0\.0 2\.0\.0 and db 1\.0\.0-2\.0\.0, which is published in team, /,
          ),
        ]);
      }
      expect(await versions(database, 'team/db' as RepositoryName)).toHaveLength(1);
      expect(await versions(database, 'team/db-1.0.0' as RepositoryName)).toEqual([]);
      expect(await listTags(database, 'team/db-1.0.0' as RepositoryName, '', 10)).toEqual(['2.0.0']);
    });

    test('once all are entered none is looked for again', async () => {
      await using opened = await openOld();
      const { database } = opened;
      await database.transaction((tx) => tx.query("delete from tags where repository = 'team/db-1.0.0'"));
      expect(await backfill(database)).toEqual([]);
      await database.transaction(async (tx) => {
        for (const table of ['chart_dependencies', 'chart_versions']) {
          await tx.query(`delete from ${table} where repository = 'team/many'`);
        }
      });
      expect(await backfill(database)).toEqual([]);
      expect(await versions(database, 'team/many' as RepositoryName)).toEqual([]);
    });

    test('a floating tag that was asked for before the charts were entered points at the newest one', async () => {
      await using opened = await openOld();
      const { database } = opened;
      await database.transaction((tx) => putNamespace(tx, { path: 'team/web', floatingTags: 1 }, 1));
      await backfill(database);
      expect((await listFloatingTags(database, WEB)).map(({ tag, digest }) => `${tag} ${digest}`)).toEqual([
        '1 sha256:manifest team/web 1.10.0',
        '1.10 sha256:manifest team/web 1.10.0',
        '1.2 sha256:manifest team/web 1.2.0+b',
      ]);
    });
  });
}
