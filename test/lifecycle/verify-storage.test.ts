// A verification reads everything, and says of each thing that is wrong what it affects and what to do.
import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { verifyDataFolder } from '../../src/data-folder/verify-data-folder.ts';
import type { VerifyResult } from '../../src/lifecycle/verify-storage.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { prepareChart, pushArtifact, pushBlob, putManifest } from '../support/artifacts.ts';
import { blobPath } from '../support/blob-path.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';

const CHART = { name: 'web', version: '1.0.0', provenance: 'signed' };

let registry: TestRegistry;
/** Digests of what was pushed as team/web:1.0.0. */
let archive: Digest;
let manifest: Digest;
beforeEach(async () => {
  registry = await startRegistry();
  const chart = await prepareChart(registry, 'team/web', CHART);
  await putManifest(registry, 'team/web', '1.0.0', chart.manifest);
  await pushArtifact(registry, 'team/art', 'latest', 'some layer');
  [archive, manifest] = [digestOf(chart.archive), digestOf(chart.manifest)];
});
afterEach(() => registry[Symbol.asyncDispose]());

/** seconds since 1970 */
const LONG_AGO = 1;

async function verify(repair = false): Promise<VerifyResult> {
  const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir: registry.dataDir };
  return await verifyDataFolder(config, { repair, signal: new AbortController().signal });
}

function fileOf(digest: Digest): string {
  return blobPath(registry.dataDir, digest);
}

/** Changes rows behind the registry's back, in which nothing keeps them together. */
function spoil(statement: string, ...values: readonly string[]): void {
  const database = new BetterSqlite(join(registry.dataDir, 'chartroom.db'));
  database.pragma('foreign_keys = off');
  expect(database.prepare(statement).run(...values).changes).toBeGreaterThan(0);
  database.close();
}

async function whatIsWrong(): Promise<readonly string[]> {
  const { problems, problemCount } = await verify();
  expect(problemCount).toBe(problems.length);
  return problems.map(({ what, affected, remedy }) => `${what} [${affected.join()}] ${remedy}`);
}

test('a sound registry has no problems, and all of it was read', async () => {
  expect(await verify()).toEqual({
    ...{ blobs: 5, bytes: expect.any(Number), manifests: 2, tags: 2, versions: 1, isComplete: true },
    ...{ leftovers: { blobs: 0, bytes: 0 }, setAside: 0, outdatedAside: 0, problemCount: 0, problems: [] },
  });
});

describe('stored bytes', () => {
  // What is not marked is there for whoever asks before pushing, so that pushing it again heals nothing.
  const UNMARKED =
    'run "chartroom verify --repair", then push the same content again; or restore the file from a backup';

  test.each([
    ['has other bytes than were pushed', (size: number) => Buffer.alloc(size, 'x')],
    ['has another size than was pushed', (size: number) => Buffer.alloc(size + 1)],
  ])('%s: who needs the blob, and what to do', async (fault, spoiled) => {
    const size = Number(
      (await registry.request('HEAD', `/v2/team/web/blobs/${archive}`)).headers.get('content-length'),
    );
    await writeFile(fileOf(archive), spoiled(size));
    expect(await whatIsWrong()).toEqual([`blob ${archive} ${fault} [team/web:1.0.0] ${UNMARKED}`]);
    // Nothing was changed.
    expect((await registry.request('HEAD', `/v2/team/web/blobs/${archive}`)).status).toBe(200);
  });

  test('a blob without bytes is told of, and bytes without a row are no problem', async () => {
    await rm(fileOf(archive));
    const stray = digestOf(Buffer.from('stray'));
    await writeFile(fileOf(stray), 'stray');
    // As those of a push are that is under way.
    expect((await verify()).leftovers).toEqual({ blobs: 0, bytes: 0 });
    await utimes(fileOf(stray), LONG_AGO, LONG_AGO);
    expect((await verify()).leftovers).toEqual({ blobs: 1, bytes: 5 });
    expect(await whatIsWrong()).toEqual([`blob ${archive} has no bytes [team/web:1.0.0] ${UNMARKED}`]);
  });

  test('what is said to heal does, with a client that asks for the blob before it pushes it', async () => {
    const { archive: bytes, manifest: content } = await prepareChart(registry, 'other/web', CHART);
    const pushAsHelm = async (): Promise<void> => {
      const { status } = await registry.request('HEAD', `/v2/team/web/blobs/${archive}`);
      if (status === 404) await pushBlob(registry, 'team/web', bytes);
      await putManifest(registry, 'team/web', '1.0.0', content);
    };
    await rm(fileOf(archive));
    expect((await verify()).problems).toMatchObject([{ remedy: UNMARKED }]);
    await pushAsHelm();
    expect((await verify()).problems).toMatchObject([{ remedy: UNMARKED }]);
    const pushAgain = 'push the same content again, or restore the file from a backup';
    expect((await verify(true)).problems).toMatchObject([{ remedy: pushAgain }]);
    expect((await verify()).problems).toMatchObject([{ remedy: pushAgain }]);
    await pushAsHelm();
    expect(await verify()).toMatchObject({ problemCount: 0 });
  });

  test('a blob that no tag needs is told of by its repository', async () => {
    const digest = await pushBlob(registry, 'team/only', Buffer.from('only a blob'));
    await writeFile(fileOf(digest), 'only a blot');
    expect((await verify()).problems).toMatchObject([{ kind: 'blob', affected: ['team/only'] }]);
    await registry.request('DELETE', `/v2/team/only/blobs/${digest}`);
    expect(await whatIsWrong()).toEqual([
      `blob ${digest} has other bytes than were pushed [] no repository has it, so garbage collection takes it; see whether the disk is sound`,
    ]);
  });

  test('with repair, a damaged blob is marked and set aside; once its bytes are back, it is sound', async () => {
    await writeFile(fileOf(archive), 'spoiled');
    expect(await verify(true)).toMatchObject({ problemCount: 1, setAside: 1 });
    expect((await registry.request('HEAD', `/v2/team/web/blobs/${archive}`)).status).toBe(404);
    expect(await verify(true)).toMatchObject({ problemCount: 1, setAside: 1, outdatedAside: 0 });
    expect(await whatIsWrong()).toEqual([
      `blob ${archive} was found to be damaged, and is not healed [team/web:1.0.0] push the same content again, or restore the file from a backup`,
    ]);
    const { archive: bytes } = await prepareChart(registry, 'other/web', CHART);
    spoil('update blobs set damaged_at = 1 where digest = ?', archive);
    expect(digestOf(bytes)).toBe(archive);
    expect(await verify()).toMatchObject({ problemCount: 1, setAside: 1, outdatedAside: 0 });
    expect(await whatIsWrong()).toEqual([
      `blob ${archive} is marked as damaged, and has sound bytes again [team/web:1.0.0,other/web] run "chartroom verify --repair", or wait for the server's next check`,
    ]);
    expect(await verify(true)).toMatchObject({ problemCount: 0, setAside: 0, outdatedAside: 0 });
    expect((await registry.request('HEAD', `/v2/team/web/blobs/${archive}`)).status).toBe(200);
  });
});

