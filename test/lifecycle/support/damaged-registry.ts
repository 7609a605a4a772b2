// A data folder with blobs in it, which a test damages and has checked.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskBlobStore } from '../../../src/adapters/disk-blob-store.ts';
import { readMigrations } from '../../../src/adapters/migration-files.ts';
import { openSqliteDatabase } from '../../../src/adapters/sqlite-database.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import type { BlobStore } from '../../../src/ports/blob-store.ts';
import type { Database } from '../../../src/ports/database.ts';
import type { CheckDependencies } from '../../../src/registry/check-blob.ts';
import { FreeSpace } from '../../../src/registry/free-space.ts';
import type { FoundDamage } from '../../../src/registry/record-damage.ts';
import type { HealedBlob, HealingRecords } from '../../../src/registry/record-healing.ts';
import { SmallBlobs } from '../../../src/registry/small-blobs.ts';
import { Uploads } from '../../../src/registry/uploads.ts';
import { type BlobCheckRow, findBlobCheck } from '../../../src/tables/blob-checks.ts';
import { migrate } from '../../../src/tables/migrate.ts';
import { blobPath } from '../../support/blob-path.ts';
import { temporaryFolder } from '../../support/chartroom-process.ts';
import { TestClock } from '../../support/clock.ts';

export const WEB = 'team/web' as RepositoryName;
const START = '2026-11-23T12:00:00Z';

export interface DamagedRegistry extends AsyncDisposable {
  readonly path: string;
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: TestClock;
  /** What was told of damaged blobs. */
  readonly found: FoundDamage[];
  /** What was told of blobs that are sound again. */
  readonly healed: HealedBlob[];
  readonly failures: unknown[];
  readonly dependencies: CheckDependencies & HealingRecords & { readonly onFailure: (error: unknown) => void };
  readonly push: (bytes: Buffer) => Promise<Digest>;
  readonly row: (digest: Digest) => Promise<BlobCheckRow>;
  readonly fileOf: (digest: Digest) => string;
  /** Replaces the file, as a disk does that goes wrong: nobody is told. */
  readonly damage: (digest: Digest, change: (bytes: Buffer) => Buffer) => Promise<void>;
  /** What is stored under the digest; undefined when there is nothing. */
  readonly stored: (digest: Digest) => Promise<Buffer | undefined>;
  readonly aside: (digest: Digest) => Promise<Buffer | undefined>;
  readonly events: (
    kind?: 'blob.damaged' | 'blob.healed',
  ) => Promise<readonly { readonly repository: string; readonly detail: string }[]>;
}

export async function damagedRegistry(path?: string): Promise<DamagedRegistry> {
  const folder = path === undefined ? await temporaryFolder() : { path, [Symbol.asyncDispose]: async () => undefined };
  const blobs = await openDiskBlobStore(folder.path);
  const database = openSqliteDatabase(join(folder.path, 'chartroom.db'));
  await migrate(database, await readMigrations('sqlite'), 0);
  const clock = new TestClock(START);
  const found: FoundDamage[] = [];
  const healed: HealedBlob[] = [];
  const onHealed = (blob: HealedBlob): void => void healed.push(blob);
  const failures: unknown[] = [];
  const fileOf = (digest: Digest) => blobPath(folder.path, digest);
  const uploads = new Uploads({
    ...{
      database,
      blobs,
      clock,
      onHealed,
      maximumBlobBytes: 1e9,
      space: new FreeSpace(blobs),
      small: new SmallBlobs(),
    },
  });
  return {
    path: folder.path,
    ...{ database, blobs, clock, found, healed, failures, fileOf },
    dependencies: {
      ...{ database, blobs, clock },
      onDamage: (damage) => found.push(damage),
      onHealed,
      onFailure: (error) => failures.push(error),
    },
    push: async (bytes) => (await uploads.storeBytes(WEB, bytes)).digest,
    row: async (digest) => {
      const row = await findBlobCheck(database, digest);
      if (!row) throw new Error(`there is no blob ${digest}`);
      return row;
    },
    damage: async (digest, change) => {
      const spoiled = join(folder.path, 'spoiled');
      await writeFile(spoiled, change(await readFile(fileOf(digest))));
      await rename(spoiled, fileOf(digest));
    },
    stored: (digest) => bytesAt(fileOf(digest)),
    aside: (digest) => bytesAt(join(folder.path, 'damaged', digest.replace(':', '-'))),
    events: (kind = 'blob.damaged') =>
      database.query('select repository, detail from events where kind = $1 order by repository, id', [kind]),
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Turns one bit around. */
export function flip(at: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    return copy;
  };
}

async function bytesAt(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch(() => undefined);
}
