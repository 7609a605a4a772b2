// Charts as the tests of this folder read them, and tar headers as no packing program writes them.
import type { ChartMetadata } from '../../src/charts/chart-yaml.ts';
import { type ChartContents, readChartContents } from '../../src/charts/contents.ts';
import { buildChart, type ChartOptions } from '../support/chart-builder.ts';

interface ReadChart {
  readonly metadata: ChartMetadata;
  readonly contents: ChartContents;
}

/** The chart "web" 1.0.0 with these files, packed and read. */
export async function readChart(
  files: NonNullable<ChartOptions['files']>,
  options: Partial<ChartOptions> = {},
): Promise<ReadChart> {
  const { archive, metadata } = await buildChart({ name: 'web', version: '1.0.0', files, ...options });
  return { metadata, contents: await readChartContents(streamOf(archive)) };
}

/** The .tgz of a chart, to lie in another one. */
export async function packedSubchart(name: string, files: NonNullable<ChartOptions['files']> = {}): Promise<Buffer> {
  return (await buildChart({ name, version: '2.0.0', files })).archive;
}

export async function* streamOf(bytes: Uint8Array, step = 16_384): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

interface RawHeader {
  readonly letter?: string;
  readonly content?: string;
  /** the fields as they stand in the header, instead of right ones */
  readonly size?: string;
  readonly mode?: string;
  readonly magic?: string;
  readonly prefix?: string;
  readonly trailer?: string;
}

/** A header with a right checksum, and the content behind it. */
export function rawEntry(name: string | Buffer, options: RawHeader = {}): Buffer {
  const content = Buffer.from(options.content ?? '');
  const header = Buffer.alloc(512);
  header.set(Buffer.from(name), 0);
  header.write(options.mode ?? '0000644\0', 100, 'latin1');
  header.write(options.size ?? `${content.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('00000000000\0', 136, 'latin1');
  header.write(options.letter ?? '0', 156, 'latin1');
  header.write(options.magic ?? 'ustar\x0000', 257, 'latin1');
  header.write(options.prefix ?? '', 345, 'latin1');
  header.write(options.trailer ?? '', 508, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** A PAX header for the next entry, or with the letter "g" for all. */
export function rawPax(records: Readonly<Record<string, string>>, letter = 'x'): Buffer {
  return rawEntry('pax', { letter, content: Object.entries(records).map(paxRecord).join('') });
}

function paxRecord([key, value]: readonly [string, string]): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  const digits = String(rest + String(rest).length).length;
  return `${rest + digits} ${key}=${value}\n`;
}

export const TAR_END = Buffer.alloc(1024);