describe('rows', () => {
  const AGAIN = 'delete it and push it again, or restore the database from a backup';
  const RESTORE = 'restore the database from a backup';

  test('a manifest with other bytes than were pushed', async () => {
    spoil(`update manifests set content = cast('{}' as blob) where repository = 'team/web'`);
    expect(await whatIsWrong()).toEqual([
      `manifest team/web@${manifest} has other bytes than were pushed [team/web:1.0.0] ${AGAIN}`,
    ]);
  });

  test('a manifest of which its rows do not say what it needs', async () => {
    spoil('delete from manifest_blobs where blob = ?', archive);
    expect(await whatIsWrong()).toEqual([
      `manifest team/web@${manifest} needs blob ${archive}, which its rows do not say [team/web:1.0.0] ${AGAIN}`,
    ]);
  });

  test('a chart that is not entered as one, or as another one', async () => {
    spoil(`update charts set provenance_digest = null where repository = 'team/web'`);
    expect(await whatIsWrong()).toEqual([
      `manifest team/web@${manifest} has another chart than its rows say [team/web:1.0.0] ${AGAIN}`,
    ]);
    spoil(`delete from charts where repository = 'team/web'`);
    expect(await whatIsWrong()).toEqual([
      `manifest team/web@${manifest} is a chart, which its rows do not say [team/web:1.0.0] ${AGAIN}`,
      `the published version team/web:1.0.0 has the archive ${archive}, and its chart is not there [team/web:1.0.0] ${RESTORE}`,
    ]);
  });

  test('a tag that leads nowhere', async () => {
    const other = digestOf(Buffer.from('another manifest'));
    spoil(`update tags set digest = ? where repository = 'team/art'`, other);
    expect(await whatIsWrong()).toEqual([
      `a row of tags refers to one of manifests that is not there [] ${RESTORE}`,
      `tag team/art:latest leads to manifest ${other}, which is not there [team/art:latest] ${RESTORE}`,
    ]);
  });

  test('a version that is not that of its tag', async () => {
    spoil(`update tags set digest = null where repository = 'team/web'`);
    expect(await whatIsWrong()).toEqual([
      `the published version team/web:1.0.0 is of manifest ${manifest}, and its tag leads to none [team/web:1.0.0] ${RESTORE}`,
    ]);
  });

  test('a blob that a manifest needs and that has no row', async () => {
    spoil('delete from blobs where digest = ?', archive);
    expect(await whatIsWrong()).toEqual([
      `a row of repository_blobs refers to one of blobs that is not there [] ${RESTORE}`,
    ]);
  });
});

test('it runs beside a server that takes pushes and deletes, and finds nothing wrong in what changes meanwhile', async () => {
  let isDone = false;
  const working = (async () => {
    for (let turn = 0; !isDone; turn += 1) {
      await pushArtifact(registry, 'team/busy', `v${turn}`, `layer ${turn % 5}`);
      const answer = await registry.request('DELETE', `/v2/team/busy/manifests/v${turn}`);
      expect(answer.status).toBe(202);
    }
  })();
  for (let round = 0; round < 10; round += 1) expect((await verify()).problems).toEqual([]);
  isDone = true;
  await working;
});
