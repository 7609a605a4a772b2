// Lets one request at a time write to an upload, the newest: a retried chunk must not wait for the broken one before it.
import { RegistryError } from '../oci/error.ts';
import type { UploadId } from '../ports/blob-store.ts';

/** Why a request stopped writing, with some of its body unread. */
export class UploadStopped extends RegistryError {}

/** Mostly nobody reads it: the connection broke, and its client has come back on another one. */
export class UploadTakenOver extends UploadStopped {
  constructor() {
    super('BLOB_UPLOAD_INVALID', 'another request goes on with this upload: ask where it stands, and go on from there');
  }
}

export class UploadEnded extends UploadStopped {
  constructor() {
    super('BLOB_UPLOAD_UNKNOWN', 'an administrator has ended this upload: start a new one');
  }
}

interface UploadLock extends AsyncDisposable {
  /** Aborted, with the reason, once another request waits for the upload. */
  readonly takenOver: AbortSignal;
}

interface Turn {
  readonly takeOver: AbortController;
  readonly ended: Promise<void>;
}

export class UploadLocks {
  readonly #newest = new Map<UploadId, Turn>();

  /**
   * Tells who has the lock to stop, and waits until it is released, which is when it is disposed of.
   * @param reason what the one that has it is told
   * @throws UploadStopped when somebody newer came meanwhile
   */
  async acquire(upload: UploadId, reason: UploadStopped = new UploadTakenOver()): Promise<UploadLock> {
    const before = this.#newest.get(upload);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const turn = { takeOver: new AbortController(), ended };
    this.#newest.set(upload, turn);
    const release = (): void => {
      if (this.#newest.get(upload) === turn) this.#newest.delete(upload);
      end();
    };
    const takenOver = turn.takeOver.signal;
    if (before) {
      before.takeOver.abort(reason);
      await before.ended;
      if (takenOver.aborted) {
        release();
        throw takenOver.reason;
      }
    }
    return { takenOver, [Symbol.asyncDispose]: async () => release() };
  }

  /** Tells who has the lock to stop, and resolves when nobody has it who came before. */
  async stop(upload: UploadId, reason: UploadStopped): Promise<void> {
    try {
      await using _lock = await this.acquire(upload, reason);
    } catch (error) {
      // Somebody newer came, when those before had ended.
      if (!(error instanceof UploadStopped)) throw error;
    }
  }
}

/**
 * Passes bytes on until the upload is taken over, also when none come any more: a client that has vanished without a word
 * leaves a body that never ends. One of which all has come goes on to its end.
 * @param length bytes, when the request says so
 * @throws UploadStopped
 */
export async function* untilTakenOver(
  body: AsyncIterable<Uint8Array>,
  takenOver: AbortSignal,
  length: number | undefined,
): AsyncIterable<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  let size = 0;
  try {
    for (;;) {
      const next = size === length ? await iterator.next() : await nextUnlessTakenOver(iterator, takenOver);
      if (next.done) return;
      size += next.value.length;
      yield next.value;
    }
  } finally {
    // A body that was stopped would be asked to end only after its next bytes, which may never come.
    if (!takenOver.aborted || size === length) await iterator.return?.();
  }
}

/** Not `Promise.race`: what it waits for longest, here the signal, would keep hold of every chunk that came before. */
async function nextUnlessTakenOver(
  iterator: AsyncIterator<Uint8Array>,
  takenOver: AbortSignal,
): Promise<IteratorResult<Uint8Array>> {
  takenOver.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Uint8Array>>();
  const stop = (): void => reject(takenOver.reason);
  takenOver.addEventListener('abort', stop);
  // Handled also when it fails after the stop.
  iterator.next().then(resolve, reject);
  try {
    return await promise;
  } finally {
    takenOver.removeEventListener('abort', stop);
  }
}
