// Storage that fails when a test says so, with what the operating system and SQLite say then; else it is the real one.
import type { Storage } from '../../src/core.ts';
import type { BlobStore, StorageSpace } from '../../src/ports/blob-store.ts';
import type { Database } from '../../src/ports/database.ts';
import { storageError } from '../../src/ports/storage-unusable.ts';

/** Bytes that find room before `append` fails. */
export const FOUND_ROOM = 3;

export class StorageFaults {
  /** With which code (errno(3)) which methods of the blob store fail. */
  readonly blobs = new Map<keyof BlobStore, string>();
  /** What the store says about its room, when that is not the truth. */
  space: StorageSpace | undefined;
  #database: Database | undefined;

  /** To be given to the registry. */
  readonly between = (storage: Storage): Storage => {
    this.#database = storage.database;
    return { ...storage, blobs: this.#faulty(storage.blobs) };
  };

  /** From now on the database has no room for anything, or has it again: SQLite itself refuses, as on a full disk. */
  async fillDatabase(isFull: boolean): Promise<void> {
    // Never less than there are.
    const pages = isFull ? 1 : 1_000_000;
    await this.#database?.transaction((tx) => tx.script(`pragma max_page_count = ${pages}`));
  }

  /** Every other method is that of the real store, whatever methods it may come to have. */
  #faulty(store: BlobStore): BlobStore {
    return new Proxy(store, {
      get: (_target, name: keyof BlobStore) => {
        const isWriting = name === 'append' || name === 'complete';
        const code = this.blobs.get(isWriting ? 'append' : name);
        if (name === 'space' && this.space !== undefined) return async () => this.space;
        if (code === undefined) return store[name].bind(store);
        if (!isWriting) return () => Promise.reject(failure(code));
        return async (...[upload, from, body]: Parameters<BlobStore['append']>) => {
          await store.append(upload, from, beginningOf(body));
          throw failure(code);
        };
      },
    });
  }
}

async function* beginningOf(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    yield chunk.subarray(0, FOUND_ROOM);
    return;
  }
}

/** As Node words it, with a path. */
function failure(code: string): unknown {
  return storageError(Object.assign(new Error(`${code}: failed, open '/secret/path/of/data'`), { code }));
}
