// Which coding a client gets: what RFC 9110, section 12.5.3, and clients make of Accept-Encoding.
import { expect, test } from 'vitest';
import { chooseCoding } from '../../src/http/content-coding.ts';

const OFFERED = ['zstd', 'gzip'] as const;

test.each([
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip'],
  ['GZip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['zstd', 'zstd'],
  ['br', 'identity'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip, zstd;q=0.9', 'gzip'],
  ['gzip;q=0.5, zstd;q=0.9', 'zstd'],
  ['gzip;q=0.5,zstd;q=0.50', 'zstd'],
  ['gzip ; q=0.001', 'gzip'],
  ['gzip;q=0', 'identity'],
  ['gzip;q=0.000, zstd;q=0', 'identity'],
  ['*', 'zstd'],
  ['*;q=0.1', 'zstd'],
  ['*, zstd;q=0', 'gzip'],
  ['*;q=0', 'identity'],
  ['*;q=0, gzip', 'gzip'],
  ['identity', 'identity'],
  ['identity, gzip;q=0.5', 'identity'],
  ['identity;q=0.5, gzip', 'gzip'],
  ['identity;q=0.5, gzip;q=0.5', 'gzip'],
  ['identity;q=0', 'identity'],
  ['identity;q=0, br', 'identity'],
  ['gzip;q=2', 'identity'],
  ['gzip;level=9', 'identity'],
  [';;,, ,gzip', 'gzip'],
] as const)('%j gets %s', (header, expected) => {
  expect(chooseCoding(header, OFFERED)).toBe(expected);
});

test('a long header is read once', () => {
  expect(chooseCoding(`${'br, '.repeat(50_000)}gzip`, OFFERED)).toBe('gzip');
});
