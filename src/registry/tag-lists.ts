// The lists of repositories' tags, in pages, each made once for as long as the repository's tags stay as they are.
import { type Digest, digestOf } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { readTagsRevision } from '../tables/repositories.ts';
import { listTags } from '../tables/tags.ts';
import { pageOf } from './pages.ts';
import { unknownRepository } from './read-manifest.ts';

/** bytes; the pages that were asked for longest ago are forgotten first */
const MEMORY = 32 * 1024 * 1024;
/** bytes; about what a page takes besides its text */
const OVERHEAD = 500;

interface TagPage {
  /** As clients get it (OCI Distribution Spec, "Listing Tags"). */
  readonly document: Buffer;
  /** Of the document: not made of the revision, which a backup that is put back counts up again. */
  readonly digest: Digest;
  /** The last tag of the page, when there are more behind it. */
  readonly last: Tag | undefined;
}

interface KeptPage extends TagPage {
  readonly revision: number;
  /** bytes */
  readonly size: number;
}

export class TagLists {
  readonly #database: Database;
  /** A map keeps the order in which its keys came. */
  readonly #pages = new Map<string, KeptPage>();
  #size = 0;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
  }

  /**
   * Tags behind `last` in byte order, at most `limit`. One select, when they are as they were when the page was made,
   * whichever process has changed what meanwhile.
   * @throws RegistryError NAME_UNKNOWN when nothing was ever pushed to the repository
   */
  async page(
    repository: RepositoryName,
    { last, limit }: { readonly last: string; readonly limit: number },
  ): Promise<TagPage> {
    // Before the tags are read: so a page may be newer than its revision says, and never older.
    const revision = await readTagsRevision(this.#database, repository);
    if (revision === undefined) throw unknownRepository(repository);
    const key = `${repository} ${limit} ${last}`;
    const kept = this.#pages.get(key);
    if (kept?.revision === revision) {
      this.#keep(key, kept);
      return kept;
    }
    const { items, hasMore } = pageOf(await listTags(this.#database, repository, last, limit + 1), limit);
    const document = Buffer.from(JSON.stringify({ name: repository, tags: items }));
    const size = document.length + 2 * key.length + OVERHEAD;
    const page = { document, digest: digestOf(document), last: hasMore ? items.at(-1) : undefined, revision, size };
    this.#keep(key, page);
    return page;
  }

  #keep(key: string, page: KeptPage): void {
    this.#forget(key);
    this.#pages.set(key, page);
    this.#size += page.size;
    for (const [oldest] of this.#pages) {
      if (this.#size <= MEMORY) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#size -= this.#pages.get(key)?.size ?? 0;
    this.#pages.delete(key);
  }
}
