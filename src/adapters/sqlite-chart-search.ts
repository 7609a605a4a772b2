// The ChartSearch in SQLite: FTS5 over the words of the documents, and a vocabulary for typos (https://sqlite.org/fts5.html).
import type { RepositoryName } from '../oci/repository-name.ts';
import {
  type ChartSearch,
  compoundsOf,
  isCorrectable,
  MAXIMUM_SIMILAR_WORDS,
  type SearchDocument,
  type SearchHit,
  type SearchPlace,
  type SearchQuery,
  type SearchTerm,
  type SimilarWord,
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
/** How many words of the vocabulary are compared, by their beginning and by their end. */
const MAXIMUM_CANDIDATES = 20_000;
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
    similarWords: async (word, edits) => await similarWords(database, word, edits),
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
    [
      entry.id,
      withCompounds(name),
      withCompounds(keywords),
      ...[description, repository, maintainers, versions].map((text) => wordsOf(text).join(' ')),
    ],
  );
  await tx.query('insert or replace into search_readmes (rowid, readme) values ($1, $2)', [
    entry.id,
    wordsOf(readme).join(' '),
  ]);
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

function withCompounds(text: string): string {
  return [...wordsOf(text), ...compoundsOf(text)].join(' ');
}

function vocabularyOf({ name, description, keywords, maintainers, readme }: SearchDocument): ReadonlySet<string> {
  const texts = [name, description, keywords, maintainers, readme];
  const words = [...texts.flatMap(wordsOf), ...[name, keywords].flatMap(compoundsOf)];
  return new Set(words.filter((word) => word.length > 2 && isCorrectable(word)));
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
  await tx.query(
    'update search_vocabulary set documents = documents - 1 where word in (select value from json_each($1))',
    [removed],
  );
  await tx.query('delete from search_vocabulary where documents = 0 and word in (select value from json_each($1))', [
    removed,
  ]);
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
 * its end. So only words that have one of them are compared.
 */
async function similarWords(database: Queryable, word: string, edits: 1 | 2): Promise<readonly SimilarWord[]> {
  const letters = [...word];
  const [head, tail] = edits === 2 ? [3, 3] : [Math.floor((letters.length - 1) / 2), Math.floor(letters.length / 2)];
  const beginning = letters.slice(0, head).join('');
  const end = backwards(letters.slice(-tail).join(''));
  const near = 'length(word) between $5 and $6 limit $7';
  const rows = await database.query<{ word: string }>(
    `select word from (select word from search_vocabulary where word >= $1 and word < $2 and ${near})
     union select word from (select word from search_vocabulary where backwards >= $3 and backwards < $4 and ${near})`,
    [
      beginning,
      beginning + LAST_CHARACTER,
      end,
      end + LAST_CHARACTER,
      letters.length - edits,
      letters.length + edits,
      MAXIMUM_CANDIDATES,
    ],
  );
  const found = rows.flatMap((row) => {
    const distance = row.word === word ? 0 : editsBetween(letters, [...row.word]);
    return (distance === 1 || distance === 2) && distance <= edits ? [{ word: row.word, edits: distance }] : [];
  });
  const sorted = found.toSorted((one, other) => one.edits - other.edits || (one.word < other.word ? -1 : 1));
  return sorted.slice(0, MAXIMUM_SIMILAR_WORDS) as readonly SimilarWord[];
}

function backwards(word: string): string {
  return [...word].reverse().join('');
}

/** Letters put in, left out, changed, or exchanged with their neighbour ("optimal string alignment"). */
function editsBetween(one: readonly string[], other: readonly string[]): number {
  let older: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (const [row, letter] of one.entries()) {
    const line = [row + 1];
    for (const [column, against] of other.entries()) {
      const changed = (above[column] ?? 0) + (letter === against ? 0 : 1);
      const least = Math.min(changed, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1);
      const isExchanged = letter === other[column - 1] && one[row - 1] === against;
      line.push(isExchanged ? Math.min(least, (older[column - 1] ?? 0) + 1) : least);
    }
    [older, above] = [above, line];
  }
  return above[other.length] ?? 0;
}
