// All that a journal begins with: every manifest, tag and notice, and what namespaces say, few bytes at a time.
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
import { manifestRecord, writeRecord } from './journal-records.ts';

/** Rows that are read at once: none of them is long. */
const PAGE = 100;
/** But a manifest may have 4 MiB. */
const MANIFEST_PAGE = 1;
/** Characters of a batch, beside its last line. */
const BATCH_LENGTH = 64 * 1024;

export async function* wholeJournal(database: Queryable): AsyncIterable<readonly string[]> {
  let batch: string[] = [];
  let length = 0;
  for await (const line of linesOf(database)) {
    batch.push(line);
    length += line.length;
    if (length < BATCH_LENGTH) continue;
    yield batch;
    batch = [];
    length = 0;
  }
  if (batch.length > 0) yield batch;
}

async function* linesOf(database: Queryable): AsyncIterable<string> {
  yield writeRecord({ record: 'namespaces', rows: await listNamespaces(database) });
  for await (const rows of pagesOf<ManifestSource>((last) => listManifestSources(database, last, MANIFEST_PAGE)))
    for (const row of rows) yield writeRecord(manifestRecord(row));
  for await (const rows of pagesOf<TagSource>((last) => listTagSources(database, last, PAGE)))
    for (const row of rows) yield writeRecord({ record: 'tag', row });
  for await (const rows of pagesOf<NoticeRow>((last) => listNoticeSources(database, last, PAGE)))
    for (const row of rows) yield writeRecord({ record: 'notice', row });
}
