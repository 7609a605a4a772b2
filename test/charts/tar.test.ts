// The tar reader sees what Helm, with the archive/tar of Go 1.26, sees in an archive, or refuses it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TarReader } from '../../src/charts/tar.ts';
import { packTar } from '../support/chart-builder.ts';
import { rawEntry, rawPax, TAR_END } from './packed-chart.ts';

interface Seen {
  readonly name: string;
  readonly kind: string;
  readonly content: string;
}

function read(tar: Uint8Array, step = tar.length): readonly Seen[] {
  const seen: Seen[] = [];
  const reader = new TarReader({
    enter: ({ kind }) => kind === 'file',
    content: ({ name, kind }, content) => seen.push({ name, kind, content: Buffer.from(content).toString() }),
  });
  for (let at = 0; at < tar.length; at += step) reader.write(tar.subarray(at, at + step));
  reader.end();
  return seen;
}

function names(...parts: readonly Buffer[]): readonly string[] {
  return read(Buffer.concat([...parts, TAR_END])).map(({ name }) => name);
}

const file = rawEntry('web/a', { content: 'a: 1\n' });

describe('an archive', () => {
  test('gives its files in chunks of any size', async () => {
    const entries = [
      { name: 'web/empty', content: '' },
      { name: 'web/block', content: 'x'.repeat(512) },
      { name: `web/${'deep/'.repeat(40)}é`, content: 'y'.repeat(700) },
    ];
    const tar = await packTar(entries);
    const expected = entries.map((entry) => ({ kind: 'file', ...entry }));
    for (const step of [1, 7, 511, 512, 513, tar.length]) expect(read(tar, step)).toEqual(expected);
  });

  test('gives nothing of what is not wanted', () => {
    const reader = new TarReader({ enter: () => false, content: () => expect.unreachable() });
    reader.write(Buffer.concat([file, TAR_END]));
    reader.end();
  });

  test('may end without the two blocks of zeros, or after one', () => {
    expect(read(file)).toHaveLength(1);
    expect(read(Buffer.concat([file, Buffer.alloc(512)]))).toHaveLength(1);
    expect(read(Buffer.concat([file, Buffer.alloc(10_240)]))).toHaveLength(1);
  });

  test('survives any bytes', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 700 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(file, TAR_END, rawPax({ path: 'web/b' }), rawPax({ comment: 'c' }, 'g')),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), fc.integer({ min: 1, max: 600 }), (pieces, step) => {
        try {
          read(Buffer.concat(pieces), step);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MANIFEST_INVALID' });
        }
      }),
    );
  });
});

describe('names', () => {
  test('come from the header, with its prefix, from a long name or from PAX', () => {
    expect(names(file)).toEqual(['web/a']);
    expect(names(rawEntry('a', { prefix: 'web/b' }))).toEqual(['web/b/a']);
    expect(names(rawEntry('x', { letter: 'L', content: 'web/long\0' }), file)).toEqual(['web/long']);
    expect(names(rawPax({ path: 'web/pax' }), file)).toEqual(['web/pax']);
    expect(names(rawPax({ path: '' }), file)).toEqual(['web/a']);
  });

  test('say what they say about one entry only', () => {
    expect(names(rawPax({ path: 'web/pax' }), file, file)).toEqual(['web/pax', 'web/a']);
  });

  test('in GNU archives have no prefix, but times in its place', () => {
    expect(names(rawEntry('web/a', { magic: 'ustar  \0', prefix: '00000000000 00000000000 ' }))).toEqual(['web/a']);
    expect(() => names(rawEntry('web/a', { magic: 'ustar  \0', prefix: 'dir' }))).toThrow('is not a tar archive');
  });

  test('that are no UTF-8 have signs in the place of what cannot be read', () => {
    expect(names(rawEntry(Buffer.from([0x77, 0x2f, 0xff, 0x61])))).toEqual(['w/\ufffda']);
  });

  test('of folders end in a slash, where an old archive says nothing else', () => {
    expect(names(rawEntry('web/a/', { letter: '\0' }), rawEntry('web/b/', { letter: '5' }))).toEqual([]);
    expect(names(rawEntry('web/a', { letter: '\0', content: 'x' }))).toEqual(['web/a']);
  });
});

describe('sizes', () => {
  test.each([
    ['octal digits', '00000000005\0'],
    ['octal digits behind spaces', '          5\0'],
    ['octal digits without an end', '000000000005'],
    ['bytes', '\x80\0\0\0\0\0\0\0\0\0\0\x05'],
  ])('may be written in %s', (_how, size) => {
    expect(read(Buffer.concat([rawEntry('web/a', { content: 'a: 1\n', size }), TAR_END]))[0]?.content).toBe('a: 1\n');
  });

  test('in PAX go before those in the header', () => {
    const header = rawEntry('web/a', { content: 'a: 1\n', size: '00000000000\0' });
    expect(read(Buffer.concat([rawPax({ size: '5' }), header, TAR_END]))[0]?.content).toBe('a: 1\n');
  });

  test.each(['\0\0      5 \0', '5 7\0', '8\0', '-1\0', '\xff\xff', '\x81\0', '\x80\xff\xff\xff\xff'])(
    'written as %j are refused',
    (size) => {
      expect(() => names(rawEntry('web/a', { size: size.padEnd(12, '\0') }))).toThrow('is not a tar archive');
    },
  );

  test.each(['-5', '+5', 'x', '5 ', '1e3', '0x5', '99999999999999999999'])('%s in PAX is refused', (size) => {
    expect(() => names(rawPax({ size }), file)).toThrow('is not a tar archive');
  });
});

