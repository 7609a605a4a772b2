// What grows, or is asked at every request, is found by a key or an index, and not by going through a whole table.
import { afterAll, describe, expect, test } from 'vitest';
import type { UploadId } from '../../../src/ports/blob-store.ts';
import type { Queryable, Transaction } from '../../../src/ports/database.ts';
import {
  listManifestsToVerify,
  listTagsOfManifest,
  listTagsToVerify,
  listVersionsToVerify,
  readManifestRows,
} from '../../../src/tables/agreement.ts';
import {
  countDamagedBlobs,
  findBlobCheck,
  isBlobDamaged,
  listBlobChecks,
  listDamagedBlobs,
  listTagsNeeding,
  listUncheckedBlobs,
  markBlobDamaged,
  needsDamagedBlob,
  noteSoundBlob,
  noteStoredBlob,
} from '../../../src/tables/blob-checks.ts';
import { findBlobSize, findManifestUsing, isStoredBlob, repositoriesWithBlob } from '../../../src/tables/blobs.ts';
import {
  findNewestVersion,
  findVersion,
  findVersionByFileName,
  listChartRepositories,
  listVersions,
} from '../../../src/tables/chart-catalog.ts';
import { listDependents, putDependencies } from '../../../src/tables/chart-dependencies.ts';
import {
  countListedVersions,
  findVersionKey,
  listChangedRepositories,
  listVersionKeys,
} from '../../../src/tables/chart-directory.ts';
import { listChangesAfter, readNewestChange } from '../../../src/tables/chart-index.ts';
import {
  applyNotices,
  detachProvenance,
  findFileNameOwner,
  findNewestStable,
  hasVersions,
  keepsProvenance,
  listStableVersions,
  withdrawChartVersion,
} from '../../../src/tables/chart-versions.ts';
import { findInspection, holdsChart } from '../../../src/tables/charts.ts';
import { forgetCollected } from '../../../src/tables/collected-blobs.ts';
import { findDescription } from '../../../src/tables/contents.ts';
import { listDependencies, listDependentRepositories } from '../../../src/tables/dependents.ts';
import { deleteEventsBefore, type EventFilter, findNewestEventTime, listEvents } from '../../../src/tables/events.ts';
import { deleteFloatingTagsOf, findTagKeeper, listFloatingTags } from '../../../src/tables/floating-tags.ts';
import {
  deleteBlobWithoutRepository,
  isBlobKnown,
  listBlobLinks,
  listBlobUses,
  listUnneeded,
  unlinkUnneeded,
} from '../../../src/tables/garbage-blobs.ts';
import {
  deleteGarbage,
  isGarbage,
  listKeepers,
  listManifestUses,
  listNoted,
} from '../../../src/tables/garbage-manifests.ts';
import { listGrantsOf } from '../../../src/tables/grants.ts';
import { findGroupByExternalName, listGroupsFromLogin, listGroupsOf, listMembers } from '../../../src/tables/groups.ts';
import { listJobs } from '../../../src/tables/jobs.ts';
import {
  findEventMark,
  findManifestSource,
  findNoticeSource,
  findTagSource,
  listEventsAfter,
  listManifestSources,
  listNoticeSources,
  listTagSources,
  measureManifestSource,
} from '../../../src/tables/journal-source.ts';
import {
  countManifests,
  findManifest,
  findNoticeOn,
  isChartOrHasSubject,
  listChildren,
  listReferrers,
} from '../../../src/tables/manifests.ts';
import { listFloatingSettings } from '../../../src/tables/namespaces.ts';
import { findPersonalToken } from '../../../src/tables/personal-tokens.ts';
import { addPulls, listPullDays } from '../../../src/tables/pulls.ts';
import { listRepositoriesBelow, readTagsRevision } from '../../../src/tables/repositories.ts';
import { findRobotById } from '../../../src/tables/robots.ts';
import { findSecret, limitSecretsOf, listSecretsOf, noteSecretUse } from '../../../src/tables/secrets.ts';
import { countTags, deleteTagsOf, listTags } from '../../../src/tables/tags.ts';
import { insertUpload, listUploadsBefore } from '../../../src/tables/uploads.ts';
import { findUserById, findUserBySubject, setLastLogin } from '../../../src/tables/users.ts';
import {
  countPullsOfChart,
  countPullsOfVersion,
  findNotice,
  listFloatingTagsAt,
  listFloatingVersions,
  listMostPulled,
} from '../../../src/tables/version-facts.ts';
import { DATABASES, type DatabaseKind, openMigrated, stopDatabases } from '../databases.ts';
import { describeTables } from '../describe-tables.ts';
import { FIRST, SECOND, V1, WEB } from './rows.ts';

