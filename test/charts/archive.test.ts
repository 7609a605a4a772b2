// Packed charts, and what is no packed chart: every hostile archive ends in a refusal that says why, with the input closed.
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChartArchive, readChartArchive } from '../../src/charts/archive.ts';
import { RegistryError } from '../../src/oci/error.ts';
import { buildChart, packTar, type TarEntry } from '../support/chart-builder.ts';

const CHART: TarEntry = { name: 'web/Chart.yaml', content: 'name: web\n' };

class Input {
  closed = false;
  readonly #bytes: Uint8Array;
  readonly #step: number;

  constructor(bytes: Uint8Array, step = 16_384) {
    this.#bytes = bytes;
    this.#step = step;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < this.#bytes.length; at += this.#step) yield this.#bytes.subarray(at, at + this.#step);
    } finally {
      this.closed = true;
    }
  }
}

async function read(bytes: Uint8Array, step?: number): Promise<ChartArchive> {
  const input = new Input(bytes, step);
  try {
    return await readChartArchive(input);
  } finally {
    expect(input.closed).toBe(true);
  }
}

async function packed(...entries: readonly TarEntry[]): Promise<Buffer> {
  return gzipSync(await packTar(entries), { level: 1 });
}

describe('a packed chart', () => {
  test('gives its Chart.yaml, its requirements.yaml and its folder', async () => {
    const { archive } = await buildChart({
      name: 'web',
      version: '1.0.0',
      files: { 'requirements.yaml': 'dependencies: []' },
    });
    const found = await read(archive);
    expect(found.folder).toBe('web');
    expect(Buffer.from(found.chartYaml).toString()).toContain('name: web');
    expect(Buffer.from(found.requirementsYaml ?? []).toString()).toBe('dependencies: []');
  });

  test('is read the same in chunks of any size', async () => {
    const { archive } = await buildChart({
      name: 'web',
      version: '1.0.0',
      files: { 'templates/a.yaml': 'x'.repeat(5000) },
    });
    for (const step of [1, 7, 100]) expect((await read(archive, step)).folder).toBe('web');
  });

  test('may have folders, long names beyond 100 bytes, a BOM and names from Windows', async () => {
    const long = { name: `web/templates/${'deep/'.repeat(60)}é.yaml`, content: 'x' };
    const folders = [
      { name: 'web', type: 'directory' as const },
      { name: 'web/templates', type: 'directory' as const },
    ];
    expect((await read(await packed(...folders, long, CHART))).folder).toBe('web');
    expect((await read(await packed({ name: 'web\\Chart.yaml', content: '\ufeffa' }))).folder).toBe('web');
  });

  test('may have a chart of its own below charts/, whose Chart.yaml is not taken for its own', async () => {
    const found = await read(await packed({ name: 'web/charts/sub/Chart.yaml', content: 'name: sub' }, CHART));
    expect(Buffer.from(found.chartYaml).toString()).toBe('name: web\n');
  });

  test('may come in several gzip members', async () => {
    const tar = await packTar([CHART]);
    expect((await read(Buffer.concat([gzipSync(tar.subarray(0, 600)), gzipSync(tar.subarray(600))]))).folder).toBe(
      'web',
    );
  });
});

test('empty chunks in the input change nothing', async () => {
  const archive = await packed(CHART);
  async function* withGaps(): AsyncGenerator<Uint8Array> {
    for (const part of [archive.subarray(0, 9), archive.subarray(9)]) yield* [Buffer.alloc(0), part, Buffer.alloc(0)];
  }
  expect((await readChartArchive(withGaps())).folder).toBe('web');
});

describe('names and kinds of entries', () => {
  test.each([
    ['../x', 'leads out'],
    ['web/../../x', 'leads out'],
    ['web/a/../b', 'leads out'],
    ['web/..data', 'leads out'],
    ['web\\..\\x', 'leads out'],
    ['/web/x', 'absolute'],
    ['web//etc/passwd', 'absolute'],
    ['web/c:/x', 'drive letter'],
    ['c:/web/x', 'drive letter'],
    ['web\\c:\\x', 'drive letter'],
    ['Chart.yaml', 'outside of a top folder'],
    ['Chart.yaml/x', 'outside of a top folder'],
    ['values.yaml', 'outside of a top folder'],
    ['other/x', 'two top folders'],
    ['./web/x', 'two top folders'],
    ['web/Chart.yaml', 'twice'],
    ['web/./Chart.yaml', 'twice'],
  ])('the name %j is refused', async (name, message) => {
    await expect(read(await packed(CHART, { name, content: 'x' }))).rejects.toThrow(message);
  });

  test.each([
    ['symlink', 'symbolic link'],
    ['link', 'hard link'],
    ['fifo', 'named pipe'],
    ['character-device', 'device'],
    ['block-device', 'device'],
    ['contiguous-file', 'neither a file nor a folder'],
  ] as const)('a %s is refused', async (type, message) => {
    const entry = { name: 'web/x', type, linkname: '../../etc/passwd' };
    await expect(read(await packed(CHART, entry))).rejects.toThrow(message);
  });

  test('a folder that leads out of the chart is refused too', async () => {
    await expect(read(await packed(CHART, { name: 'web/../..', type: 'directory' }))).rejects.toThrow('leads out');
  });

  test('a Chart.yaml whose mode calls it a folder is skipped, as Helm skips it', async () => {
    const tar = await packTar([CHART]);
    tar.write('0040644\0', 100);
    tar.write('        ', 148);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    await expect(read(gzipSync(tar))).rejects.toThrow('is empty');
  });
});

