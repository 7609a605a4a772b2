// All files of a packed chart: found, sorted, bounded, and with archives in it opened as far as that is harmless.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type ChartContents, readChartContents } from '../../src/charts/contents.ts';
import { packTar, type TarEntry } from '../support/chart-builder.ts';
import { packedSubchart, rawEntry, rawPax, readChart, streamOf, TAR_END } from './packed-chart.ts';

const CHART: TarEntry = { name: 'web/Chart.yaml', content: 'name: web\n' };

async function contentsOfTar(tar: Buffer): Promise<ChartContents> {
  return await readChartContents(streamOf(gzipSync(tar, { level: 1 })));
}

async function contentsOfEntries(...entries: readonly TarEntry[]): Promise<ChartContents> {
  return await contentsOfTar(await packTar(entries));
}

function problemIn(contents: ChartContents, path: string): string | undefined {
  const archive = contents.archives.get(path);
  return archive !== undefined && 'problem' in archive ? archive.problem : undefined;
}

function filesIn(contents: ChartContents, path: string): readonly string[] {
  const archive = contents.archives.get(path);
  return archive !== undefined && 'contents' in archive ? archive.contents.files.map((file) => file.path) : [];
}

describe('the contents of a chart', () => {
  test('are its files below the top folder, with their sizes and in the byte order of their paths', async () => {
    const { contents } = await readChart({ 'templates/b.yaml': 'é', 'templates/a.yaml': 'x', 'Z.md': '' });
    expect(contents.files).toEqual([
      { path: 'Chart.yaml', size: 40 },
      { path: 'Z.md', size: 0 },
      { path: 'templates/a.yaml', size: 1 },
      { path: 'templates/b.yaml', size: 2 },
      { path: 'values.yaml', size: 12 },
    ]);
    const paths = contents.files.map(({ path }) => path.length).reduce((total, length) => total + length);
    expect(contents.size).toBe(55 + paths);
  });

  test('have names in any script, each apart from what looks like it, and in byte order', async () => {
    const files = [
      'عربي/ملف.yaml',
      'e\u0301.md',
      '\u00e9.md',
      '\u202egpj.exe',
      '🚢.md',
      '\uff5e.md',
      '__proto__',
      'constructor',
    ];
    const { contents } = await readChart(Object.fromEntries(files.map((name) => [`files/${name}`, name])));
    expect(contents.files.filter(({ path }) => path.startsWith('files/'))).toHaveLength(files.length);
    for (const name of files) expect(contents.text(`files/${name}`)).toBe(name);
    const order = contents.files.map(({ path }) => path);
    expect(order.indexOf('files/🚢.md')).toBeGreaterThan(order.indexOf('files/\uff5e.md'));
  });

  test('give no file for a name that only objects know', async () => {
    const { contents } = await readChart({});
    for (const name of ['constructor', '__proto__', 'toString', 'nope']) {
      expect(contents.bytes(name)).toBeUndefined();
      expect(contents.text(name)).toBeUndefined();
    }
  });

  test('are text only where they are UTF-8, and without a byte order mark', async () => {
    const { contents } = await readChart({ 'bom.txt': '\ufeffa', binary: Buffer.from([0x61, 0xff]) });
    expect(contents.text('bom.txt')).toBe('a');
    expect(contents.bytes('bom.txt')).toHaveLength(4);
    expect(contents.text('binary')).toBeUndefined();
    expect(contents.bytes('binary')).toHaveLength(2);
  });

  test('are read in chunks of any size', async () => {
    const tar = await packTar([CHART, { name: 'web/big', content: 'x'.repeat(3000) }]);
    const contents = await readChartContents(streamOf(gzipSync(tar), 3));
    expect(contents.text('big')).toBe('x'.repeat(3000));
  });

  test('have one file for two names that are no UTF-8 and look the same', async () => {
    const name = (byte: number): Buffer => Buffer.from([...Buffer.from('web/'), byte]);
    const chart = rawEntry('web/Chart.yaml', { content: 'name: web\n' });
    const tar = Buffer.concat([chart, rawEntry(name(0xfe)), rawEntry(name(0xff)), TAR_END]);
    const contents = await contentsOfTar(tar);
    expect(contents.files.map(({ path }) => path)).toEqual(['Chart.yaml', '\ufffd']);
    expect(contents.repeated).toEqual(['\ufffd']);
  });
});

