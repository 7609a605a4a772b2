// Notices: a version, or a whole chart, is deprecated or yanked, with what changes by it, in one transaction.
import { recordEvent } from '../events/record.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database, Queryable, Transaction } from '../ports/database.ts';
import { countCatalogRevisionUp, setTagsRevision } from '../tables/catalog-revision.ts';
import { applyNotices } from '../tables/chart-versions.ts';
import { deleteNotice, type NoticeRow, putNotice } from '../tables/notices.ts';
import { repositoryExists } from '../tables/repositories.ts';
import { setTagListed } from '../tables/tags.ts';
import type { Actor } from './actor.ts';
import { refreshFloatingTags } from './floating-tags.ts';
import { unknownRepository } from './read-manifest.ts';

/** What a notice is about: a version, or with an empty tag the whole chart. */
export interface NoticeSubject {
  readonly repository: RepositoryName;
  readonly tag: Tag | '';
}

interface NewNotice extends NoticeSubject {
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
      const revision = await countCatalogRevisionUp(tx);
      await putNotice(tx, row);
      if (!(await follow(tx, notice, { revision, at }))) throw await missing(tx, notice);
      const { repository, tag, kind, reason, replacement } = notice;
      const detail = { notice: kind, reason, replacement };
      await recordEvent(tx, { kind: 'notice.put', at, author: actor.author, repository, tag, detail });
    });
    return row;
  }

  /**
   * Takes a notice down, and with it all that it did.
   * @param kind what it must say to be taken down; whatever it says when undefined
   * @throws RegistryError NOT_FOUND when there is none
   */
  async remove(subject: NoticeSubject, actor: Actor, kind?: NewNotice['kind']): Promise<void> {
    const at = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      const revision = await countCatalogRevisionUp(tx);
      const removed = await deleteNotice(tx, subject.repository, subject.tag);
      if (!removed || (kind ?? removed.kind) !== removed.kind) throw noNotice(subject, removed?.kind, kind);
      await follow(tx, subject, { revision, at });
      const { repository, tag } = subject;
      const detail = { notice: removed.kind, reason: removed.reason, replacement: removed.replacement };
      await recordEvent(tx, { kind: 'notice.removed', at, author: actor.author, repository, tag, detail });
    });
  }
}

/** The revision of the catalog with which something changes, and when: milliseconds since 1970. */
interface Change {
  readonly revision: number;
  readonly at: number;
}

/** Has lists and floating tags follow. @returns whether there is anything that the notice is about */
async function follow(tx: Transaction, { repository, tag }: NoticeSubject, change: Change): Promise<boolean> {
  const versions = await applyNotices(tx, repository, tag, change.revision);
  // A notice on the whole chart takes nothing out of any list.
  if (tag === '' || versions.length === 0) return versions.length > 0;
  await setTagsRevision(tx, repository, change.revision);
  for (const version of versions) await setTagListed(tx, repository, version.tag, version.listed === 1);
  await refreshFloatingTags(tx, repository, [tag], change.at);
  return true;
}

async function missing(database: Queryable, { repository, tag }: NoticeSubject): Promise<RegistryError> {
  if (!(await repositoryExists(database, repository))) return unknownRepository(repository);
  if (tag === '') return new RegistryError('NAME_UNKNOWN', `there is no chart in ${repository}`);
  return new RegistryError('MANIFEST_UNKNOWN', `${repository} has no version with the tag "${tag}"`);
}

function noNotice(subject: NoticeSubject, actual: string | undefined, asked: string | undefined): RegistryError {
  if (actual !== undefined) return new RegistryError('NOT_FOUND', `${shown(subject)} is ${actual}, and not ${asked}`);
  const what = asked === undefined ? `there is no notice on ${shown(subject)}` : `${shown(subject)} is not ${asked}`;
  return new RegistryError('NOT_FOUND', what);
}

function shown({ repository, tag }: NoticeSubject): string {
  return tag === '' ? repository : `${repository}:${tag}`;
}
