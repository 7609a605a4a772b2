// The port to the bytes: content-addressed blobs, and uploads that may become blobs.
import type { Readable } from 'node:stream';
import type { ByteRange } from '../oci/byte-range.ts';
import type { Digest } from '../oci/digest.ts';

declare const uploadId: unique symbol;
/** A version 4 UUID, lower case. */
export type UploadId = string & { readonly [uploadId]: true };

const UPLOAD_ID = /^[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$/;

export function isUploadId(text: string): text is UploadId {
  return UPLOAD_ID.test(text);
}

/** What opening a blob gives: its bytes, or the address to fetch them from. */
export type BlobBody =
  /**
   * `size` is that of the whole blob as it is stored, also when the stream gives a part of it. To be piped where it is large: the
   * memory of a piece may be used again once it was taken, which whoever reads it piece by piece does not have to mind.
   */
  | { readonly kind: 'stream'; readonly stream: Readable; readonly size: number }
  | { readonly kind: 'redirect'; readonly url: URL };

/** What is stored under a digest just now, for whoever checks whether it is what it should be. */
export interface StoredBytes {
  /** bytes */
  readonly size: number;
  /** Another one once other bytes, or the same ones anew, have taken their place. */
  readonly mark: string;
  /** All of them, in small pieces. @throws UnreadableBytes */
  read(): AsyncIterable<Uint8Array>;
}

/** The store has something under the digest, and cannot read it: a broken disk, what is no file at all, or what has just gone. */
export class UnreadableBytes extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnreadableBytes';
  }
}

export interface StorageSpace {
  /** What may be written still. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** How many more files there may be; undefined when nothing limits that. */
  readonly freeFiles: number | undefined;
}

/**
 * Stores bytes. Knows nothing of repositories or rights. What `commit` has acknowledged survives a power cut; everything
 * else may be gone or half written after one, and is never visible as a blob. What an upload is asked for that is over or
 * never began is refused with RegistryError BLOB_UPLOAD_UNKNOWN, unless it says otherwise. Whatever is asked for throws
 * StorageUnusable when the storage is full, broken or busy, and leaves what is stored as it was.
 *
 * After a crash there may be uploads that no row names: who looks for what is left over must ask `listUploads`.
 */
export interface BlobStore {
  /** How many bytes of the upload have arrived. Undefined when none were written, or when it is over. */
  received(upload: UploadId): Promise<number | undefined>;

  /**
   * Adds bytes behind the first `from`, which are all that there are; an upload begins with the first that are written. What
   * arrived stays when `body` fails midway: the error is thrown on, and the upload can go on from `received`. Each piece of it is
   * done with when the next one is asked for. Not to be called twice at once for one upload.
   * @returns how many bytes have arrived in all
   */
  append(upload: UploadId, from: number, body: AsyncIterable<Uint8Array>): Promise<number>;

  /** Does the same with the last bytes, be there any or not, and makes all of the upload durable. */
  complete(upload: UploadId, from: number, body: AsyncIterable<Uint8Array>): Promise<number>;

  /** Cuts the upload back to its first `size` bytes; it has at least so many. */
  truncate(upload: UploadId, size: number): Promise<void>;

  /** Reads back what arrived so far. */
  read(upload: UploadId): AsyncIterable<Uint8Array>;

  /**
   * Makes the bytes of the upload, which is complete, the blob `digest`, atomically and durably; the caller has checked that they
   * have that digest. A blob that is already there is replaced by these equal bytes, which also mends a damaged one.
   * The upload is over then, but until it is discarded this can be done again, should the blob have been taken away meanwhile.
   */
  commit(upload: UploadId, digest: Digest): Promise<void>;

  /** Forgets the upload, if there is one, also one that was committed. */
  discard(upload: UploadId): Promise<void>;

  /** Every upload that was started and not discarded, also those that were committed, in no particular order. */
  listUploads(): AsyncIterable<UploadId>;

  /** When bytes last arrived for the upload, also one that was committed: milliseconds since 1970. Undefined when there is none. */
  lastReceived(upload: UploadId): Promise<number | undefined>;

  /** Opens a blob, or bytes [from, to) of it, at least one and none beyond its end. @throws BlobDamaged when it is not stored, or no file */
  open(digest: Digest, range?: ByteRange): Promise<BlobBody>;

  /** The blob's size in bytes; undefined when it is not stored. */
  size(digest: Digest): Promise<number | undefined>;

  /** When the bytes of the blob were written: milliseconds since 1970. Undefined when it is not stored. */
  lastWritten(digest: Digest): Promise<number | undefined>;

  /** Removes a blob, if it is there. */
  delete(digest: Digest): Promise<void>;

  /** Every stored blob, in no particular order. */
  list(): AsyncIterable<Digest>;

  /** What is stored under a digest, or was set aside; undefined when there is nothing. @throws UnreadableBytes */
  examine(digest: Digest, place?: 'stored' | 'aside'): Promise<StoredBytes | undefined>;

  /**
   * Takes damaged bytes out of the way, durably, and keeps them beside the blobs for the operator, in place of what was set
   * aside of this digest before. A blob that is committed at the same moment stays, or is back when this resolves; after a crash
   * in between it may be aside: `examine` finds it there.
   * @param mark of what was found to be damaged
   * @returns false when other bytes are there by now, or none
   */
  setAside(digest: Digest, mark: string): Promise<boolean>;

  /** Makes what was set aside the blob again, durably, unless there is one. For bytes that turned out to be sound. */
  putBack(digest: Digest): Promise<void>;

  /** Every digest of which bytes are aside, in no particular order. */
  listSetAside(): AsyncIterable<Digest>;

  /** Removes what was set aside, if there is anything. */
  removeSetAside(digest: Digest): Promise<void>;

  /** Resolves when the store can be written to; otherwise throws what stands in the way. */
  checkWritable(): Promise<void>;

  /** How much room there is. */
  space(): Promise<StorageSpace>;
}