describe('of a path that stands twice', () => {
  test('the last one counts, as Helm has it', async () => {
    const contents = await contentsOfEntries(
      CHART,
      { name: 'web/values.yaml', content: 'first' },
      { name: 'web/./values.yaml', content: 'last' },
      { name: 'web/values.yaml', content: 'really last' },
    );
    expect(contents.text('values.yaml')).toBe('really last');
    expect(contents.repeated).toEqual(['values.yaml']);
    expect(contents.files).toHaveLength(2);
  });

  test('the first one counts where Helm looks for one: of READMEs and packed subcharts', async () => {
    const [first, last] = [await packedSubchart('sub', { first: '' }), await packedSubchart('sub', { last: '' })];
    const contents = await contentsOfEntries(
      CHART,
      { name: 'web/README.md', content: 'first' },
      { name: 'web/README.md', content: 'last' },
      { name: 'web/charts/sub.tgz', content: first },
      { name: 'web/charts/sub.tgz', content: last },
    );
    expect(contents.text('README.md')).toBe('first');
    expect(filesIn(contents, 'charts/sub.tgz')).toContain('first');
  });

  test('none counts when it is Chart.yaml: the chart is refused', async () => {
    await expect(contentsOfEntries(CHART, CHART)).rejects.toThrow('has the file "web/Chart.yaml" twice');
  });
});

describe('archives in charts/', () => {
  test('are opened, of the chart and of its subcharts, and count in the size', async () => {
    const inner = await packedSubchart('inner', { 'values.yaml': 'a: b\n' });
    const outer = await packedSubchart('outer', { 'charts/inner-2.0.0.tgz': inner });
    const { contents } = await readChart({ 'charts/outer-2.0.0.tgz': outer, 'charts/plain/charts/inner.tgz': inner });
    expect([...contents.archives.keys()].toSorted()).toEqual([
      'charts/outer-2.0.0.tgz',
      'charts/plain/charts/inner.tgz',
    ]);
    const archive = contents.archives.get('charts/outer-2.0.0.tgz');
    const opened = archive !== undefined && 'contents' in archive ? archive.contents : undefined;
    expect(opened?.files.map(({ path }) => path)).toEqual(['Chart.yaml', 'charts/inner-2.0.0.tgz', 'values.yaml']);
    expect(filesIn(opened as ChartContents, 'charts/inner-2.0.0.tgz')).toContain('values.yaml');
    const own = contents.files.map(({ path, size: bytes }) => path.length + bytes);
    const bundled = [...contents.archives.values()].map((found) => ('contents' in found ? found.contents.size : 0));
    expect(bundled[0]).toBeGreaterThan(inner.length);
    expect(contents.size).toBe([...own, ...bundled].reduce((total, bytes) => total + bytes));
  });

  test.each([
    'files/a.tgz',
    'charts/_a.tgz',
    'charts/.a.tgz',
    'charts/a.TGZ',
    'charts/a/b.tgz',
    'charts/_a/charts/b.tgz',
  ])('that Helm does not open stay closed: %s', async (path) => {
    const { contents } = await readChart({ [path]: await packedSubchart('a') });
    expect(contents.archives.size).toBe(0);
  });

  test('that are damaged leave the chart as it is', async () => {
    const { contents } = await readChart({ 'charts/a.tgz': 'no archive', 'charts/b.tgz': await packedSubchart('b') });
    expect(problemIn(contents, 'charts/a.tgz')).toContain('is not a gzip stream');
    expect(filesIn(contents, 'charts/b.tgz')).toContain('Chart.yaml');
  });

  test('are unpacked within the limits of the one chart', async () => {
    const bomb = gzipSync(Buffer.alloc(60 * 1024 * 1024), { level: 1 });
    const zeros = (count: number): Buffer => Buffer.concat(Array<Buffer>(count).fill(bomb));
    const { contents } = await readChart({ 'charts/a.tgz': zeros(3), 'charts/b.tgz': await packedSubchart('b') });
    expect(problemIn(contents, 'charts/a.tgz')).toContain('MiB of tar');
    expect(problemIn(contents, 'charts/b.tgz')).toContain('was not opened');
  });

  test('hold no more files than a chart may, all together', async () => {
    const empty = (await packTar([{ name: 'a/x', content: '' }])).subarray(0, 512);
    const chart = await packTar([{ name: 'a/Chart.yaml', content: 'name: a\n' }]);
    const full = gzipSync(Buffer.concat([...Array<Buffer>(12_000).fill(empty), chart]), { level: 1 });
    const { contents } = await readChart({ 'charts/a.tgz': full, 'charts/b.tgz': full });
    expect(filesIn(contents, 'charts/a.tgz')).toEqual(['Chart.yaml', 'x']);
    expect(problemIn(contents, 'charts/b.tgz')).toContain('more than 20000 files');
  });

  test('in archives in archives are opened eight deep', async () => {
    let archive = await packedSubchart('deepest');
    for (let depth = 0; depth < 9; depth += 1) archive = await packedSubchart('c', { 'charts/c.tgz': archive });
    const { contents } = await readChart({ 'charts/c.tgz': archive });
    let opened = contents;
    let depth = 0;
    for (let next = opened.archives.get('charts/c.tgz'); next !== undefined && 'contents' in next; depth += 1) {
      opened = next.contents;
      next = opened.archives.get('charts/c.tgz');
    }
    expect(depth).toBe(8);
    expect(problemIn(opened, 'charts/c.tgz')).toBe('was not opened: it lies in 8 other archives');
  });

  test('are opened up to a number', async () => {
    const sub = await packedSubchart('a');
    const files = Object.fromEntries(Array.from({ length: 510 }, (_, index) => [`charts/c${index}.tgz`, sub]));
    const { contents } = await readChart(files);
    const closed = [...contents.archives.values()].filter((archive) => 'problem' in archive);
    expect(closed).toHaveLength(10);
  });
});