describe('limits', () => {
  const MEBIBYTE = 1024 * 1024;

  test('a file of 5 MiB is taken, one byte more is refused', async () => {
    const file = (bytes: number): TarEntry => ({ name: 'web/big', content: Buffer.alloc(bytes) });
    expect((await read(await packed(CHART, file(5 * MEBIBYTE)))).folder).toBe('web');
    await expect(read(await packed(CHART, file(5 * MEBIBYTE + 1)))).rejects.toThrow('at most 5 MiB');
  });

  test('100 MiB in all are refused', async () => {
    const content = Buffer.alloc(5 * MEBIBYTE);
    const files = Array.from({ length: 20 }, (_, index) => ({ name: `web/${index}`, content }));
    await expect(read(await packed(...files))).rejects.toThrow('unpacks to 100 MiB or more');
  });

  test('a gzip bomb without a single entry is ended', async () => {
    const zeros = gzipSync(Buffer.alloc(32 * MEBIBYTE), { level: 1 });
    await expect(read(Buffer.concat(Array<Buffer>(6).fill(zeros)))).rejects.toThrow('MiB of tar');
  });

  test('20,000 entries are taken, one more is refused', async () => {
    const empty = await packTar([{ name: 'web/x', content: '' }]);
    const header = empty.subarray(0, 512);
    const chart = await packTar([CHART]);
    const tarOf = (headers: number): Buffer => Buffer.concat([...Array<Buffer>(headers).fill(header), chart]);
    expect((await read(gzipSync(tarOf(19_999), { level: 1 }))).folder).toBe('web');
    await expect(read(gzipSync(tarOf(20_000), { level: 1 }))).rejects.toThrow('more than 20000');
  });
});

describe('what is no packed chart', () => {
  const cases: readonly [string, () => Promise<Buffer>, string][] = [
    ['nothing', async () => Buffer.alloc(0), 'ends in the middle'],
    ['a text', async () => Buffer.from('apiVersion: v2'), 'is not a gzip stream'],
    ['a tar that is not compressed', () => packTar([CHART]), 'is not a gzip stream'],
    ['a gzip stream of something else', async () => gzipSync('hello '.repeat(500)), 'is not a tar archive'],
    ['a truncated gzip stream', async () => (await packed(CHART)).subarray(0, -12), 'ends in the middle'],
    ['a truncated tar', async () => gzipSync((await packTar([CHART])).subarray(0, 700)), 'truncated'],
    ['a tar with half a header', async () => gzipSync((await packTar([CHART])).subarray(0, 300)), 'truncated'],
    ['a gzip stream of nothing', async () => gzipSync(''), 'is empty'],
    ['an empty tar', async () => gzipSync(Buffer.alloc(1024)), 'is empty'],
    ['a tar with folders only', () => packed({ name: 'web', type: 'directory' }), 'is empty'],
    [
      'a chart without Chart.yaml',
      () => packed({ name: 'web/values.yaml' }),
      'has no Chart.yaml in its top folder "web/"',
    ],
    [
      'a folder too deep',
      () => packed({ name: 'charts/web/Chart.yaml' }),
      'has no Chart.yaml in its top folder "charts/"',
    ],
    [
      'other bytes behind the gzip stream',
      async () => Buffer.concat([await packed(CHART), Buffer.from('more')]),
      'behind its end',
    ],
    [
      'zeros behind the gzip stream',
      async () => Buffer.concat([await packed(CHART), Buffer.alloc(9)]),
      'behind the end',
    ],
    [
      'other bytes behind the tar',
      async () => gzipSync(Buffer.concat([await packTar([CHART]), Buffer.alloc(512, 'x')])),
      'is not a tar archive',
    ],
  ];

  test.each(cases)('%s is refused', async (_what, build, message) => {
    const bytes = await build();
    for (const step of [16_384, 5]) {
      const refused = read(bytes, step);
      await expect(refused).rejects.toThrow(message);
      await expect(refused).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    }
  });

  test.each(['-5', 'x', '99999999999999999999'])('a PAX header with the size %s is refused', async (size) => {
    const tar = await packTar([{ ...CHART, pax: { size } }]);
    await expect(read(gzipSync(tar))).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  test('a sparse file, which Helm would see under another name, is refused', async () => {
    const entry = { name: 'web/x', content: 'x', pax: { 'GNU.sparse.name': 'web/Chart.yaml' } };
    await expect(read(await packed(CHART, entry))).rejects.toThrow('sparse');
  });

  test('any bytes, and any damage to a chart, end in an answer or a refusal', async () => {
    const { archive } = await buildChart({ name: 'web', version: '1.0.0' });
    const tar = gunzipSync(archive);
    const damaged = (bytes: Buffer): fc.Arbitrary<Buffer> =>
      fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => {
        const copy = Buffer.from(bytes);
        copy[at] = byte;
        return copy;
      });
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.uint8Array({ maxLength: 600 }).map((bytes) => gzipSync(bytes)),
      damaged(archive),
      damaged(tar).map((bytes) => gzipSync(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(any, fc.integer({ min: 1, max: 900 }), async (bytes, step) => {
        try {
          await read(bytes, step);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('an input that fails', () => {
  test.each([0, 10, 40])('passes its own error through after %i bytes', async (bytes) => {
    const archive = await packed(CHART);
    const failure = new Error('the disk is gone');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield archive.subarray(0, bytes);
      throw failure;
    }
    await expect(readChartArchive(failing())).rejects.toBe(failure);
  });
});
