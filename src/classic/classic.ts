// Classic Helm repositories: each namespace is one, of whatever was published in it and however.
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import type { Registry } from '../registry/registry.ts';
import type { TagRules } from '../registry/tag-rules.ts';
import { type ChartFile, findChartFile } from './chart-files.ts';
import { ChartLists } from './chart-lists.ts';
import { IndexDocuments } from './index-documents.ts';
import { PublishedVersions } from './published-versions.ts';
import { ClassicUploads } from './upload.ts';

interface ClassicOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly rules: TagRules;
}

export class Classic {
  readonly indexes: IndexDocuments;
  readonly lists: ChartLists;
  readonly uploads: ClassicUploads;
  readonly #options: ClassicOptions;

  constructor(options: ClassicOptions) {
    this.#options = options;
    this.indexes = new IndexDocuments(new PublishedVersions(options.database));
    this.lists = new ChartLists(options.database);
    this.uploads = new ClassicUploads(options);
  }

  /** @param fileName `web-1.2.0.tgz` */
  async findFile(namespace: string, fileName: string): Promise<ChartFile | undefined> {
    return await findChartFile(this.#options.database, namespace, fileName);
  }
}