test('a mode that no file can have is refused, since readers disagree whether it says folder', async () => {
  const chart = rawEntry('web/Chart.yaml', { content: 'name: web\n' });
  const tar = (mode: string): Buffer => Buffer.concat([chart, rawEntry('web/a', { mode }), TAR_END]);
  expect((await contentsOfTar(tar('0100644\0'))).files).toHaveLength(2);
  expect((await contentsOfTar(tar('0040755\0'))).files).toHaveLength(1);
  await expect(contentsOfTar(tar('1040644\0'))).rejects.toThrow('with the mode 1040644');
});

test('names beyond 1024 characters are refused', async () => {
  const name = (length: number): TarEntry => ({ name: 'web/'.padEnd(length, 'x'), content: '' });
  expect((await contentsOfEntries(CHART, name(1024))).files).toHaveLength(2);
  await expect(contentsOfEntries(CHART, name(1025))).rejects.toThrow('1025 characters: at most 1024');
});

test('an archive in which other programs see other files than Helm is refused', async () => {
  const decoy = [rawPax({ path: 'web/Chart.yaml' }), rawPax({}, 'g'), rawEntry('web/a', { content: 'name: decoy\n' })];
  const longName = rawEntry('x', { letter: 'L', content: 'web/Chart.yaml\0' });
  const real = [longName, rawPax({ path: 'web/b' }), rawEntry('web/b', { content: 'name: web\n' })];
  await expect(contentsOfTar(Buffer.concat([...decoy, ...real, TAR_END]))).rejects.toThrow('not every program reads');
});

test('what the input throws passes through unchanged', async () => {
  const failure = new Error('the disk is gone');
  // biome-ignore lint/correctness/useYield: it fails before it gives anything
  async function* failing(): AsyncGenerator<Uint8Array> {
    throw failure;
  }
  await expect(readChartContents(failing())).rejects.toBe(failure);
});
