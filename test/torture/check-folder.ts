// Looks at a data folder without the server: database and blobs agree, and what was committed together is there together.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { verifyStorage } from '../../src/lifecycle/verify-storage.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { Database } from '../../src/ports/database.ts';
import { blobPath } from '../support/blob-path.ts';
import { Violation } from './connection.ts';

/** What no row may say, whatever happened; each statement finds what breaks a rule. */
const RULES: readonly (readonly [rule: string, statement: string])[] = [
  ['the database is whole', "select * from pragma_integrity_check() where integrity_check <> 'ok'"],
  ['rows refer to rows that are there', 'select * from pragma_foreign_key_check()'],
  [
    'a chart version has a tag that says the same',
    `select repository, tag from chart_versions where digest is not null and not exists (
       select name from tags where tags.repository = chart_versions.repository and tags.name = chart_versions.tag
         and tags.digest = chart_versions.digest)`,
  ],
  [
    'a published version has the event of its publication',
    `select repository, tag from chart_versions where digest is not null and not exists (
       select id from events where events.repository = chart_versions.repository and events.tag = chart_versions.tag
         and events.digest = chart_versions.digest and kind = 'chart.published')`,
  ],
  [
    'no version was ever published with two contents',
    `select events.repository, events.tag from events join charts
       on charts.repository = events.repository and charts.digest = events.digest
     where kind = 'chart.published' group by events.repository, events.tag having count(distinct content_digest) > 1`,
  ],
  [
    'a yanked version is in no list',
    `select tags.repository, tags.name from tags
       join notices on notices.repository = tags.repository and notices.tag = tags.name
     where notices.kind = 'yanked' and tags.listed = 1 and tags.digest is not null`,
  ],
];

/**
 * @param isAtRest the server has started and ended by itself: then nothing is left over, and every byte is read; otherwise
 * sizes alone are compared, which takes no time
 * @throws Violation
 */
export async function checkFolder(folder: string, isAtRest: boolean): Promise<void> {
  const database = openSqliteDatabase(join(folder, 'chartroom.db'));
  try {
    for (const [rule, statement] of RULES) {
      const found = await database.query(statement);
      if (found.length > 0) throw new Violation(`not true: ${rule}: ${JSON.stringify(found.slice(0, 5))}`);
    }
    await checkBlobFiles(folder, database);
    if (isAtRest) {
      await checkLeftovers(folder, database);
      await checkAsOperatorsDo(folder, database);
    }
  } finally {
    await database.close();
  }
  if (isAtRest) await checkDigests(folder);
}

async function checkBlobFiles(folder: string, database: Database): Promise<void> {
  const rows = await database.query<{ digest: Digest; size: number }>(
    'select digest, size from blobs where digest in (select digest from repository_blobs)',
  );
  for (const { digest, size } of rows) {
    const stored = await stat(blobPath(folder, digest)).then(
      (found) => found.size,
      () => undefined,
    );
    if (stored !== size) throw new Violation(`blob ${digest} has ${stored} bytes on the disk instead of ${size}`);
  }
}

/** What a crash has left of uploads that nobody can go on with was cleared away by the start after it. */
async function checkLeftovers(folder: string, database: Database): Promise<void> {
  const rows = await database.query<{ id: string }>('select id from uploads');
  const known = new Set(rows.map(({ id }) => id));
  const left = (await readdir(join(folder, 'uploads'))).filter((name) => !known.has(name));
  if (left.length > 0) throw new Violation(`uploads without a row were left over: ${left.slice(0, 5).join(', ')}`);
}

/** `chartroom verify` finds nothing either. */
async function checkAsOperatorsDo(folder: string, database: Database): Promise<void> {
  const blobs = await openDiskBlobStore(folder);
  const dependencies = { database, blobs, clock: systemClock, onDamage: () => undefined };
  const { problems } = await verifyStorage(dependencies, { signal: new AbortController().signal, repair: false });
  if (problems.length > 0) throw new Violation(`verify finds ${JSON.stringify(problems.slice(0, 5))}`);
}

async function checkDigests(folder: string): Promise<void> {
  const files = await readdir(join(folder, 'blobs', 'sha256'), { recursive: true, withFileTypes: true });
  for (const file of files) {
    if (!file.isFile()) continue;
    const digest = digestOf(await readFile(join(file.parentPath, file.name)));
    if (digest !== `sha256:${file.name}`) throw new Violation(`the file of blob ${file.name} has other bytes`);
  }
}
