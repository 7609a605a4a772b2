// The port to the journal: lines beside the database, of which it can be made again when it is lost.

/** Up to which event the journal has been brought. */
export interface JournalPosition {
  readonly event: number;
  /** When that event happened: milliseconds since 1970. Tells it from one of the same number in another database. */
  readonly at: number;
}

/**
 * Only one process writes to it. Lines are texts without line breaks; what is read back may end in the middle of the newest
 * lines after a crash, and never has half a line.
 */
export interface Journal {
  /** Undefined when there is none that can be gone on with. */
  readonly position: JournalPosition | undefined;

  /** How many bytes its lines have; 0 when there is none that can be gone on with. */
  readonly bytes: number;

  /** Whether so much was added to it that it is worth beginning anew. */
  readonly isLong: boolean;

  /** Adds lines, durably, then notes the position. @throws StorageUnusable; then nothing was added, and they can be added later */
  append(lines: readonly string[], position: JournalPosition): Promise<void>;

  /**
   * Puts another journal in its place, durably and at once. What the batches throw, or a disk that is full, leaves the one that
   * was there as it is, and nothing beside it.
   * @param batches of lines
   * @param keepsFormer whether the one that was there is kept beside it, for an operator: it may say what the database has lost
   * @throws StorageUnusable, or what the batches throw
   */
  replace(batches: AsyncIterable<readonly string[]>, position: JournalPosition, keepsFormer: boolean): Promise<void>;
}
