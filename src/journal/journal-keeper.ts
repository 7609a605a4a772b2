// Keeps the journal up to date: follows the events, and writes down how what they are about is now.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import type { Journal } from '../ports/journal.ts';
import type { FreeSpace } from '../registry/free-space.ts';
import {
  type ChangeEvent,
  findEventMark,
  findManifestSource,
  findNewestEvent,
  findNoticeSource,
  findTagSource,
  listEventsAfter,
  measureManifestSource,
} from '../tables/journal-source.ts';
import { listNamespaces } from '../tables/namespaces.ts';
import { type JournalRecord, manifestRecord, writeRecord } from './journal-records.ts';
import { wholeJournal } from './whole-journal.ts';

/** Events that are followed at a time, */
const BATCH = 200;
/** and bytes of their manifests and charts, which are in memory together. */
const BATCH_BYTES = 8 * 1024 * 1024;

export interface KeeperParts {
  readonly database: Database;
  readonly journal: Journal;
  /** What is left for the database is not taken by the journal: it waits. */
  readonly space: Pick<FreeSpace, 'has' | 'require' | 'take'>;
}

export class JournalKeeper {
  readonly #database: Database;
  readonly #journal: Journal;
  readonly #space: KeeperParts['space'];
  /** Bytes that one that is begun has at least, as far as the last try got: not all is written again and again in vain. */
  #firstBytes = 0;

  constructor({ database, journal, space }: KeeperParts) {
    this.#database = database;
    this.#journal = journal;
    this.#space = space;
  }

  /**
   * Brings the journal up to now, or begins it. Not to be called twice at once.
   * @throws StorageFull, StorageUnusable: then the next call goes on from where this one came to
   */
  async catchUp(): Promise<void> {
    const canGoOn = await this.#canGoOn();
    // One that is long is in nobody's way: it is followed until there is room for the new one beside it.
    const isRenewed = this.#journal.isLong && this.#space.has(this.#journal.bytes);
    if (!canGoOn || isRenewed) await this.#begin(!canGoOn);
    for (;;) {
      const events = await this.#nextEvents(this.#journal.position?.event ?? 0);
      const last = events.at(-1);
      if (!last) return;
      const lines = await this.#linesOf(events);
      this.#space.take(sizeOf(lines));
      await this.#journal.append(lines, { event: last.id, at: last.at });
    }
  }

  async #nextEvents(after: number): Promise<readonly ChangeEvent[]> {
    const events = await listEventsAfter(this.#database, after, BATCH);
    let bytes = 0;
    for (const [index, { repository, digest }] of events.entries()) {
      if (repository === '' || digest === null) continue;
      bytes += await measureManifestSource(this.#database, repository, digest);
      if (bytes > BATCH_BYTES) return events.slice(0, index + 1);
    }
    return events;
  }

  /** Not when its newest event was forgotten meanwhile, since then others may have been, or when the database is another one. */
  async #canGoOn(): Promise<boolean> {
    const { position } = this.#journal;
    if (!position) return false;
    const newest = await findNewestEvent(this.#database);
    if (newest?.id === position.event) return newest.at === position.at;
    // Begun before the first event: that is there as long as none was forgotten.
    if (position.event === 0) return !newest || (await findEventMark(this.#database, 1)) !== undefined;
    return (await findEventMark(this.#database, position.event))?.at === position.at;
  }

  /** @param keepsFormer not one that is only long, which says what the new one says: the database may be another one, which has lost something */
  async #begin(keepsFormer: boolean): Promise<void> {
    this.#space.require(this.#firstBytes);
    // First: what changes while all is written down is followed afterwards.
    const newest = await findNewestEvent(this.#database);
    const position = { event: newest?.id ?? 0, at: newest?.at ?? 0 };
    await this.#journal.replace(this.#whole(), position, keepsFormer);
    this.#firstBytes = 0;
  }

  async *#whole(): AsyncIterable<readonly string[]> {
    let bytes = 0;
    for await (const lines of wholeJournal(this.#database)) {
      bytes += sizeOf(lines);
      this.#firstBytes = bytes;
      this.#space.take(sizeOf(lines));
      yield lines;
    }
  }

  /** How everything is that the events are about: once each, manifests before tags, which point at them. */
  async #linesOf(events: readonly ChangeEvent[]): Promise<readonly string[]> {
    const manifests = new Map<string, readonly [RepositoryName, Digest]>();
    const tags = new Map<string, readonly [RepositoryName, Tag]>();
    const notices = new Map<string, readonly [RepositoryName, Tag | '']>();
    for (const { kind, repository, tag, digest } of events) {
      if (repository === '' || kind.startsWith('blob.')) continue;
      if (kind.startsWith('notice.')) notices.set(`${repository} ${tag ?? ''}`, [repository, tag ?? '']);
      else if (digest !== null && tag !== null) tags.set(`${repository} ${tag}`, [repository, tag]);
      if (digest !== null) manifests.set(`${repository} ${digest}`, [repository, digest]);
    }
    const lines: string[] = [];
    const add = (record: JournalRecord): unknown => lines.push(writeRecord(record));
    for (const [repository, digest] of manifests.values()) add(await this.#manifest(repository, digest));
    for (const [repository, tag] of tags.values()) add(await this.#tag(repository, tag));
    for (const [repository, tag] of notices.values()) add(await this.#notice(repository, tag));
    if (events.some(({ kind }) => kind.startsWith('namespace.'))) {
      add({ record: 'namespaces', rows: await listNamespaces(this.#database) });
    }
    return lines;
  }

  async #manifest(repository: RepositoryName, digest: Digest): Promise<JournalRecord> {
    const row = await findManifestSource(this.#database, repository, digest);
    return row ? manifestRecord(row) : { record: 'manifest-gone', repository, digest };
  }

  async #tag(repository: RepositoryName, tag: Tag): Promise<JournalRecord> {
    const row = await findTagSource(this.#database, repository, tag);
    return row ? { record: 'tag', row } : { record: 'tag-gone', repository, tag };
  }

  async #notice(repository: RepositoryName, tag: Tag | ''): Promise<JournalRecord> {
    const row = await findNoticeSource(this.#database, repository, tag);
    return row ? { record: 'notice', row } : { record: 'notice-gone', repository, tag };
  }
}

/** Bytes, with their line breaks. */
function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}
