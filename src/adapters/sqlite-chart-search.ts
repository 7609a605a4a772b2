// The ChartSearch in SQLite: FTS5 over the words of the documents, and a vocabulary for typos (https://sqlite.org/fts5.html).
import { setImmediate } from 'node:timers/promises';
import type { RepositoryName } from '../oci/repository-name.ts';
import {
  type ChartSearch,
  compoundsOf,
  MAXIMUM_SIMILAR_WORDS,
  type MayRead,
  nearestFirst,
  type SearchDocument,
  type SearchHit,
  type SearchPlace,
  type SearchQuery,
  type SearchTerm,
  type SimilarWord,
  similarTo,
  vocabularyOf,
  wordsOf,
} from '../ports/chart-search.ts';
import type { Database, Queryable, SqlValue, Transaction } from '../ports/database.ts';

/** Counts up with every change to the tables below, or to what is written into them. */
const INDEX_REVISION = 1;

/**
 * Only for SQLite, and therefore no migration. The words are written as `wordsOf` makes them, with spaces between them, which
 * the tokenizer "ascii" takes as they are; their texts stay in search_documents. READMEs are apart, since what most searches
 * are decided by is a hundredth of them.
 */
const INDEX = `
  drop table if exists search_index;
  drop table if exists search_entries;
  drop table if exists search_heads;
  drop table if exists search_readmes;
  drop table if exists search_vocabulary;
  create table search_index (revision integer not null) strict;
  create table search_entries (
    id integer primary key,
    repository text not null unique,
    name text not null,
    path text not null
  ) strict;
  create virtual table search_heads using fts5 (
    name, keywords, description, path, maintainers, versions,
    content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '1 2 3');
  create virtual table search_readmes using fts5 (
    readme, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '3');
  create table search_vocabulary (
    word text primary key,
    backwards text not null,
    documents integer not null
  ) strict, without rowid;
  create index search_vocabulary_backwards on search_vocabulary (backwards);
  insert into search_index (revision) values (${INDEX_REVISION});
  delete from search_documents;
  update search_position set revision = 0;`;

interface Place {
  readonly table: 'search_heads' | 'search_readmes';
  readonly columns: readonly SearchPlace[];
  /** What it is worth that the word stands there, the beginning of one, and one that is so many edits away. */
  readonly worth: readonly [word: number, beginning: number, oneEdit: number, twoEdits: number];
}

const PLACES: readonly Place[] = [
  { table: 'search_heads', columns: ['name'], worth: [600, 500, 9, 4] },
  { table: 'search_heads', columns: ['keywords'], worth: [300, 250, 8, 3] },
  { table: 'search_heads', columns: ['description'], worth: [150, 125, 7, 2] },
  { table: 'search_heads', columns: ['path', 'maintainers', 'versions'], worth: [80, 60, 6, 1] },
  { table: 'search_readmes', columns: ['readme'], worth: [20, 10, 5, 0] },
];
/** More than all words together, and by so much that no length of a name takes it below them. */
const WHOLE_PATH = 300_000;
const WHOLE_NAME = 200_000;
const BEGINNING_OF_NAME = 100_000;
/** Shorter beginnings are those of half a README's words. */
const MINIMUM_README_BEGINNING = 3;
/** How many rows are read at once while words are compared. */
const PAGE = 1000;
const LAST_CHARACTER = '\u{10ffff}';

/** Makes the index when there is none, or another one: then the position is 0. */
export async function openSqliteChartSearch(database: Database): Promise<ChartSearch> {
  if ((await indexRevision(database)) !== INDEX_REVISION) {
    await database.transaction(async (tx) => {
      if ((await indexRevision(tx)) !== INDEX_REVISION) await tx.script(INDEX);
    });
  }
  return {
    position: async () => {
      const [row] = await database.query<{ revision: number }>('select revision from search_position');
      return row?.revision ?? 0;
    },
    advance: async (tx, from, to) => {
      const text = 'update search_position set revision = $2 where revision = $1 returning revision';
      return (await tx.query(text, [from, to])).length > 0;
    },
    put,
    remove,
    find: async (query, page) => await find(database, query, page),
    similarWords: async (word, edits, mayRead) => await similarWords(database, word, edits, mayRead),
    documents: async (repositories) =>
      await database.query<SearchDocument>(
        `select repository, name, description, keywords, maintainers, versions, readme from search_documents
         where repository in (select value from json_each($1))`,
        [JSON.stringify(repositories)],
      ),
  };
}

