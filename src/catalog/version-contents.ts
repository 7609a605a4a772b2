// What is in a version's archive, for whoever looks at it: its texts, its files, and each of them as it is.
import type { ChartMetadata } from '../charts/chart-yaml.ts';
import type { ChartContents, ChartFile } from '../charts/contents.ts';
import type { ContentsDescription } from '../charts/describe-contents.ts';
import { type FileKind, kindOfFile, knownFiles } from '../charts/known-files.ts';
import type { Digest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { quoted } from '../oci/quoted.ts';
import type { ContentsCache } from './contents-cache.ts';
import type { Descriptions } from './descriptions.ts';

/** A file as text, of which a long one is only the beginning. */
export interface ShownText {
  readonly path: string;
  /** bytes of the whole file */
  readonly size: number;
  readonly text: string;
  readonly isCut: boolean;
}

/** Undefined where the chart has no such file, or none that is text in UTF-8. */
interface KnownTexts {
  readonly chartYaml: ShownText | undefined;
  readonly readme: ShownText | undefined;
  readonly values: ShownText | undefined;
  readonly schema: ShownText | undefined;
}

export type VersionContents =
  | { readonly kind: 'described'; readonly description: ContentsDescription; readonly texts: KnownTexts }
  | { readonly kind: 'unreadable'; readonly problem: string };

export interface ListedFile extends ChartFile {
  readonly kind: FileKind;
}

interface Parts {
  readonly archives: ContentsCache;
  readonly descriptions: Descriptions;
}

/** characters */
const MAXIMUM_TEXT = 256 * 1024;

/** @throws RegistryError TOO_MANY_REQUESTS; what the blob store throws */
export async function readVersionContents(
  { archives, descriptions }: Parts,
  contentDigest: Digest,
  metadata: ChartMetadata,
): Promise<VersionContents> {
  const opened = await archives.open(contentDigest);
  if (opened.kind === 'unreadable') return opened;
  const description = await descriptions.of(contentDigest, metadata);
  if (description.kind === 'unreadable') return description;
  const { contents } = opened;
  const { readme, values, schema } = knownFiles(contents);
  return {
    kind: 'described',
    description: description.contents,
    texts: {
      chartYaml: shownText(contents, 'Chart.yaml'),
      readme: shownText(contents, readme),
      values: shownText(contents, values),
      schema: shownText(contents, schema),
    },
  };
}

/** In byte order, behind the path `after`. @throws RegistryError NOT_FOUND when the archive cannot be read */
export async function listFiles(
  archives: ContentsCache,
  contentDigest: Digest,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly ListedFile[]> {
  const { files } = await requireContents(archives, contentDigest);
  const last = Buffer.from(after ?? '');
  const start = files.findIndex(({ path }) => Buffer.compare(Buffer.from(path), last) > 0);
  return start === -1
    ? []
    : files.slice(start, start + limit).map((file) => ({ ...file, kind: kindOfFile(file.path) }));
}

/** @param path below the chart's top folder @throws RegistryError NOT_FOUND */
export async function readFile(archives: ContentsCache, contentDigest: Digest, path: string): Promise<Uint8Array> {
  const bytes = (await requireContents(archives, contentDigest)).bytes(path);
  if (!bytes) throw new RegistryError('NOT_FOUND', `the chart has no file ${quoted(path)}`);
  return bytes;
}

/** @throws RegistryError NOT_FOUND when the archive cannot be read; TOO_MANY_REQUESTS; what the blob store throws */
export async function requireContents(archives: ContentsCache, contentDigest: Digest): Promise<ChartContents> {
  const opened = await archives.open(contentDigest);
  if (opened.kind === 'contents') return opened.contents;
  throw new RegistryError('NOT_FOUND', `what is in the chart cannot be shown: ${opened.problem}`);
}

function shownText(contents: ChartContents, path: string | undefined): ShownText | undefined {
  const whole = path === undefined ? undefined : contents.text(path);
  const size = path === undefined ? undefined : contents.bytes(path)?.byteLength;
  if (path === undefined || whole === undefined || size === undefined) return undefined;
  const isCut = whole.length > MAXIMUM_TEXT;
  // Half of a character beyond 16 bits is none.
  return { path, size, text: isCut ? whole.slice(0, MAXIMUM_TEXT).toWellFormed() : whole, isCut };
}
