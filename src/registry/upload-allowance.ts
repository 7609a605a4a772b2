// What an upload may take: so many bytes for one blob, and no more than there is room for.
import { RegistryError } from '../oci/error.ts';
import type { FreeSpace } from './free-space.ts';

export class UploadAllowance {
  readonly #maximumBlobBytes: number;
  readonly #space: FreeSpace;

  constructor(options: { readonly maximumBlobBytes: number; readonly space: FreeSpace }) {
    this.#maximumBlobBytes = options.maximumBlobBytes;
    this.#space = options.space;
  }

  /**
   * @param received bytes that are there already
   * @param coming as far as it is known yet
   * @throws RegistryError BLOB_TOO_LARGE, StorageFull
   */
  require(received: number, coming: number): void {
    this.#requireSize(received + coming);
    this.#space.require(coming);
  }

  /** Passes on what comes, until it is too much. @throws as `require` does */
  async *limited(received: number, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    let size = received;
    for await (const chunk of body) {
      size += chunk.length;
      this.#requireSize(size);
      this.#space.take(chunk.length);
      yield chunk;
    }
  }

  /** Some room is free again. */
  async lookAgain(): Promise<void> {
    // Should that fail, the next look is a few seconds away.
    await this.#space.check().catch(() => undefined);
  }

  #requireSize(size: number): void {
    if (size <= this.#maximumBlobBytes) return;
    throw new RegistryError(
      'BLOB_TOO_LARGE',
      `a blob may have at most ${this.#maximumBlobBytes} bytes here (setting maximumBlobBytes)`,
    );
  }
}