const FILTERS: readonly EventFilter[] = [
  { actor: 'ann' },
  { kind: 'user' },
  { repository: 'team' },
  { outcome: 'refused' },
  { clientAddress: '10.0.0.1' },
  { from: 1 },
  { to: 2 },
];
const REFERRERS = { repository: WEB, subject: FIRST, artifactType: undefined, last: '', limit: 10 };
const PLACE = { repository: WEB, digest: FIRST, tag: V1 };
const SEEN = { digest: FIRST, checkedAt: 1 };
const USE = { id: 's1', at: 1, address: '', agent: '' };
const BY_DIGEST = { kind: 'digest', digest: FIRST } as const;
const START = { revision: 0, repository: '', tag: '' };
const PULL = { repository: WEB, contentDigest: FIRST, day: 1, count: 1 };
const PROVENANCE = { repository: WEB, digest: FIRST, provenance: SECOND };
const DELETION = { repository: WEB, at: 1, by: 'ann' };

interface LookUp {
  readonly name: string;
  readonly run: (tx: Transaction) => Promise<unknown>;
  /** It asks for all that a repository has of something, or for the first of it. */
  readonly goesThroughRepository?: boolean;
}

const LOOK_UPS: readonly LookUp[] = [
  { name: 'a secret', run: (tx) => findSecret(tx, 's1') },
  { name: 'the secrets of a robot', run: (tx) => listSecretsOf(tx, { robot: 'ci' }) },
  { name: 'the secrets of a personal token', run: (tx) => limitSecretsOf(tx, { personalToken: '1' }, 1) },
  { name: 'the secret that was used', run: (tx) => noteSecretUse(tx, USE) },
  { name: 'a personal token', run: (tx) => findPersonalToken(tx, '1') },
  { name: 'a robot by its id', run: (tx) => findRobotById(tx, '1') },
  { name: 'a user by its id', run: (tx) => findUserById(tx, '1') },
  { name: 'a user by its subject', run: (tx) => findUserBySubject(tx, 'issuer', '1') },
  { name: 'the user who logged in', run: (tx) => setLastLogin(tx, '1', 1) },
  { name: 'the grants of a user', run: (tx) => listGrantsOf(tx, 'ann') },
  { name: 'the groups of a user', run: (tx) => listGroupsOf(tx, 'ann') },
  { name: 'the groups of a login', run: (tx) => listGroupsFromLogin(tx, 'ann') },
  { name: 'a group by its external name', run: (tx) => findGroupByExternalName(tx, 'cn=ops') },
  { name: 'the members of a group', run: (tx) => listMembers(tx, 'ops', { last: '', limit: 10 }) },
  { name: 'the newest event of a kind', run: (tx) => findNewestEventTime(tx, 'backup.made') },
  { name: 'old events', run: (tx) => deleteEventsBefore(tx, 1, 10) },
  ...FILTERS.map((filter) => ({
    name: `events by ${Object.keys(filter).join()}`,
    run: async (tx: Transaction) => await listEvents(tx, filter, { before: undefined, limit: 10 }),
  })),
  { name: 'a blob', run: (tx) => findBlobSize(tx, WEB, FIRST) },
  { name: 'the state of a blob', run: (tx) => findBlobCheck(tx, FIRST) },
  { name: 'whether a blob is damaged', run: (tx) => isBlobDamaged(tx, WEB, FIRST) },
  { name: 'blobs by their last check', run: (tx) => listUncheckedBlobs(tx, { before: 9, after: SEEN, limit: 10 }) },
  { name: 'the states of all blobs', run: (tx) => listBlobChecks(tx, FIRST, 10) },
  { name: 'damaged blobs', run: (tx) => listDamagedBlobs(tx, FIRST, 10) },
  { name: 'the blob that is sound', run: (tx) => noteSoundBlob(tx, { ...SEEN, damagedAt: null }, 1) },
  { name: 'the blob that is damaged', run: (tx) => markBlobDamaged(tx, SEEN, 1) },
  { name: 'the blob that was stored', run: (tx) => noteStoredBlob(tx, FIRST, 1) },
  { name: 'the tags that need a blob', run: (tx) => listTagsNeeding(tx, FIRST, 10) },
  { name: 'whether a manifest is a chart', run: (tx) => isChartOrHasSubject(tx, WEB, FIRST) },
  { name: 'what an index lists', run: (tx) => listChildren(tx, WEB, FIRST) },
  { name: 'whether a manifest needs a damaged blob', run: withDamage((tx) => needsDamagedBlob(tx, WEB, FIRST)) },
  { name: 'manifests in order', run: (tx) => listManifestsToVerify(tx, PLACE, 10) },
  { name: 'tags in order', run: (tx) => listTagsToVerify(tx, PLACE, 10) },
  { name: 'versions in the order of their tags', run: (tx) => listVersionsToVerify(tx, PLACE, 10) },
  { name: 'the rows of a manifest', run: (tx) => readManifestRows(tx, WEB, FIRST) },
  { name: 'the tags that lead to a manifest', run: (tx) => listTagsOfManifest(tx, WEB, FIRST, 10) },
  { name: 'the repositories of a blob', run: (tx) => repositoriesWithBlob(tx, FIRST, 10) },
  { name: 'the manifests of a blob', run: (tx) => findManifestUsing(tx, WEB, FIRST) },
  { name: 'whether a blob is stored', run: (tx) => isStoredBlob(tx, FIRST) },
  { name: 'events to follow', run: (tx) => listEventsAfter(tx, 1, 10) },
  { name: 'an event', run: (tx) => findEventMark(tx, 1) },
  { name: 'a manifest for the journal', run: (tx) => findManifestSource(tx, WEB, FIRST) },
  { name: 'manifests in order', run: (tx) => listManifestSources(tx, undefined, 10) },
  { name: 'how large a manifest is for the journal', run: (tx) => measureManifestSource(tx, WEB, FIRST) },
  { name: 'a tag for the journal', run: (tx) => findTagSource(tx, WEB, V1) },
  { name: 'tags in order', run: (tx) => listTagSources(tx, undefined, 10) },
  { name: 'a notice for the journal', run: (tx) => findNoticeSource(tx, WEB, V1) },
  { name: 'notices in order', run: (tx) => listNoticeSources(tx, undefined, 10) },
  { name: 'an inspection', run: (tx) => findInspection(tx, FIRST, SECOND) },
  { name: 'the chart of a repository', run: (tx) => holdsChart(tx, WEB, 'web'), goesThroughRepository: true },
  { name: 'referrers', run: (tx) => listReferrers(tx, REFERRERS) },
  { name: 'the tags of a repository', run: (tx) => listTags(tx, WEB, V1, 10) },
  { name: 'the tags of a manifest', run: (tx) => deleteTagsOf(tx, FIRST, DELETION) },
  {
    name: 'a manifest by its tag',
    run: (tx) => findManifest(tx, WEB, { kind: 'tag', tag: V1 }),
    goesThroughRepository: true,
  },
  { name: 'a manifest by its digest', run: (tx) => findManifest(tx, WEB, BY_DIGEST), goesThroughRepository: true },
  { name: 'the notice on a manifest', run: (tx) => findNoticeOn(tx, WEB, FIRST) },
  { name: 'the revision of tags', run: (tx) => readTagsRevision(tx, WEB) },
  { name: 'repositories below a path', run: (tx) => listRepositoriesBelow(tx, 'team', '', 10) },
  { name: 'settings of floating tags', run: (tx) => listFloatingSettings(tx, ['', 'team', 'team/web']) },
  { name: 'whose a tag is', run: (tx) => findTagKeeper(tx, WEB, V1) },
  {
    name: 'the floating tags of a repository',
    run: (tx) => deleteFloatingTagsOf(tx, WEB),
    goesThroughRepository: true,
  },
  { name: 'floating tags to show', run: (tx) => listFloatingTags(tx, WEB), goesThroughRepository: true },
  { name: 'a version', run: (tx) => findVersion(tx, WEB, V1) },
  { name: 'a version that is written', run: (tx) => withdrawChartVersion(tx, WEB, V1, 1) },
  { name: 'a version by its file name', run: (tx) => findVersionByFileName(tx, 'team', 'web-1.0.0.tgz') },
  { name: 'whose a file name is', run: (tx) => findFileNameOwner(tx, 'team', 'web-1.0.0.tgz', WEB) },
  { name: 'whether there are versions', run: (tx) => hasVersions(tx, WEB), goesThroughRepository: true },
  { name: 'the version that is signed', run: (tx) => detachProvenance(tx, WEB, FIRST, 1) },
  { name: 'what keeps a provenance file', run: (tx) => keepsProvenance(tx, PROVENANCE) },
  { name: 'versions in order', run: (tx) => listVersions(tx, WEB, { before: 'z', limit: 10, onlyListed: true }) },
  { name: 'the newest version', run: (tx) => findNewestVersion(tx, WEB), goesThroughRepository: true },
  { name: 'the newest version of a line', run: (tx) => findNewestStable(tx, WEB, { prefix: 'a1', end: 'a1~~' }) },
  { name: 'stable versions', run: (tx) => listStableVersions(tx, WEB, '', 10) },
  { name: 'what a notice concerns', run: (tx) => applyNotices(tx, WEB, V1, 1) },
  {
    name: 'the versions of a chart with a notice',
    run: (tx) => applyNotices(tx, WEB, '', 1),
    goesThroughRepository: true,
  },
  {
    name: 'charts of a namespace',
    run: (tx) => listChartRepositories(tx, 'team', '', 10),
    goesThroughRepository: true,
  },
  { name: 'all charts', run: (tx) => listChartRepositories(tx, undefined, '', 10), goesThroughRepository: true },
  { name: 'changes of a namespace', run: (tx) => listChangesAfter(tx, 'team', START, 10) },
  { name: 'all changes', run: (tx) => listChangesAfter(tx, undefined, START, 10) },
  { name: 'the newest change of a namespace', run: (tx) => readNewestChange(tx, 'team') },
  { name: 'dependents', run: (tx) => listDependents(tx, 'common', { repository: '', tag: '' }, 10) },
  { name: 'the dependencies of a version', run: (tx) => putDependencies(tx, WEB, V1, []) },
  { name: 'the version that was pulled', run: (tx) => addPulls(tx, PULL) },
  {
    name: 'the pulls of a chart',
    run: (tx) => listPullDays(tx, WEB, '', { from: 0, to: 9 }),
    goesThroughRepository: true,
  },
  { name: 'a description', run: (tx) => findDescription(tx, FIRST, 1) },
  { name: 'charts that changed', run: (tx) => listChangedRepositories(tx, 1, 10), goesThroughRepository: true },
  { name: 'how many versions are listed', run: (tx) => countListedVersions(tx, WEB), goesThroughRepository: true },
  { name: 'the names of versions in order', run: (tx) => listVersionKeys(tx, WEB, 'z', 10) },
  { name: 'the name of a version', run: (tx) => findVersionKey(tx, WEB, V1) },
  { name: 'a notice', run: (tx) => findNotice(tx, WEB, V1) },
  { name: 'the floating tags of a version', run: (tx) => listFloatingTagsAt(tx, WEB, FIRST, ['1', '1.0']) },
  {
    name: 'floating tags and their versions',
    run: (tx) => listFloatingVersions(tx, WEB, 10),
    goesThroughRepository: true,
  },
  { name: 'all pulls of a chart', run: (tx) => countPullsOfChart(tx, WEB), goesThroughRepository: true },
  { name: 'the pulls of a version', run: (tx) => countPullsOfVersion(tx, WEB, V1) },
  {
    name: 'the versions that were pulled most',
    run: (tx) => listMostPulled(tx, WEB, { from: 0, to: 9 }, 10),
    goesThroughRepository: true,
  },
  { name: 'a collected blob', run: (tx) => forgetCollected(tx, FIRST) },
  { name: 'manifests that nothing refers to', run: (tx) => listNoted(tx, 1, { ...PLACE, since: 1 }, 10) },
  { name: 'whether nothing refers to manifests', run: (tx) => isGarbage(tx, { ...PLACE, digests: [FIRST] }, 1) },
  { name: 'removing such manifests', run: (tx) => deleteGarbage(tx, { ...PLACE, digests: [FIRST, FIRST] }, 1) },
  { name: 'what keeps a manifest', run: (tx) => listKeepers(tx, PLACE, 10) },
  { name: 'what refers to manifests', run: (tx) => listManifestUses(tx, PLACE, 10) },
  { name: 'blobs that nothing needs', run: (tx) => listUnneeded(tx, 1, { ...PLACE, since: 1 }, 10) },
  { name: 'a blob that nothing needs', run: (tx) => unlinkUnneeded(tx, PLACE, 1) },
  { name: 'what needs blobs', run: (tx) => listBlobUses(tx, PLACE, 10) },
  { name: 'which repositories have blobs', run: (tx) => listBlobLinks(tx, FIRST, 10) },
  { name: 'a blob without a repository', run: (tx) => deleteBlobWithoutRepository(tx, FIRST) },
  { name: 'whether a blob is known', run: (tx) => isBlobKnown(tx, FIRST) },
  { name: 'old uploads', run: (tx) => listUploadsBefore(tx, 9, { createdAt: 1, id: '' }, 10) },
  { name: 'jobs', run: (tx) => listJobs(tx, { startedAt: 1, id: '' }, 10) },
  { name: 'what a version depends on', run: (tx) => listDependencies(tx, WEB, V1) },
];

