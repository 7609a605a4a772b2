// Times and spans of time as people write and read them.
import { UsageError } from './command.ts';

const UNITS = { m: 60, h: 60 * 60, d: 24 * 60 * 60, w: 7 * 24 * 60 * 60 } as const;
/** ISO 8601, a date alone or with a time: in UTC, unless it says where. */
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;
const NEVER = 'never';

/**
 * When something expires.
 * @param now milliseconds since 1970
 * @returns ISO 8601; null for never
 * @throws UsageError
 */
export function readExpiry(text: string, now: number): string | null {
  if (text === NEVER) return null;
  const span = secondsOf(text, 'hdw');
  if (span !== undefined) return iso(now + span * 1000);
  const moment = momentOf(text);
  if (moment !== undefined) return moment;
  throw new UsageError(
    `"${text}" is no time of expiry: write 90d (or h for hours, w for weeks), a date such as 2027-01-31, or ${NEVER}`,
  );
}

/**
 * A time that has been: a date, or how long ago.
 * @param now milliseconds since 1970
 * @returns ISO 8601
 * @throws UsageError
 */
export function readPast(text: string, now: number): string {
  const span = secondsOf(text, 'mhdw');
  const moment = span === undefined ? momentOf(text) : iso(now - span * 1000);
  if (moment !== undefined) return moment;
  throw new UsageError(
    `"${text}" is no time: write a date such as 2027-01-31, 2027-01-31T14:00 (UTC), or how long ago, such as 90m, 24h or 7d`,
  );
}

/** @returns seconds @throws UsageError */
export function readSpan(text: string): number {
  const span = text === '0' ? 0 : secondsOf(text, 'mhdw');
  if (span !== undefined) return span;
  throw new UsageError(`"${text}" is no span of time: write 90m, 24h or 7d, or 0 for none`);
}

/** `2027-01-31 14:00 UTC` for ISO 8601; never for null */
export function shownTime(time: string | null): string {
  return time === null ? NEVER : time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/, '$1 $2 UTC');
}

function secondsOf(text: string, units: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  return unit !== '' && units.includes(unit) ? Number(count) * UNITS[unit as keyof typeof UNITS] : undefined;
}

function momentOf(text: string): string | undefined {
  const [all, time, zone] = MOMENT.exec(text) ?? [];
  if (all === undefined) return undefined;
  const day = text.slice(0, 10);
  // A date beyond the end of its month is taken for one in the next.
  if (Number.isNaN(Date.parse(day)) || !iso(Date.parse(day)).startsWith(day)) return undefined;
  const milliseconds = Date.parse(time === undefined || zone !== undefined ? text : `${text}Z`);
  return Number.isNaN(milliseconds) ? undefined : iso(milliseconds);
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
