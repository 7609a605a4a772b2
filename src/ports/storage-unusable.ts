// The error for what an operator must put right: the database or another part of the data folder cannot be used.

/** The message is one line for the console, and says what to do. */
export class StorageUnusable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageUnusable';
  }
}