async function indexRevision(database: Queryable): Promise<number | undefined> {
  const tables = await database.query(`select name from sqlite_schema where name = 'search_index'`);
  if (tables.length === 0) return undefined;
  const [row] = await database.query<{ revision: number }>('select revision from search_index');
  return row?.revision;
}

async function put(tx: Transaction, document: SearchDocument): Promise<void> {
  const { repository, name, description, keywords, maintainers, versions, readme } = document;
  const [before] = await tx.query<SearchDocument>('select * from search_documents where repository = $1', [repository]);
  await countWords(tx, before && vocabularyOf(before), vocabularyOf(document));
  await tx.query(
    `insert into search_documents (repository, name, description, keywords, maintainers, versions, readme)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (repository) do update set
       name = excluded.name, description = excluded.description, keywords = excluded.keywords,
       maintainers = excluded.maintainers, versions = excluded.versions, readme = excluded.readme`,
    [repository, name, description, keywords, maintainers, versions, readme],
  );
  const [entry] = await tx.query<{ id: number }>(
    `insert into search_entries (repository, name, path) values ($1, $2, $3)
     on conflict (repository) do update set name = excluded.name, path = excluded.path returning id`,
    [repository, wordsOf(name).join(''), wordsOf(repository).join('')],
  );
  if (!entry) throw new Error('SQLite did not return the row that it wrote');
  await tx.query(
    `insert or replace into search_heads (rowid, name, keywords, description, path, maintainers, versions)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [entry.id, ...[name, keywords].map(withCompounds), ...[description, repository, maintainers, versions].map(spaced)],
  );
  await tx.query('insert or replace into search_readmes (rowid, readme) values ($1, $2)', [entry.id, spaced(readme)]);
}

async function remove(tx: Transaction, repository: RepositoryName): Promise<void> {
  const [before] = await tx.query<SearchDocument>('delete from search_documents where repository = $1 returning *', [
    repository,
  ]);
  if (!before) return;
  await countWords(tx, vocabularyOf(before), new Set());
  const entry = '(select id from search_entries where repository = $1)';
  await tx.query(`delete from search_heads where rowid = ${entry}`, [repository]);
  await tx.query(`delete from search_readmes where rowid = ${entry}`, [repository]);
  await tx.query('delete from search_entries where repository = $1', [repository]);
}

function spaced(text: string): string {
  return wordsOf(text).join(' ');
}

function withCompounds(text: string): string {
  return [...wordsOf(text), ...compoundsOf(text)].join(' ');
}

/** The vocabulary has the words that documents have, and no others: what nobody can find any more corrects nothing. */
async function countWords(
  tx: Transaction,
  before: ReadonlySet<string> = new Set(),
  after: ReadonlySet<string>,
): Promise<void> {
  const added = [...after].filter((word) => !before.has(word)).map((word) => [word, backwards(word)]);
  await tx.query(
    `insert into search_vocabulary (word, backwards, documents)
     select value ->> 0, value ->> 1, 1 from json_each($1) where true
     on conflict (word) do update set documents = documents + 1`,
    [JSON.stringify(added)],
  );
  const removed = JSON.stringify([...before].filter((word) => !after.has(word)));
  const where = 'where word in (select value from json_each($1))';
  await tx.query(`update search_vocabulary set documents = documents - 1 ${where}`, [removed]);
  await tx.query(`delete from search_vocabulary ${where} and documents = 0`, [removed]);
}

async function find(
  database: Queryable,
  { terms, name }: SearchQuery,
  { after, limit }: { readonly after: SearchHit | undefined; readonly limit: number },
): Promise<readonly SearchHit[]> {
  if (terms.length === 0) return [];
  const values: SqlValue[] = [name ?? '', after?.score ?? Number.MAX_SAFE_INTEGER, after?.repository ?? '', limit];
  const found = terms.flatMap((term, number) =>
    conditionsOf(term).map(({ place, match, worth }) => {
      values.push(match);
      return `select rowid, ${number}, ${worth} from ${place.table} where ${place.table} match $${values.length}`;
    }),
  );
  return await database.query<SearchHit>(
    `with found (id, term, worth) as (${found.join(' union all ')}),
       best (id, term, worth) as (select id, term, max(worth) from found group by id, term),
       fitting (id, worth) as (select id, sum(worth) from best group by id having count(*) = ${terms.length}),
       ranked (repository, score) as (
         select repository, worth + case
           when $1 = '' then 0
           when path = $1 then ${WHOLE_PATH}
           when name = $1 then ${WHOLE_NAME}
           when substr(name, 1, length($1)) = $1 then ${BEGINNING_OF_NAME} - length(name)
           else 0 end
         from fitting join search_entries on search_entries.id = fitting.id)
     select repository, score from ranked where score < $2 or (score = $2 and repository > $3)
     order by score desc, repository limit $4`,
    values,
  );
}

/** What to look for and where, and what it is worth there. In quotes nothing is an operator, and no word has one in it. */
function conditionsOf({ words, joined, isBeginning, place: only, similar }: SearchTerm) {
  const phrases = [words.join(' '), ...(joined === undefined ? [] : [joined])].map((phrase) => `"${phrase}"`);
  const near = ([1, 2] as const).map((edits) => similar.filter((each) => each.edits === edits));
  const lists = [
    phrases,
    isBeginning ? phrases.map((phrase) => `${phrase} *`) : [],
    ...near.map((those) => those.map(({ word }) => `"${word}"`)),
  ];
  const lastLength = words.at(-1)?.length ?? 0;
  return PLACES.flatMap((place) => {
    const columns = only === undefined ? place.columns : place.columns.filter((column) => column === only);
    const worth = (list: number) => place.worth[list] ?? 0;
    return lists.flatMap((list, number) => {
      const isTooShort = number === 1 && place.table === 'search_readmes' && lastLength < MINIMUM_README_BEGINNING;
      if (list.length === 0 || columns.length === 0 || isTooShort) return [];
      return [{ place, match: `{${columns.join(' ')}} : (${list.join(' OR ')})`, worth: worth(number) }];
    });
  });
}

/**
 * One edit leaves either the first half of a word or the second one as it was; so mostly do two, of a word's beginning or
 * its end. So only words that have one of them are compared, but all of these: by a bound on them, whoever fills it up to the
 * last word would see whether a private chart has one more. What private words still change is how long this takes.
 */
async function similarWords(
  database: Queryable,
  word: string,
  edits: 1 | 2,
  mayRead: MayRead,
): Promise<readonly SimilarWord[]> {
  const letters = [...word];
  const [head, tail] = edits === 2 ? [3, 3] : [Math.floor((letters.length - 1) / 2), Math.floor(letters.length / 2)];
  const sides = { word: letters.slice(0, head), backwards: letters.slice(-tail).reverse() };
  const near = new Map<string, SimilarWord>();
  for (const side of ['word', 'backwards'] as const) {
    const pages = wordsBeginning(database, side, sides[side].join(''), [
      letters.length - edits,
      letters.length + edits,
    ]);
    for await (const page of pages) for (const each of similarTo(word, edits, page)) near.set(each.word, each);
  }
  const similar: SimilarWord[] = [];
  for (const each of [...near.values()].toSorted(nearestFirst)) {
    if (await isInReadable(database, each.word, mayRead)) similar.push(each);
    if (similar.length === MAXIMUM_SIMILAR_WORDS) break;
  }
  return similar;
}

/** The words that begin so, or `backwards` end so, in pages, after each of which others have their turn. */
async function* wordsBeginning(database: Queryable, side: 'word' | 'backwards', beginning: string, lengths: number[]) {
  for (let from = beginning, isEnd = false; !isEnd; ) {
    const rows = await database.query<{ word: string; key: string }>(
      `select word, ${side} as key from search_vocabulary
       where length(word) between $1 and $2 and ${side} >= $3 and ${side} < $4 order by ${side} limit $5`,
      [...lengths, from, beginning + LAST_CHARACTER, PAGE],
    );
    yield rows.map(({ word }) => word);
    from = `${rows.at(-1)?.key}\0`;
    isEnd = rows.length < PAGE;
    await setImmediate();
  }
}

/** Whether the word stands in a document that may be read: where the vocabulary has it from, so not in a path or a version. */
async function isInReadable(database: Queryable, word: string, mayRead: MayRead): Promise<boolean> {
  for (let after = 0, isEnd = false; !isEnd; ) {
    await setImmediate();
    const rows = await database.query<{ id: number; repository: RepositoryName }>(
      `select id, repository from search_entries where id in (
         select rowid from search_heads where search_heads match $1 and rowid > $3
         union select rowid from search_readmes where search_readmes match $2 and rowid > $3 order by 1 limit $4)
       order by id`,
      [`{name keywords description maintainers} : "${word}"`, `"${word}"`, after, PAGE],
    );
    if (rows.some(({ repository }) => mayRead(repository))) return true;
    after = rows.at(-1)?.id ?? 0;
    isEnd = rows.length < PAGE;
  }
  return false;
}

function backwards(word: string): string {
  return [...word].reverse().join('');
}
