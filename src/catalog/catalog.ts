// The charts that are published, as whoever looks for one asks for them.
import type { BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';

export interface CatalogOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
}

export class Catalog {
  readonly #options: CatalogOptions;

  constructor(options: CatalogOptions) {
    this.#options = options;
  }
}
