// The ports to what a backup is made of: the folder that holds it, and the copy of the database in it.
import type { Digest } from '../oci/digest.ts';
import type { DatabaseCheck, Queryable, Transaction } from './database.ts';

/** A file that was copied whole. */
export interface CopiedFile {
  /** As it is called in the data folder. */
  readonly name: string;
  readonly bytes: number;
  /** hex digits */
  readonly sha256: string;
}

/** A blob whose bytes the registry had no more when it was backed up, or the backup has no more, when it is verified or restored. */
export interface DamagedBlob {
  readonly digest: Digest;
  /** In words, such as "has no bytes". */
  readonly problem: string;
  /** `repository:tag`, or the repository alone; some of them when there are many */
  readonly usedBy: readonly string[];
}

/** What the folder holds: the one file that makes a backup of all the others. */
export interface BackupRecord {
  readonly format: 1;
  /** ISO 8601; what was acknowledged before it is in the backup */
  readonly startedAt: string;
  readonly completedAt: string;
  /** of Chartroom */
  readonly version: string;
  /** Where the copied files are, in the backup's folder. */
  readonly folder: string;
  readonly files: readonly CopiedFile[];
  readonly blobs: { readonly count: number; readonly bytes: number };
  readonly damaged: readonly DamagedBlob[];
}

/** A backup beside its blobs. It is as its record says; all that the record does not name is being made, or left over. */
export interface BackupFolder {
  /** Undefined when no backup has been completed there. @throws StorageUnusable when what is there is no record */
  readRecord(): Promise<BackupRecord | undefined>;

  /** Makes a folder for the files of another backup. @param name as `BackupRecord.folder` */
  begin(name: string): Promise<void>;

  /** Where a file of a backup is. */
  pathOf(folder: string, name: string): string;

  /** Copies a file of the data folder into a backup's folder. False when it is not there. */
  add(folder: string, from: string, name: string): Promise<boolean>;

  /** Makes a file durable that has just been written, and readable for its owner alone. */
  seal(folder: string, name: string): Promise<void>;

  /** Reads a file through. @returns undefined when it is not there */
  measure(folder: string, name: string): Promise<CopiedFile | undefined>;

  /** Makes another backup the one that the folder holds, durably and at once; all it names is durable already. */
  complete(record: BackupRecord): Promise<void>;

  /** Removes the files of all backups but this one. */
  discardOthers(folder: string): Promise<void>;
}

/** A data folder that is made out of a backup. Until `finish` no server and no command works on it, also after a crash. */
export interface RestoredFolder {
  /** Where a file of it is. */
  pathOf(name: string): string;

  /** Copies a file into it, durably and readable for its owner alone. @returns what was written */
  add(from: string, name: string): Promise<CopiedFile>;

  /** To be called when all that belongs into it is there, and durable. */
  finish(): Promise<void>;
}

export interface OpenedCopy extends Queryable {
  close(): void;
}

/** Copies of a database as files, which no server works on. */
export interface DatabaseCopies {
  /**
   * Copies a database that others go on writing to, as it was at one moment after the call. None of them waits for it.
   * @param from, to paths; nothing is at `to` yet
   * @param onProgress told the part that is done, 0 to 1
   */
  copy(from: string, to: string, onProgress: (done: number) => void): Promise<void>;

  /** Changes a copy in one transaction, durably, and leaves one file. Only SQL may be awaited in `work`. */
  change(path: string, work: (tx: Transaction) => Promise<void>): Promise<void>;

  /** Only reads. */
  check(path: string): DatabaseCheck;

  /** For reading. */
  open(path: string): OpenedCopy;
}
