// A registry on a real database and a real disk whose every step the scheduler decides, and what must be true of it afterwards.
import { Standings } from '../../src/access/standings.ts';
import { Accounts } from '../../src/accounts/accounts.ts';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { loadConfig } from '../../src/config/load.ts';
import { openDatabase } from '../../src/core.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { BlobStore } from '../../src/ports/blob-store.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { Database } from '../../src/ports/database.ts';
import { refreshFloatingTagsBelow } from '../../src/registry/floating-tags.ts';
import { FreeSpace } from '../../src/registry/free-space.ts';
import { Registry } from '../../src/registry/registry.ts';
import { Random } from '../support/random.ts';
import { Violation } from './connection.ts';
import { memoryFolder } from './memory-folder.ts';
import { Scheduler } from './scheduler.ts';
import { type SteppedBy, steppedBlobStore, steppedDatabase } from './stepped-storage.ts';

export interface RaceWorld extends AsyncDisposable {
  readonly registry: Registry;
  readonly accounts: Accounts;
  readonly standings: Standings;
  /** Each step of it waits for its turn; for what is tried. */
  readonly stepped: { readonly database: Database; readonly blobs: BlobStore };
  /** For looking at what came of it. */
  readonly database: Database;
  readonly blobs: BlobStore;
  /** Decides the order of steps from here on. */
  schedule(scheduler: Scheduler): void;
}

export async function openRaceWorld(): Promise<RaceWorld> {
  const folder = await memoryFolder();
  const dataDir = folder.path;
  const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir };
  const blobs = await openDiskBlobStore(dataDir);
  const database = await openDatabase(config, systemClock);
  const by: SteppedBy = { scheduler: new Scheduler(new Random(0)) };
  const stepped = { database: steppedDatabase(database, by), blobs: steppedBlobStore(blobs, by) };
  const storage = { ...stepped, clock: systemClock };
  const rules = { ...config, versions: config.chartVersions };
  return {
    registry: new Registry({
      ...{ ...storage, maximumBlobBytes: config.maximumBlobBytes, rules },
      ...{ onDamage: () => undefined, space: new FreeSpace(stepped.blobs) },
    }),
    accounts: new Accounts({
      ...storage,
      auditDays: config.auditDays,
      refreshFloatingTags: refreshFloatingTagsBelow,
    }),
    standings: new Standings(stepped.database, systemClock),
    ...{ stepped, database, blobs },
    schedule: (scheduler) => {
      by.scheduler = scheduler;
    },
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Each finds rows that must not be, of repositories whose names begin with `$1`. */
const RULES: readonly (readonly [rule: string, statement: string])[] = [
  [
    'a version says what its tag says',
    `select tag from chart_versions left join tags on tags.repository = chart_versions.repository and tags.name = tag
     where substr(chart_versions.repository, 1, length($1)) = $1 and chart_versions.digest is not tags.digest`,
  ],
  [
    'a tag points at a manifest that is there',
    `select name from tags where substr(repository, 1, length($1)) = $1 and digest is not null and not exists (
       select digest from manifests where manifests.repository = tags.repository and manifests.digest = tags.digest)`,
  ],
  [
    'no version was published with two contents',
    `select tag from events join charts on charts.repository = events.repository and charts.digest = events.digest
     where substr(events.repository, 1, length($1)) = $1 and kind = 'chart.published'
     group by events.repository, tag having count(distinct content_digest) > 1`,
  ],
  [
    'a yanked version is in no list',
    `select tags.name from tags join notices on notices.repository = tags.repository and notices.tag = tags.name
     where substr(tags.repository, 1, length($1)) = $1 and kind = 'yanked' and listed = 1 and digest is not null`,
  ],
  [
    'a manifest may read the blobs that it needs',
    `select blob from manifest_blobs where substr(repository, 1, length($1)) = $1 and not exists (
       select digest from repository_blobs join blobs using (digest)
       where repository_blobs.repository = manifest_blobs.repository and digest = blob)`,
  ],
];

/** @param prefix of the names of the repositories that the race was about. @throws Violation */
export async function checkRaceWorld({ database, blobs }: RaceWorld, prefix: string): Promise<void> {
  for (const [rule, statement] of RULES) {
    const found = await database.query(statement, [prefix]);
    if (found.length > 0) throw new Violation(`not true: ${rule}: ${JSON.stringify(found)}`);
  }
  const linked = await database.query<{ digest: Digest; size: number }>(
    `select digest, size from repository_blobs join blobs using (digest) where substr(repository, 1, length($1)) = $1`,
    [prefix],
  );
  for (const { digest, size } of linked) {
    const stored = await blobs.size(digest);
    if (stored !== size) throw new Violation(`blob ${digest} has ${stored} bytes in the store instead of ${size}`);
    const body = await blobs.open(digest);
    if (body.kind !== 'stream') continue;
    if (digestOf(Buffer.concat(await body.stream.toArray())) !== digest)
      throw new Violation(`blob ${digest} is damaged`);
  }
}
