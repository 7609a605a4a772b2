// All that a journal begins with: every manifest, tag and notice, and what namespaces say, batch by batch.
import type { Queryable } from '../ports/database.ts';
import { listManifestSources, listNoticeSources, listTagSources } from '../tables/journal-source.ts';
import { listNamespaces } from '../tables/namespaces.ts';
import { type JournalRecord, manifestRecord, writeRecord } from './journal-records.ts';

/** Rows of a batch: few, since a manifest may have 4 MiB. */
const BATCH = 20;

export async function* wholeJournal(database: Queryable): AsyncIterable<readonly string[]> {
  const written = (records: readonly JournalRecord[]): readonly string[] => records.map(writeRecord);
  yield written([{ record: 'namespaces', rows: await listNamespaces(database) }]);
  for await (const rows of pagesOf((last: RowOf<typeof listManifestSources>) =>
    listManifestSources(database, last, BATCH),
  ))
    yield written(rows.map(manifestRecord));
  for await (const rows of pagesOf((last: RowOf<typeof listTagSources>) => listTagSources(database, last, BATCH)))
    yield written(rows.map((row) => ({ record: 'tag', row })));
  for await (const rows of pagesOf((last: RowOf<typeof listNoticeSources>) => listNoticeSources(database, last, BATCH)))
    yield written(rows.map((row) => ({ record: 'notice', row })));
}

type RowOf<List extends (...values: never[]) => Promise<readonly unknown[]>> =
  | Awaited<ReturnType<List>>[number]
  | undefined;

/** @param list a page behind the last row of the one before */
async function* pagesOf<Row>(list: (last: Row | undefined) => Promise<readonly Row[]>): AsyncIterable<readonly Row[]> {
  for (let last: Row | undefined, isEnd = false; !isEnd; ) {
    const page = await list(last);
    yield page;
    last = page.at(-1);
    isEnd = page.length < BATCH;
  }
}
