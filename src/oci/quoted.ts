// What somebody else wrote, made fit for one line of a message or a log.

const MAXIMUM_LENGTH = 200;

/** As JSON, cut off where it is long; what is not printable ASCII becomes "?". */
export function quoted(value: unknown): string {
  const json =
    typeof value === 'string'
      ? JSON.stringify(value.slice(0, MAXIMUM_LENGTH))
      : (JSON.stringify(value) ?? 'nothing').slice(0, MAXIMUM_LENGTH);
  return json.replace(/[^\x20-\x7e]/g, '?');
}
