// Notices: a version, or a whole chart, is deprecated or yanked, with what changes by it, in one transaction.
import { recordEvent } from '../events/record.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database, Transaction } from '../ports/database.ts';
import { countCatalogRevisionUp, setTagsRevision } from '../tables/catalog-revision.ts';
import { applyNotices } from '../tables/chart-versions.ts';
import { deleteNotice, type NoticeRow, putNotice } from '../tables/notices.ts';
import { setTagListed } from '../tables/tags.ts';
import type { Actor } from './actor.ts';
import { keepsFloatingTags, refreshFloatingTags } from './floating-tags.ts';
import { unknownRepository } from './read-manifest.ts';

/** What a notice is about: a version, or with an empty tag the whole chart. */
export interface NoticeSubject {
  readonly repository: RepositoryName;
  readonly tag: Tag | '';
}

export interface NewNotice extends NoticeSubject {
  readonly kind: 'deprecated' | 'yanked';
  readonly reason: string;
  readonly replacement: string;
}

export class Notices {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Puts up a notice, in the place of the one that was there. A yanked version leaves lists, indexes, ranges and floating
   * tags; whoever names it exactly still gets it.
   * @throws RegistryError NAME_UNKNOWN, MANIFEST_UNKNOWN when there is no such version, REQUEST_INVALID when a whole chart is to be yanked
   */
  async put(notice: NewNotice, actor: Actor): Promise<NoticeRow> {
    if (notice.kind === 'yanked' && notice.tag === '') {
      const message = `${notice.repository} cannot be yanked as a whole: yank its versions, or deprecate it`;
      throw new RegistryError('REQUEST_INVALID', message);
    }
    const at = this.#clock.now();
    const row = { ...notice, notedAt: at, notedBy: actor.name };
    await this.#database.transaction(async (tx) => {
      await putNotice(tx, row);
      if (!(await follow(tx, notice, at))) throw missing(notice);
      const { repository, tag, kind, reason, replacement } = notice;
      const detail = { notice: kind, reason, replacement };
      await recordEvent(tx, { kind: 'notice.put', at, author: actor.author, repository, tag, detail });
    });
    return row;
  }

  /** Takes a notice down, and with it all that it did. @throws RegistryError NOT_FOUND when there is none */
  async remove(subject: NoticeSubject, actor: Actor): Promise<void> {
    const at = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      const removed = await deleteNotice(tx, subject.repository, subject.tag);
      if (!removed) throw new RegistryError('NOT_FOUND', `there is no notice on ${shown(subject)}`);
      await follow(tx, subject, at);
      const { repository, tag } = subject;
      const detail = { notice: removed.kind, reason: removed.reason, replacement: removed.replacement };
      await recordEvent(tx, { kind: 'notice.removed', at, author: actor.author, repository, tag, detail });
    });
  }
}

/** @returns whether there is anything that the notice is about */
async function follow(tx: Transaction, { repository, tag }: NoticeSubject, at: number): Promise<boolean> {
  const revision = await countCatalogRevisionUp(tx);
  const versions = await applyNotices(tx, repository, tag, revision);
  if (versions.length === 0) return false;
  await setTagsRevision(tx, repository, revision);
  // A notice on the whole chart takes nothing out of any list.
  if (tag === '') return true;
  const isKept = await keepsFloatingTags(tx, repository);
  for (const version of versions) {
    await setTagListed(tx, repository, version.tag, version.listed === 1);
    if (isKept) await refreshFloatingTags(tx, repository, version.version, at);
  }
  return true;
}

function missing(subject: NoticeSubject): RegistryError {
  if (subject.tag === '') return unknownRepository(subject.repository);
  return new RegistryError('MANIFEST_UNKNOWN', `${subject.repository} has no version with the tag "${subject.tag}"`);
}

function shown({ repository, tag }: NoticeSubject): string {
  return tag === '' ? repository : `${repository}:${tag}`;
}
