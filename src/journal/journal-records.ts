// The records of the journal: one JSON object to a line, each saying how one thing is since then. Never a secret.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { ManifestSource, TagSource } from '../tables/journal-source.ts';
import type { NamespaceRow } from '../tables/namespaces.ts';
import type { NoticeRow } from '../tables/notices.ts';

/** `content`: the exact bytes in base64 */
export type JournalManifest = Omit<ManifestSource, 'content'> & { readonly content: string };

export type JournalRecord =
  | { readonly record: 'manifest'; readonly row: JournalManifest }
  | { readonly record: 'manifest-gone'; readonly repository: RepositoryName; readonly digest: Digest }
  | { readonly record: 'tag'; readonly row: TagSource }
  | { readonly record: 'tag-gone'; readonly repository: RepositoryName; readonly tag: Tag }
  | { readonly record: 'notice'; readonly row: NoticeRow }
  | { readonly record: 'notice-gone'; readonly repository: RepositoryName; readonly tag: Tag | '' }
  /** All of them. */
  | { readonly record: 'namespaces'; readonly rows: readonly NamespaceRow[] };

const RECORDS: readonly string[] = [
  'manifest',
  'manifest-gone',
  'tag',
  'tag-gone',
  'notice',
  'notice-gone',
  'namespaces',
] satisfies readonly JournalRecord['record'][];

export function writeRecord(record: JournalRecord): string {
  return JSON.stringify(record);
}

export function manifestRecord({ content, ...row }: ManifestSource): JournalRecord {
  return { record: 'manifest', row: { ...row, content: Buffer.from(content).toString('base64') } };
}

/** Undefined for a line that is damaged, or of a newer Chartroom. */
export function readRecord(line: string): JournalRecord | undefined {
  try {
    const record = JSON.parse(line) as Partial<JournalRecord> | null;
    return RECORDS.includes(record?.record ?? '') ? (record as JournalRecord) : undefined;
  } catch {
    return undefined;
  }
}
