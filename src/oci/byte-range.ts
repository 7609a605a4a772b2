// Byte ranges: of a blob that is read (RFC 9110, section 14) and of a chunk that is pushed (OCI Distribution Spec).
import { RangeNotSatisfiable, RegistryError } from './error.ts';

/** Bytes [from, to): `to` is exclusive. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads a `Range` header against a blob of `size` bytes. Undefined means "send it whole": no header, another unit, several
 * ranges or bad syntax, all of which a server may ignore (RFC 9110, 14.2).
 * @throws RangeNotSatisfiable when the range starts at or beyond the end
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = header === undefined ? null : /^bytes=(\d*)-(\d*)$/i.exec(header.trim());
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const suffix = Number(last);
    if (suffix === 0 || size === 0) throw new RangeNotSatisfiable(size);
    return { from: Math.max(0, size - suffix), to: size };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return undefined;
  if (from >= size) throw new RangeNotSatisfiable(size);
  return { from, to: last === '' ? size : Math.min(Number(last) + 1, size) };
}

/**
 * Reads the `Content-Range` of a chunk, `<first>-<last>` with both ends inclusive. A `bytes ` prefix and a `/total` suffix,
 * which RFC 9110 prescribes and some clients send, are accepted.
 * @throws RegistryError BLOB_UPLOAD_INVALID
 */
export function parseContentRange(header: string | undefined): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim());
  const from = Number(match?.[1]);
  const to = Number(match?.[2]) + 1;
  if (!match || to <= from) {
    throw new RegistryError(
      'BLOB_UPLOAD_INVALID',
      `Content-Range "${header.slice(0, 80)}" is not of the form <first byte>-<last byte>`,
    );
  }
  return { from, to };
}
