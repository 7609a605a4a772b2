// The registry as its routes see it: one method for each thing that can be asked of it.
import type { Digest } from '../oci/digest.ts';
import { RegistryError, unreachable } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Reference, Tag } from '../oci/tag.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { needsDamagedBlob } from '../tables/blob-checks.ts';
import { isNotedUnreferenced, noteUnreferenced } from '../tables/garbage-manifests.ts';
import { listRepositories } from '../tables/repositories.ts';
import type { Actor } from './actor.ts';
import { backfillVersions } from './backfill-versions.ts';
import { Blobs } from './blobs.ts';
import { listCatalog } from './catalog.ts';
import { deleteManifest } from './delete-manifest.ts';
import type { FreeSpace } from './free-space.ts';
import { Notices } from './notices.ts';
import type { Page } from './pages.ts';
import { type ComparedChart, requireNotPublished } from './published-refusal.ts';
import { type ManifestPush, type PushedManifest, pushManifest } from './push-manifest.ts';
import { type ReadManifest, readManifest } from './read-manifest.ts';
import type { FoundDamage } from './record-damage.ts';
import type { OnHealed } from './record-healing.ts';
import { listReferrers, type ReferrersPage } from './referrers.ts';
import { RepositoryRoom } from './repository-room.ts';
import { SmallBlobs } from './small-blobs.ts';
import { TagLists } from './tag-lists.ts';
import { isFixed, type TagRules } from './tag-rules.ts';
import { Uploads } from './uploads.ts';

interface RegistryOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly rules: TagRules;
  readonly maximumBlobBytes: number;
  /** Told of each blob whose bytes are found to be damaged. */
  readonly onDamage: (found: FoundDamage) => void;
  readonly onHealed?: OnHealed | undefined;
  readonly space: FreeSpace;
  readonly maximumOpenUploads?: number;
  /** Tags, and manifests, that one repository may have. */
  readonly maximumHeld?: number;
}

/** A manifest stands in the database, in its write-ahead log, and, a third longer, in the journal. */
const COPIES = 4;
/** What the other rows of a push take: bytes. */
const ROWS = 16 * 1024;

export class Registry {
  readonly uploads: Uploads;
  readonly blobs: Blobs;
  readonly notices: Notices;
  readonly tagLists: TagLists;
  readonly #options: RegistryOptions;
  readonly #room: RepositoryRoom;
  readonly #small = new SmallBlobs();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#room = new RepositoryRoom(options.clock, options.maximumHeld);
    this.uploads = new Uploads({ ...options, small: this.#small });
    this.blobs = new Blobs(options, this.#small);
    this.notices = new Notices(options);
    this.tagLists = new TagLists(options);
  }

  async pushManifest(push: ManifestPush): Promise<PushedManifest> {
    this.#options.space.take(COPIES * push.bytes.length + ROWS);
    return await pushManifest({ ...this.#options, room: this.#room, small: this.#small }, push);
  }

  /** @throws RegistryError TAG_KEPT or VERSION_PUBLISHED where a push of the chart would be refused for that, as far as is known now */
  async requireNotPublished(repository: RepositoryName, tag: Tag, chart: ComparedChart): Promise<void> {
    await requireNotPublished(this.#options, repository, tag, chart);
  }

  /** Whether what a chart's tag points at never changes, so that it may be kept for ever by whoever has read it. */
  neverChanges(tag: Tag): boolean {
    const { rules } = this.#options;
    return isFixed(rules, tag, true) && !rules.republishDeleted;
  }

  /**
   * For whoever asks for a manifest in order not to push what it needs.
   * @throws RegistryError MANIFEST_UNKNOWN when a blob that it needs was damaged in the store, and must be pushed again
   */
  async requireSoundBlobs(repository: RepositoryName, digest: Digest): Promise<void> {
    if (!(await needsDamagedBlob(this.#options.database, repository, digest))) return;
    throw new RegistryError('MANIFEST_UNKNOWN', `a blob of manifest ${digest} was damaged in the store: push it again`);
  }

  /** For the same one: garbage collection leaves the manifest for another grace period. */
  async keepForPush(repository: RepositoryName, digest: Digest): Promise<void> {
    const { database } = this.#options;
    if (!(await isNotedUnreferenced(database, { repository, digest }))) return;
    await database.transaction((tx) => noteUnreferenced(tx, { repository, digest }, null));
  }

  async readManifest(repository: RepositoryName, reference: Reference): Promise<ReadManifest> {
    return await readManifest(this.#options.database, repository, reference);
  }

  async deleteManifest(repository: RepositoryName, reference: Reference, actor: Actor): Promise<void> {
    await deleteManifest(this.#options, repository, reference, actor);
  }

  async listReferrers(query: {
    readonly repository: RepositoryName;
    readonly subject: Digest;
    readonly artifactType: string | undefined;
    readonly last: string;
  }): Promise<ReferrersPage> {
    return await listReferrers(this.#options.database, query);
  }

  async listCatalog(
    page: { readonly last: string; readonly limit: number },
    isVisible: (repository: RepositoryName) => boolean,
  ): Promise<Page<RepositoryName>> {
    return await listCatalog(this.#options.database, page, isVisible);
  }

  /** For a database that an older Chartroom wrote; at the start. */
  async backfillVersions(onRefusal: (refusal: RegistryError) => void): Promise<void> {
    await backfillVersions(this.#options.database, onRefusal);
  }

  /**
   * Resolves when charts can be pulled.
   * @returns why they cannot be pushed, or soon will not be, for everybody to read; undefined when they can
   * @throws what stands in the way of pulling
   */
  async checkReady(): Promise<string | undefined> {
    const { database, blobs, space } = this.#options;
    await listRepositories(database, '', 1);
    try {
      await blobs.checkWritable();
    } catch (error) {
      // A folder that may only be read can still be read. One that is not there is another matter.
      if (!(error instanceof StorageUnusable)) throw error;
      return 'the storage cannot be written to, pushes are refused';
    }
    switch (space.room) {
      case 'ample':
        return undefined;
      case 'low':
        return 'the storage is nearly full, pushes will be refused soon';
      case 'reserved':
        return 'the storage is full, pushes are refused';
      default:
        return unreachable(space.room);
    }
  }
}