afterAll(stopDatabases);

describe('SQLite', () => {
  test.each(LOOK_UPS)('$name: found by a key or an index', async ({ run, goesThroughRepository = false }) => {
    await using opened = await openMigrated(sqlite());
    const steps = await opened.database.transaction(async (tx) => {
      const plans: string[] = [];
      await run(explaining(tx, plans));
      return plans;
    });
    expect(steps.join('\n')).toContain('SEARCH');
    // An index of some rows has no others to go through.
    expect(
      steps.filter((step) => step.startsWith('SCAN') && !/INDEX (?:events_refused|blobs_damaged)$/.test(step)),
    ).toEqual([]);
    // What a repository has can be a million times as much.
    const ofRepositories = steps.filter((step) => step.endsWith('(repository=?)'));
    expect(ofRepositories.length > 0).toBe(goesThroughRepository);
  });

  test("an owner's uploads are counted in an index, and nothing else is gone through", async () => {
    await using opened = await openMigrated(sqlite());
    const steps: string[] = [];
    const upload = { id: 'x' as UploadId, repository: WEB, owner: 'user:ci', createdAt: 1, createdBy: 'ci' };
    await opened.database.transaction((tx) => insertUpload(explaining(tx, steps), upload, 1));
    expect(steps.filter((step) => /uploads/.test(step))).toEqual([
      'SEARCH uploads USING COVERING INDEX uploads_by_owner (owner=?)',
    ]);
  });

  test.each([
    { name: 'tags', count: countTags },
    { name: 'manifests', count: countManifests },
  ])('the $name of a repository are counted in an index that has no more than their names', async ({ name, count }) => {
    await using opened = await openMigrated(sqlite());
    const steps: string[] = [];
    await opened.database.transaction((tx) => count(explaining(tx, steps), WEB, 9));
    const [search = '', ...others] = steps.filter((step) => step.includes(name));
    expect(search).toMatch(/^SEARCH \w+ USING (COVERING INDEX \w+|PRIMARY KEY) \(repository=\?\)$/);
    expect(others).toEqual([]);
  });

  test('dependents are found by jumps in an index, one for each chart', async () => {
    await using opened = await openMigrated(sqlite());
    const steps: string[] = [];
    await opened.database.transaction((tx) => listDependentRepositories(explaining(tx, steps), 'common', '', 10));
    const searches = steps.filter((step) => step.startsWith('SEARCH'));
    expect(searches).toHaveLength(2);
    for (const step of searches) expect(step).toContain('COVERING INDEX chart_dependencies_by_name (name=? AND');
    // What it goes through are the charts that it has found.
    expect(steps.filter((step) => step.startsWith('SCAN') && step !== 'SCAN found')).toEqual([]);
  });

  test('floating tags of a version are found by their names, and not among all tags of the chart', async () => {
    await using opened = await openMigrated(sqlite());
    const steps: string[] = [];
    await opened.database.transaction((tx) => listFloatingTagsAt(explaining(tx, steps), WEB, FIRST, ['1', '1.0']));
    expect(steps).toEqual(['SEARCH tags USING INDEX tags_by_digest (repository=? AND digest=? AND name=?)']);
  });

  test('what nothing refers to is read in the order of an index, so that no page sorts it all', async () => {
    await using opened = await openMigrated(sqlite());
    const steps: string[] = [];
    await opened.database.transaction(async (tx) => {
      await listNoted(explaining(tx, steps), 1, { ...PLACE, since: 1 }, 10);
      await listUnneeded(explaining(tx, steps), 1, { ...PLACE, since: 1 }, 10);
    });
    expect(steps.filter((step) => step.includes('TEMP B-TREE'))).toEqual([]);
    // Among thousands of versions of one chart.
    expect(steps.filter((step) => step.includes('SEARCH v '))[0]).toContain('chart_versions_by_content');
    expect(steps.filter((step) => /unreferenced_manifests_by_time|_unneeded/.test(step))).toHaveLength(2);
  });

  test('damaged blobs are counted in an index that has no others', async () => {
    await using opened = await openMigrated(sqlite());
    const steps: string[] = [];
    await opened.database.transaction((tx) => countDamagedBlobs(explaining(tx, steps)));
    expect(steps).toEqual(['SCAN blobs USING INDEX blobs_damaged']);
  });

  test.each(FILTERS.filter(({ actor, clientAddress, outcome }) => !actor && !clientAddress && !outcome))(
    'many events by %o: met in the order of their ids, so that no page sorts them all',
    async (filter) => {
      await using opened = await openMigrated(sqlite());
      const plans = await opened.database.transaction(async (tx) => {
        await tx.query(
          `with recursive numbers (number) as (select 1 union all select number + 1 from numbers where number < 3000)
           insert into events (at, kind, actor, repository, detail) select 1, 'user.added', 'ann', 'team/web', '{}' from numbers`,
        );
        const steps: string[] = [];
        await listEvents(explaining(tx, steps), filter, { before: undefined, limit: 10 });
        return steps;
      });
      expect(plans.slice(1)).toContain('SCAN events');
    },
  );

  test('what goes through a table is told apart', async () => {
    await using opened = await openMigrated(sqlite());
    const steps: string[] = [];
    await opened.database.transaction((tx) => explaining(tx, steps).query(`select id from users where login = 'x'`));
    expect(steps).toEqual(['SCAN users']);
  });
});

