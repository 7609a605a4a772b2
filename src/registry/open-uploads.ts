// Uploads that were begun and are not over: how many one owner may have, and how others see and end them.
import type { Author } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { BlobStore, UploadId } from '../ports/blob-store.ts';
import type { Database } from '../ports/database.ts';
import { deleteUpload, findUpload, listUploadsBefore, type UploadRow } from '../tables/uploads.ts';
import type { Actor } from './actor.ts';
import type { BlobStorage } from './keep-blob.ts';

/** Of one owner: more than all jobs of a CI that shares a robot have at once, with what those leave that are killed in a day. */
export const MAXIMUM_OPEN_UPLOADS = 1_000;

/** Names an upload as its owner sees it. */
export interface UploadAddress {
  readonly repository: RepositoryName;
  readonly id: string;
  readonly actor: Actor;
}

/** Where a list of uploads goes on. */
export type UploadPlace = Pick<UploadRow, 'createdAt' | 'id'>;

export interface OpenUpload extends Omit<UploadRow, 'owner'> {
  /** When bytes last arrived: milliseconds since 1970. */
  readonly lastReceivedAt: number;
  /** bytes */
  readonly received: number;
}

/** Permanent, as far as a client's next attempts go: those that were left behind stay for a day. */
export function tooManyUploads({ name }: Actor, maximum: number): RegistryError {
  return new RegistryError(
    'TOO_MANY_UPLOADS',
    `${name} has ${maximum} uploads that were begun and not finished, and may have no more: finish them, or end them with DELETE on their addresses; those that nobody goes on with end by themselves after a day, and administrators end them with "chartroom upload end"`,
  );
}

export function uploadUnknown({ repository, id }: UploadAddress): RegistryError {
  return new RegistryError(
    'BLOB_UPLOAD_UNKNOWN',
    `${repository} has no upload ${id.slice(0, 40)} of yours: it is over or never began; start a new one`,
  );
}

export function noOpenUpload(id: string): RegistryError {
  return new RegistryError('NOT_FOUND', `there is no upload ${id.slice(0, 40)}: it is over, or never began`);
}

export async function listOpenUploads(
  database: Database,
  blobs: BlobStore,
  after: UploadPlace | undefined,
  limit: number,
): Promise<readonly OpenUpload[]> {
  const rows = await listUploadsBefore(database, Number.MAX_SAFE_INTEGER, after ?? { createdAt: -1, id: '' }, limit);
  const uploads: OpenUpload[] = [];
  for (const { id, repository, createdAt, createdBy } of rows) {
    // What has just ended has none.
    const received = (await blobs.received(id)) ?? 0;
    // Bytes are there a moment before the row.
    const lastReceivedAt = Math.max(createdAt, Math.floor((await blobs.lastReceived(id)) ?? 0));
    uploads.push({ id, repository, createdAt, createdBy, lastReceivedAt, received });
  }
  return uploads;
}

/** From then on nobody goes on with it; its bytes are still there. @throws RegistryError NOT_FOUND */
export async function endUpload({ database, blobs, clock }: BlobStorage, id: UploadId, author: Author): Promise<void> {
  const bytes = (await blobs.received(id)) ?? 0;
  const at = clock.now();
  await database.transaction(async (tx) => {
    const upload = await findUpload(tx, id);
    if (!upload || !(await deleteUpload(tx, id))) throw noOpenUpload(id);
    const { repository, createdBy } = upload;
    await recordEvent(tx, { kind: 'upload.ended', at, author, repository, detail: { upload: id, createdBy, bytes } });
  });
}
