// A data folder with many versions, quickly: pushed through the registry's own code, without HTTP and mostly without archives.
import { join } from 'node:path';
import { openDiskBlobStore } from '../src/adapters/disk-blob-store.ts';
import { openJournal } from '../src/adapters/journal-file.ts';
import { readMigrations } from '../src/adapters/migration-files.ts';
import { openSqliteDatabase } from '../src/adapters/sqlite-database.ts';
import { parseChartYaml } from '../src/charts/chart-yaml.ts';
import { JournalKeeper } from '../src/journal/journal-keeper.ts';
import { digestOf } from '../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, OCI_MANIFEST } from '../src/oci/media-types.ts';
import { parseRepositoryName, type RepositoryName } from '../src/oci/repository-name.ts';
import { parseTag } from '../src/oci/tag.ts';
import type { BlobStore } from '../src/ports/blob-store.ts';
import { systemClock } from '../src/ports/clock.ts';
import type { Database } from '../src/ports/database.ts';
import type { Actor } from '../src/registry/actor.ts';
import { FreeSpace } from '../src/registry/free-space.ts';
import { Registry } from '../src/registry/registry.ts';
import { linkBlob } from '../src/tables/blobs.ts';
import { migrate } from '../src/tables/migrate.ts';
import { descriptorOf } from '../test/support/artifacts.ts';
import { AUTHOR } from '../test/support/manager.ts';
import { CHART_NAME } from './pushes.ts';

/** As many as one commit takes. */
const TOGETHER = 100;
/** bytes */
const ARCHIVE_SIZE = 5_000;

const ACTOR: Actor = {
  name: 'bench',
  author: AUTHOR,
  ownerKey: 'bench',
  address: { host: 'localhost', isPlainHttp: true },
  maySee: () => true,
  mayPull: () => true,
};

interface SeededVersion {
  readonly repository: RepositoryName;
  readonly version: string;
}

export class SeededFolder implements AsyncDisposable {
  readonly #folder: string;
  readonly #database: Database;
  readonly #registry: Registry;

  private constructor(folder: string, database: Database, blobs: BlobStore) {
    this.#folder = folder;
    this.#database = database;
    const rules = { versions: 'lenient', fixedChartTags: ['*'], fixedTags: [], republishDeleted: false } as const;
    this.#registry = new Registry({
      ...{ database, blobs, rules, clock: systemClock, space: new FreeSpace(blobs) },
      maximumBlobBytes: ARCHIVE_SIZE,
      onDamage: () => undefined,
    });
  }

  /** @param folder of a server that does not run, or of none yet */
  static async open(folder: string): Promise<SeededFolder> {
    const blobs = await openDiskBlobStore(folder);
    const database = openSqliteDatabase(join(folder, 'chartroom.db'));
    await migrate(database, await readMigrations(database.dialect), systemClock.now());
    return new SeededFolder(folder, database, blobs);
  }

  /** Versions `0.FROM.0` and on of one chart: none is newer than those that are pushed with an archive. */
  async addVersions(repository: string, from: number, count: number): Promise<void> {
    const versions = Array.from({ length: count }, (_, index) => `0.${from + index}.0`);
    await this.#add(versions.map((version) => ({ repository: nameOf(repository), version })));
  }

  /** One version of a chart in each of so many namespaces. */
  async addRepositories(from: number, count: number): Promise<void> {
    const numbers = Array.from({ length: count }, (_, index) => String(from + index).padStart(6, '0'));
    await this.#add(
      numbers.map((number) => ({ repository: nameOf(`many/${number}/${CHART_NAME}`), version: '0.0.1' })),
    );
  }

  /** With a journal that has come as far as the database, as a server leaves it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const space = { has: () => true, require: () => undefined, take: () => undefined };
    const journal = await openJournal(this.#folder);
    await new JournalKeeper({ database: this.#database, journal, space }).catchUp();
    await this.#database.close();
  }

  async #add(versions: readonly SeededVersion[]): Promise<void> {
    for (let done = 0; done < versions.length; done += TOGETHER) {
      const charts = versions.slice(done, done + TOGETHER).map(chartOf);
      await this.#database.transaction(async (tx) => {
        const now = systemClock.now();
        for (const { repository, blobs } of charts) {
          for (const blob of blobs) await linkBlob(tx, { repository, ...blob, now });
        }
      });
      await Promise.all(charts.map(({ push }) => this.#registry.pushManifest(push)));
    }
  }
}

function nameOf(text: string): RepositoryName {
  return parseRepositoryName(text);
}

/** Its archive exists in rows only: whatever reads it finds that it is lost. */
function chartOf({ repository, version }: SeededVersion) {
  const metadata = parseChartYaml(
    Buffer.from(`apiVersion: v2\nname: ${CHART_NAME}\nversion: ${version}\ndescription: A chart with many versions\n`),
  );
  const config = Buffer.from(JSON.stringify(metadata));
  const archive = { digest: digestOf(Buffer.from(`${repository} ${version}`)), size: ARCHIVE_SIZE };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptorOf(config, HELM_CONFIG),
      layers: [{ mediaType: HELM_CONTENT, ...archive }],
      annotations: { 'org.opencontainers.image.title': CHART_NAME, 'org.opencontainers.image.version': version },
    }),
  );
  const tag = parseTag(version);
  return {
    repository,
    blobs: [{ digest: digestOf(config), size: config.length }, archive] as const,
    push: {
      ...{ repository, bytes, tags: [], contentType: OCI_MANIFEST, actor: ACTOR },
      reference: { kind: 'tag', tag } as const,
      inspection: { metadata, findings: [] },
    },
  };
}
