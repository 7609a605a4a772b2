// The write-ahead log of a SQLite database, synced outside of SQLite: there it would stop everything else in the process.
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageUnusable } from '../../ports/storage-unusable.ts';
import { syncFolder } from './folders.ts';
import { onDisk } from './on-disk.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** How many statements that write are checkpointed at once. A push has about thirty. */
const CHECKPOINTED_WRITES = 2_000;

/**
 * With `synchronous = normal` SQLite writes a commit to its log and leaves the sync to whoever needs it
 * (https://sqlite.org/pragma.html#pragma_synchronous). A sync of the file by any descriptor covers what any other has written.
 */
export class WriteAheadLog {
  readonly #path: string;
  readonly #writer: SqliteConnection;
  #file: FileHandle | undefined;
  #checkpointed = 0;
  #isDoubtful = false;

  /** @param path of the database */
  constructor(path: string, writer: SqliteConnection) {
    this.#path = `${path}-wal`;
    this.#writer = writer;
  }

  /** Makes durable what is committed. @throws StorageUnusable */
  async sync(): Promise<void> {
    try {
      await onDisk(() => this.syncFile());
    } catch (error) {
      this.#isDoubtful = true;
      throw error;
    }
  }

  /**
   * After a sync that failed another one may succeed without having written anything, as the system takes the pages for
   * written: so all goes to the database itself, and the log begins anew.
   * @throws StorageUnusable when that cannot be done either
   */
  requireSound(): void {
    if (!this.#isDoubtful) return;
    this.#writer.checkpoint('truncate');
    this.#isDoubtful = false;
  }

  /**
   * Moves what is in the log to the database every now and then, so that it does not grow. For a moment in which none of our
   * connections reads: one that did would keep the log from beginning anew, for which SQLite's own moment, the commit, is too early.
   * @returns whether it could be done. What is committed is so all the same; it is tried again, and a disk that lets none of it
   * be done soon fails a commit, whose caller is told.
   */
  checkpoint(): boolean {
    const { writes } = this.#writer;
    if (writes - this.#checkpointed < CHECKPOINTED_WRITES) return true;
    try {
      this.#writer.checkpoint('passive');
    } catch (error) {
      if (error instanceof StorageUnusable) return false;
      throw error;
    }
    this.#checkpointed = writes;
    return true;
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  protected async syncFile(): Promise<void> {
    this.#file ??= await this.#open();
    await this.#file.datasync();
  }

  /** SQLite made the file with its first commit, and never synced its name. */
  async #open(): Promise<FileHandle> {
    await syncFolder(dirname(this.#path));
    return await open(this.#path, 'r');
  }
}