for (const kind of DATABASES) {
  test(`${kind.name}: what a row is deleted with, or kept by, is found by a key or an index`, async () => {
    await using opened = await openMigrated(kind);
    const tables = await describeTables(opened.database);
    const keys = tables.flatMap(({ name, foreignKeys, primaryKey, indexes }) =>
      foreignKeys.map((key) => {
        const columns = `${key.split(' -> ')[0]}, `;
        const served = [primaryKey.join(', '), ...indexes.map((index) => /\((.*)\)/.exec(index)?.[1] ?? '')];
        return { key: `${name}: ${key}`, isServed: served.some((text) => `${text}, `.startsWith(columns)) };
      }),
    );
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter(({ isServed }) => !isServed)).toEqual([]);
  });
}

/** Without any, it is looked no further. */
function withDamage(run: LookUp['run']): LookUp['run'] {
  return async (tx) => {
    await tx.query(`insert into blobs (digest, size, created_at, damaged_at) values ($1, 1, 1, 1)`, [SECOND]);
    return await run(tx);
  };
}

function sqlite(): DatabaseKind {
  const kind = DATABASES.find(({ name }) => name === 'SQLite');
  if (!kind) throw new Error('there is no SQLite');
  return kind;
}

/** Runs statements, and writes down how SQLite goes about each: https://sqlite.org/eqp.html */
function explaining(tx: Transaction, plans: string[]): Transaction {
  const query: Queryable['query'] = async (text, values) => {
    const plan = await tx.query<{ detail: string }>(`explain query plan ${text}`, values);
    plans.push(...plan.map(({ detail }) => detail));
    return await tx.query(text, values);
  };
  return { ...tx, query };
}
