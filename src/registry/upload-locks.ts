// Lets one request at a time write to an upload: a retried chunk waits until the broken one before it has ended.
import type { UploadId } from '../ports/blob-store.ts';

export class UploadLocks {
  readonly #tails = new Map<UploadId, Promise<void>>();

  /** Waits for its turn; the lock is released when it is disposed of. */
  async acquire(upload: UploadId): Promise<AsyncDisposable> {
    const before = this.#tails.get(upload);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const tail = (before ?? Promise.resolve()).then(() => released);
    this.#tails.set(upload, tail);
    await before;
    return {
      [Symbol.asyncDispose]: async () => {
        if (this.#tails.get(upload) === tail) this.#tails.delete(upload);
        release();
      },
    };
  }
}
