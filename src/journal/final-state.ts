// What the journal says in the end: the newest record about each thing counts.

import type { Tag } from '../oci/tag.ts';
import type { TagSource } from '../tables/journal-source.ts';
import type { NamespaceRow } from '../tables/namespaces.ts';
import type { NoticeRow } from '../tables/notices.ts';
import { type JournalRecord, readRecord } from './journal-records.ts';

export interface FinalState {
  /** `repository digest` of those that were deleted and did not come back */
  readonly goneManifests: ReadonlySet<string>;
  /** by `repository digest` of manifests: the tags that point at them */
  readonly tagged: ReadonlyMap<string, readonly Tag[]>;
  /** by `repository tag`, also those that were deleted and are remembered */
  readonly tags: ReadonlyMap<string, TagSource>;
  readonly notices: ReadonlyMap<string, NoticeRow>;
  readonly namespaces: readonly NamespaceRow[];
  /** The last line is not among them: a crash may have cut it off. */
  readonly damagedLines: number;
}

/** Manifests themselves, which are large together, are not among it. */
export async function readFinalState(lines: AsyncIterable<string>): Promise<FinalState> {
  const state = {
    goneManifests: new Set<string>(),
    tags: new Map<string, TagSource>(),
    notices: new Map<string, NoticeRow>(),
    namespaces: [] as readonly NamespaceRow[],
  };
  let damagedLines = 0;
  let isLastDamaged = false;
  for await (const line of lines) {
    if (isLastDamaged) damagedLines += 1;
    const record = readRecord(line);
    isLastDamaged = record === undefined;
    if (record) take(state, record);
  }
  const tagged = new Map<string, Tag[]>();
  for (const { repository, digest, tag } of state.tags.values()) {
    if (digest === null) continue;
    const key = `${repository} ${digest}`;
    const known = tagged.get(key);
    if (known) known.push(tag);
    else tagged.set(key, [tag]);
  }
  return { ...state, tagged, damagedLines };
}

interface Growing {
  readonly goneManifests: Set<string>;
  readonly tags: Map<string, TagSource>;
  readonly notices: Map<string, NoticeRow>;
  namespaces: readonly NamespaceRow[];
}

function take(state: Growing, record: JournalRecord): void {
  switch (record.record) {
    case 'manifest':
      state.goneManifests.delete(`${record.row.repository} ${record.row.digest}`);
      return;
    case 'manifest-gone':
      state.goneManifests.add(`${record.repository} ${record.digest}`);
      return;
    case 'tag':
      state.tags.set(`${record.row.repository} ${record.row.tag}`, record.row);
      return;
    case 'tag-gone':
      state.tags.delete(`${record.repository} ${record.tag}`);
      return;
    case 'notice':
      state.notices.set(`${record.row.repository} ${record.row.tag}`, record.row);
      return;
    case 'notice-gone':
      state.notices.delete(`${record.repository} ${record.tag}`);
      return;
    case 'namespaces':
      state.namespaces = record.rows;
      return;
    default:
      record satisfies never;
  }
}