/** In each, some program sees another file, or another content, than Helm. */
describe('what programs read in different ways is refused:', () => {
  const decoy = rawEntry('web/Chart.yaml', { content: 'name: decoy\n' });
  const cases: readonly [string, readonly Buffer[], string][] = [
    ['a file whose name is that of a folder', [rawEntry('web/a/', { content: decoy.toString('latin1') })], 'a folder'],
    ['a folder with content', [rawEntry('web/a/', { letter: '5', content: 'x' })], 'with content'],
    ['an old folder with content', [rawEntry('web/a/', { letter: '\0', content: 'x' })], 'with content'],
    ['a name for all entries', [rawPax({ path: 'web/a' }, 'g'), file], 'sets "path" for all entries'],
    ['a size for all entries', [rawPax({ size: '3' }, 'g'), file], 'sets "size" for all entries'],
    ['a sparse file for all entries', [rawPax({ 'GNU.sparse.name': 'a' }, 'g'), file], 'for all entries'],
    ['a name that a header for all makes forgotten', [rawPax({ path: 'web/b' }), rawPax({}, 'g'), file], 'before one'],
    [
      'a long name that a header for all makes forgotten',
      [rawEntry('x', { letter: 'L', content: 'web/b\0' }), rawPax({}, 'g'), file],
      'before one',
    ],
    ['two PAX headers', [rawPax({ path: 'web/b' }), rawPax({ mtime: '1' }), file], 'two PAX headers'],
    [
      'two long names',
      [rawEntry('x', { letter: 'L', content: 'a\0' }), rawEntry('x', { letter: 'L', content: 'b\0' }), file],
      'two long names',
    ],
    [
      'a long name and one in PAX',
      [rawEntry('x', { letter: 'L', content: 'web/b\0' }), rawPax({ path: 'web/c' }), file],
      'two names for one entry',
    ],
    ['a sparse file', [rawPax({ 'GNU.sparse.name': 'web/b' }), file], 'sparse file'],
    ['a header for an entry that does not follow', [file, rawPax({ path: 'web/b' })], 'ends behind an extension'],
    ['a header with a prefix of star', [rawEntry('a', { prefix: 'web', trailer: 'tar\0' })], 'is not a tar archive'],
    ['a header without the magic of POSIX', [rawEntry('web/a', { magic: '\0'.repeat(8) })], 'is not a tar archive'],
    ['entries behind the end', [file, TAR_END, file], 'is not a tar archive'],
    ['an entry behind one block of zeros', [file, Buffer.alloc(512), file], 'is not a tar archive'],
    ['bytes behind the end', [file, TAR_END, Buffer.from('x')], 'is not a tar archive'],
    ['a wrong checksum', [Buffer.concat([Buffer.from('W'), file.subarray(1)])], 'is not a tar archive'],
    ['an endless header', [rawEntry('x', { letter: 'x', size: '77777777777\0' })], 'an extension header of'],
  ];

  test.each(cases)('%s', (_what, parts, message) => {
    expect(() => names(...parts)).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
    expect(() => names(...parts)).toThrow(message);
  });

  test.each([
    '6 a=b',
    '5 a=b\n',
    '99 a=b\n',
    '0 a=b\n',
    'x a=b\n',
    '+6 a=b\n',
    '5 =b\n',
    '5 abc\n',
    '7 a=bcd',
    '8 a\0b=c\n',
    '15 path=a\0bcde\n',
  ])('the PAX record %j', (content) => {
    expect(() => names(rawEntry('pax', { letter: 'x', content }), file)).toThrow('PAX header that cannot be read');
  });

  test('but not the comment that git archive writes for all entries', () => {
    expect(names(rawPax({ comment: '1f2e3d' }, 'g'), file)).toEqual(['web/a']);
  });

  test('an archive that ends within an entry is refused, wherever it ends', () => {
    const tar = Buffer.concat([rawPax({ path: 'web/b' }), rawEntry('web/a', { content: 'x'.repeat(600) })]);
    for (const length of [100, 512, 700, 1024, 1536, 1600, 2048, 2150]) {
      expect(() => read(tar.subarray(0, length))).toThrow('truncated');
    }
  });
});

test('other kinds of entries are named, so that they can be refused', () => {
  const kinds: string[] = [];
  const reader = new TarReader({
    enter: ({ kind }) => {
      kinds.push(kind);
      return false;
    },
    content: () => {},
  });
  for (const letter of '123456ANSX7') reader.write(rawEntry('web/a', { letter }));
  reader.write(TAR_END);
  reader.end();
  expect(kinds.join(', ')).toBe(
    'hard link, symbolic link, device, device, folder, named pipe, unknown, unknown, unknown, unknown, unknown',
  );
});
