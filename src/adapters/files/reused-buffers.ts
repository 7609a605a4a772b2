// Buffers for what goes from files and to them: used again and again, so that large blobs leave no garbage.

/** bytes; with half as many a download is slower, with twice as many it is not faster, and each slow client holds one or two */
const SIZE = 512 * 1024;
/** Those of so many transfers at once are kept when they end. */
const KEPT = 16;

export class ReusedBuffers {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SIZE);
  }

  /** Only what nobody reads from or writes to any more. What is not given back is garbage, and no harm. */
  giveBack(buffer: Buffer): void {
    if (this.#free.length < KEPT) this.#free.push(buffer);
  }
}
