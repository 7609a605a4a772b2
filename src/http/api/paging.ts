// Pages of lists: a limit, and an opaque cursor in the address of the next page.

import type { FastifyRequest } from 'fastify';
import type { TProperties, TSchema } from 'typebox';
import { Type } from '../../json-schemas.ts';
import { RegistryError } from '../../oci/error.ts';
import { requestPath } from '../request-path.ts';
import { strict } from './schemas.ts';

const USUAL = 100;
const MAXIMUM = 1000;

/** The query of a list: what filters it, and which page of it. */
export function listQuery<Filters extends TProperties>(filters: Filters) {
  return strict({
    ...filters,
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAXIMUM,
        default: USUAL,
        description: 'How many items a page has at the most.',
      }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: 2048, description: 'Where the page begins; stands in "next" of the page before it.' }),
    ),
  });
}

export function pageOf<Item extends TSchema>(item: Item) {
  const next = Type.String({
    description: 'The address of the next page, without scheme and host; absent on the last one.',
  });
  return strict({ items: Type.Array(item), next: Type.Optional(next) }, { description: 'A page of the list.' });
}

interface List<Row, Item> {
  /** Finds at most `limit` rows behind the key `after`, which is empty at the beginning. */
  find(after: readonly string[], limit: number): Promise<readonly Row[]>;
  /** By what a row is found again: printable texts, always as many as `keyLength`. */
  key(row: Row): readonly string[];
  readonly keyLength: number;
  show(row: Row): Item;
}

/** @throws RegistryError when the cursor is none */
export async function answerPage<Row, Item>(
  request: FastifyRequest,
  list: List<Row, Item>,
): Promise<{ items: Item[]; next?: string }> {
  const query = request.query as { readonly limit?: number; readonly cursor?: string };
  const { limit = USUAL } = query;
  const after = query.cursor === undefined ? [] : readCursor(query.cursor, list.keyLength);
  // One more tells whether there is another page.
  const rows = await list.find(after, limit + 1);
  const shown = rows.slice(0, limit);
  const items = shown.map((row) => list.show(row));
  const last = shown.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  const next = { ...query, cursor: writeCursor(list.key(last)), limit: String(limit) };
  return { items, next: `${requestPath(request.originalUrl)}?${new URLSearchParams(next)}` };
}

function writeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function readCursor(cursor: string, length: number): readonly string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const isKey = Array.isArray(key) && key.length === length && key.every(isPrintable);
    if (isKey) return key;
  } catch {
    // As little a cursor as one that names something else.
  }
  throw foreignCursor();
}

/** For lists whose key is the place of an item, from 0 on: the place behind it. @throws RegistryError when the cursor is none */
export function readPosition([text]: readonly string[]): number {
  if (text === undefined) return 0;
  if (!/^\d{1,9}$/.test(text)) throw foreignCursor();
  return Number(text) + 1;
}

export function foreignCursor(): RegistryError {
  return new RegistryError('REQUEST_INVALID', 'the cursor is none of this list: begin again without one');
}

function isPrintable(part: unknown): part is string {
  return typeof part === 'string' && !/\p{Cc}/u.test(part);
}
