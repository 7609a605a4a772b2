// The records of a PAX header (POSIX pax, "pax Extended Header"), as strictly as Go's archive/tar reads them.
import { invalidArchive, PACKING_ADVICE } from './invalid-archive.ts';

/** bytes of the shortest record, `5 a=\n` */
const SHORTEST = 5;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * Records are `<length> <key>=<value>\n`, where the length in bytes is that of the whole record. Of two with one key the
 * last one counts.
 * @throws RegistryError MANIFEST_INVALID
 */
export function parsePaxRecords(bytes: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(SPACE, at);
    // No length has more digits: a header has at most 1 MiB.
    const digits = space === -1 || space - at > 8 ? '' : decoder.decode(bytes.subarray(at, space));
    const end = /^[0-9]+$/.test(digits) ? at + Number(digits) : 0;
    if (end < at + SHORTEST || end <= space + 1 || bytes[end - 1] !== NEWLINE) throw damaged();
    const record = decoder.decode(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf('=');
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1);
    if (equals < 1 || key.includes('\0') || (key === 'path' && value.includes('\0'))) throw damaged();
    records.set(key, value);
    at = end;
  }
  return records;
}

function damaged(): Error {
  return invalidArchive(`has a PAX header that cannot be read: ${PACKING_ADVICE}`);
}
