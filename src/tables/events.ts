// Table events: what happened and what was refused, by whom, with what and from where.
import type { Queryable, Transaction } from '../ports/database.ts';

export interface NewEvent {
  /** milliseconds since 1970 */
  readonly at: number;
  readonly kind: string;
  readonly actor: string;
  readonly actorKind: string;
  readonly credential: string;
  readonly clientAddress: string;
  readonly userAgent: string;
  readonly outcome: 'allowed' | 'refused';
  /** Empty when it was about none. */
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
  /** JSON */
  readonly detail: string;
}

export type EventRow = NewEvent & { readonly id: number };

const COLUMNS = `id, at, kind, actor, actor_kind as "actorKind", credential, client_address as "clientAddress",
  user_agent as "userAgent", outcome, repository, tag, digest, detail`;

export async function insertEvent(tx: Transaction, event: NewEvent): Promise<void> {
  await tx.query(
    `insert into events (at, kind, actor, actor_kind, credential, client_address, user_agent, outcome, repository, tag, digest, detail)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      event.at,
      event.kind,
      event.actor,
      event.actorKind,
      event.credential,
      event.clientAddress,
      event.userAgent,
      event.outcome,
      event.repository,
      event.tag,
      event.digest,
      event.detail,
    ],
  );
}

export interface EventFilter {
  readonly actor?: string | undefined;
  /** Of this kind, or of those that begin with it and a dot: `user` finds `user.added`. */
  readonly kind?: string | undefined;
  /** This repository and all below it. */
  readonly repository?: string | undefined;
  readonly outcome?: 'allowed' | 'refused' | undefined;
  readonly clientAddress?: string | undefined;
  /** milliseconds since 1970, inclusive */
  readonly from?: number | undefined;
  /** milliseconds since 1970, exclusive */
  readonly to?: number | undefined;
}

/** So many ids are sorted in no time. Where more events match, the newest of them are soon met on the way back from the newest of all. */
const SORTABLE = 2_000;

/** The newest first, older than the id `before`. */
export async function listEvents(
  database: Queryable,
  filter: EventFilter,
  page: { readonly before: number | undefined; readonly limit: number },
): Promise<readonly EventRow[]> {
  const matching = matchingIds(filter, page.before, 'by index');
  const some = await database.query(`${matching.text} limit ${SORTABLE}`, matching.values);
  const isMany = some.length === SORTABLE;
  // To sort many for each page would make an export, page after page, take a time that grows with the square of its length.
  const { text, values } = isMany ? matchingIds(filter, page.before, 'by id') : matching;
  const newest = `order by id desc limit $${values.length + 1}`;
  return await database.query<EventRow>(
    `select ${COLUMNS} from events where id in (${text} ${isMany ? newest : ''}) ${newest}`,
    [...values, page.limit],
  );
}

/** @param found `by id` keeps the database from using the index of a range, which has no order of ids */
function matchingIds(
  filter: EventFilter,
  before: number | undefined,
  found: 'by id' | 'by index',
): { readonly text: string; readonly values: readonly (string | number)[] } {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: (placeholder: string) => string, value: string | number | undefined) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  const [kind, repository, at] =
    found === 'by index' ? ['kind', 'repository', 'at'] : [`kind || ''`, `repository || ''`, 'at + 0'];
  add((placeholder) => `id < ${placeholder}`, before);
  add((placeholder) => `actor = ${placeholder}`, filter.actor);
  add((placeholder) => within(kind, placeholder, '.', '/'), filter.kind);
  add((placeholder) => within(repository, placeholder, '/', '0'), filter.repository);
  // Written out, as the index of those few that were refused has it.
  if (filter.outcome !== undefined) conditions.push(`outcome ${filter.outcome === 'refused' ? '=' : '<>'} 'refused'`);
  add((placeholder) => `client_address = ${placeholder}`, filter.clientAddress);
  add((placeholder) => `${at} >= ${placeholder}`, filter.from);
  add((placeholder) => `${at} < ${placeholder}`, filter.to);
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  return { text: `select id from events ${where}`, values };
}

/** The text itself, or what begins with it and the separator; one range, since an index serves no "or". */
function within(column: string, placeholder: string, separator: string, characterAfterIt: string): string {
  return `${column} >= ${placeholder} and ${column} < ${placeholder} || '${characterAfterIt}'
    and (${column} = ${placeholder} or ${column} >= ${placeholder} || '${separator}')`;
}

/** When the newest event of exactly this kind was: milliseconds since 1970. Undefined when there is none. */
export async function findNewestEventTime(database: Queryable, kind: string): Promise<number | undefined> {
  const rows = await database.query<{ at: number }>('select at from events where kind = $1 order by id desc limit 1', [
    kind,
  ]);
  return rows[0]?.at;
}

/** Forgets at most `limit` of the events before a time. @returns how many there were */
export async function deleteEventsBefore(tx: Transaction, before: number, limit: number): Promise<number> {
  const rows = await tx.query(
    'delete from events where id in (select id from events where at < $1 order by at limit $2) returning id',
    [before, limit],
  );
  return rows.length;
}
