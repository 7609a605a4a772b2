// All that a journal begins with: every manifest, tag and notice, and what namespaces say, batch by batch.
import type { Queryable } from '../ports/database.ts';
import {
  listManifestSources,
  listNoticeSources,
  listTagSources,
  type ManifestSource,
  type TagSource,
} from '../tables/journal-source.ts';
import { listNamespaces } from '../tables/namespaces.ts';
import type { NoticeRow } from '../tables/notices.ts';
import { pagesOf } from '../tables/pages.ts';
import { type JournalRecord, manifestRecord, writeRecord } from './journal-records.ts';

/** Rows of a batch: few, since a manifest may have 4 MiB. */
const BATCH = 20;

export async function* wholeJournal(database: Queryable): AsyncIterable<readonly string[]> {
  const written = (records: readonly JournalRecord[]): readonly string[] => records.map(writeRecord);
  yield written([{ record: 'namespaces', rows: await listNamespaces(database) }]);
  for await (const rows of pagesOf<ManifestSource>((last) => listManifestSources(database, last, BATCH)))
    yield written(rows.map(manifestRecord));
  for await (const rows of pagesOf<TagSource>((last) => listTagSources(database, last, BATCH)))
    yield written(rows.map((row) => ({ record: 'tag', row })));
  for await (const rows of pagesOf<NoticeRow>((last) => listNoticeSources(database, last, BATCH)))
    yield written(rows.map((row) => ({ record: 'notice', row })));
}
