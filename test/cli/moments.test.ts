// Times and spans of time as people write them.
import { expect, test } from 'vitest';
import { readExpiry, readPast, readSpan, shownTime } from '../../src/cli/moments.ts';

const NOW = Date.parse('2026-11-23T10:00:00Z');

test.each([
  ['90d', '2027-02-21T10:00:00.000Z'],
  ['12h', '2026-11-23T22:00:00.000Z'],
  ['2w', '2026-12-07T10:00:00.000Z'],
  ['2027-01-31', '2027-01-31T00:00:00.000Z'],
  ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ['2027-01-31T14:00', '2027-01-31T14:00:00.000Z'],
  ['2027-01-31 14:00:30', '2027-01-31T14:00:30.000Z'],
  ['2027-01-31T14:00+02:00', '2027-01-31T12:00:00.000Z'],
  ['never', null],
])('something expires after or at "%s"', (text, expected) => {
  expect(readExpiry(text, NOW)).toBe(expected);
});

// Minutes look like months.
test.each([
  '',
  'tomorrow',
  '90',
  '6m',
  '-1d',
  '2027-02-31',
  '2027-02-31T10:00Z',
  '2027-13-01',
  '31.01.2027',
  '2027-01-31T25:00',
  'd',
  '999999d',
])('"%s" is no time of expiry', (text) => {
  expect(() => readExpiry(text, NOW)).toThrow(
    `"${text}" is no time of expiry: write 90d (or h for hours, w for weeks), a date such as 2027-01-31, or never`,
  );
});

test.each([
  ['7d', '2026-11-16T10:00:00.000Z'],
  ['90m', '2026-11-23T08:30:00.000Z'],
  ['2026-11-01', '2026-11-01T00:00:00.000Z'],
])('what has been was "%s" ago or on that day', (text, expected) => {
  expect(readPast(text, NOW)).toBe(expected);
});

test.each(['never', 'yesterday', ''])('"%s" is no time that has been', (text) => {
  expect(() => readPast(text, NOW)).toThrow(`"${text}" is no time: write a date such as 2027-01-31`);
});

test.each([
  ['0', 0],
  ['90m', 5400],
  ['24h', 86_400],
  ['7d', 604_800],
])('a span of "%s" has %i seconds', (text, expected) => {
  expect(readSpan(text)).toBe(expected);
});

test.each(['', '24', 'h', '1.5h', '24 h'])('"%s" is no span of time', (text) => {
  expect(() => readSpan(text)).toThrow(`"${text}" is no span of time: write 90m, 24h or 7d, or 0 for none`);
});

test('times are shown to the minute, and no time as never', () => {
  expect(shownTime('2026-11-23T10:02:59.123Z')).toBe('2026-11-23 10:02 UTC');
  expect(shownTime(null)).toBe('never');
});
