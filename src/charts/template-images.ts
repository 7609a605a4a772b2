// Finds images that templates name outright: lines such as `image: busybox:1.36` without anything to be filled in.
import type { ChartInstance } from './chart-instances.ts';
import { kindOfFile } from './known-files.ts';

interface TemplateImage {
  readonly image: string;
  readonly file: string;
  /** from 1 */
  readonly line: number;
}

const KEY = Buffer.from('image');
const NEWLINE = 0x0a;
/** `image: a`, `- image: "a"`, `"image": 'a' # why`, without white space around it */
const LINE = /^(?:-\s+)*["']?image["']?\s*:\s+["']?([^\s"'{}#,]+)["']?,?(?:\s+#.*)?$/;
/** bytes of a line; an image has at most 512 */
const MAXIMUM_LINE = 1000;
/** lines with the word in them that are looked at, in all charts together */
const MAXIMUM_LINES = 50_000;

export class TemplateScan {
  readonly #found = new Map<string, readonly TemplateImage[]>();
  #lines = 0;

  /** Whether there was more than is looked through. */
  get isCut(): boolean {
    return this.#lines > MAXIMUM_LINES;
  }

  /** A chart that is installed under several names is looked through once. */
  imagesIn({ contents, prefix }: Pick<ChartInstance, 'contents' | 'prefix'>): readonly TemplateImage[] {
    const known = this.#found.get(prefix);
    if (known !== undefined) return known;
    const templates = contents.files.filter(({ path }) => kindOfFile(path) === 'template');
    const images = templates.flatMap(({ path }) => {
      const bytes = contents.bytes(path) ?? new Uint8Array();
      return this.#imagesIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), `${prefix}${path}`);
    });
    this.#found.set(prefix, images);
    return images;
  }

  #imagesIn(bytes: Buffer, file: string): readonly TemplateImage[] {
    const images: TemplateImage[] = [];
    let counted = 0;
    let line = 1;
    for (let at = bytes.indexOf(KEY); at !== -1 && !this.isCut; ) {
      this.#lines += 1;
      const start = bytes.lastIndexOf(NEWLINE, at) + 1;
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline === -1 ? bytes.length : newline;
      line += newlinesIn(bytes, counted, start);
      counted = start;
      const text = end - start > MAXIMUM_LINE ? '' : bytes.toString('utf8', start, end).trim();
      const image = LINE.exec(text)?.[1];
      if (image !== undefined) images.push({ image, file, line });
      at = bytes.indexOf(KEY, end);
    }
    return images;
  }
}

function newlinesIn(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE, from); at !== -1 && at < to; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
