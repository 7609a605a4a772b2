// What the tests of src/tables share: the names, digests and rows that they write.
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import type { Tag } from '../../../src/oci/tag.ts';
import type { Database, Transaction } from '../../../src/ports/database.ts';
import type { ChartRow } from '../../../src/tables/charts.ts';
import { insertManifest, type NewManifest } from '../../../src/tables/manifests.ts';
import { createRepository } from '../../../src/tables/repositories.ts';
import { pointTag, type TagRow, type TagWrite } from '../../../src/tables/tags.ts';

export const WEB = 'team/web' as RepositoryName;
export const OTHER = 'team/other' as RepositoryName;
export const V1 = '1.0.0' as Tag;

/** In the order of their bytes. */
export const [FIRST, SECOND, THIRD] = [1, 2, 3].map((number) => digestOf(Buffer.from(`${number}`))).sort() as [
  Digest,
  Digest,
  Digest,
];
export const SIGNATURE = digestOf(Buffer.from('signature'));

export type Change = Partial<TagWrite>;

export function write(digest: Digest, change: Change = {}): TagWrite {
  return {
    repository: WEB,
    tag: V1,
    digest,
    fixed: true,
    identity: 'one',
    provenance: '',
    pushId: 'first push',
    pushedAt: 1,
    pushedBy: 'first',
    republishDeleted: false,
    ...change,
  };
}

export async function point(database: Database, change: Change): Promise<TagRow | undefined> {
  return await database.transaction((tx) => pointTag(tx, write(FIRST, change)));
}

export function manifest(digest: Digest, change: Partial<NewManifest> = {}): NewManifest {
  return {
    repository: WEB,
    digest,
    mediaType: 'text/manifest',
    content: Buffer.from('{}'),
    artifactType: 'text/type',
    subject: undefined,
    annotations: {},
    blobs: [],
    children: [],
    pushedAt: 1,
    pushedBy: 'ci',
    ...change,
  };
}

export async function push(tx: Transaction, pushed: NewManifest): Promise<boolean> {
  await createRepository(tx, pushed.repository, 1);
  return await insertManifest(tx, pushed);
}

export function chart(digest: Digest): ChartRow {
  return {
    repository: WEB,
    digest,
    name: 'web',
    version: '1.0.0',
    metadata: '{"name":"web"}',
    findings: '[]',
    configDigest: SECOND,
    contentDigest: THIRD,
    provenanceDigest: undefined,
  };
}

/** Follows a listing to its end, each page beginning behind the last row of the one before. */
export async function pagesOf<Row>(
  list: (last: Row | undefined) => Promise<readonly Row[]>,
): Promise<(readonly Row[])[]> {
  const all: (readonly Row[])[] = [];
  for (let page = await list(undefined); page.length > 0; page = await list(page.at(-1))) {
    all.push(page);
    if (all.length > 1000) throw new Error('the listing does not end');
  }
  return all;
}

/** The same for listings of names, which begin behind a name. */
export async function pages<Item extends string>(
  list: (last: string) => Promise<readonly Item[]>,
): Promise<(readonly Item[])[]> {
  return await pagesOf<Item>((last) => list(last ?? ''));
}
