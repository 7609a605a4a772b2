// The one error class that every room throws for a refusal, and the closed set of its codes.

/**
 * Why a request is refused, in Chartroom's own words. Some are called like a code of the OCI Distribution Spec (section
 * "Error Codes"), others say more than that list can; which of its codes a client gets, and which status, `http/errors.ts`
 * decides for each.
 */
export type ErrorCode =
  | 'BLOB_DAMAGED'
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'BLOB_IN_USE'
  | 'CHUNK_OUT_OF_ORDER'
  | 'CONFLICT'
  | 'DIGEST_INVALID'
  | 'FILE_NAME_TAKEN'
  | 'FORBIDDEN'
  | 'INTERNAL'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_TOO_LARGE'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'NOT_FOUND'
  | 'RANGE_NOT_SATISFIABLE'
  | 'REPOSITORY_FULL'
  | 'REQUEST_INVALID'
  | 'SIZE_INVALID'
  | 'STORAGE_FULL'
  | 'BLOB_TOO_LARGE'
  | 'TAG_INVALID'
  | 'TAG_KEPT'
  | 'TOO_MANY_REQUESTS'
  | 'TOO_MANY_UPLOADS'
  | 'UNAUTHORIZED'
  | 'UNAVAILABLE'
  | 'UNSUPPORTED'
  | 'VERSION_PUBLISHED'
  | 'WRONG_REPOSITORY';

/** A refusal. `message` is read by a person: it says who, what, why and what to do next. */
export class RegistryError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RegistryError';
    this.code = code;
  }
}

/** An upload chunk that does not continue where the upload stands; carries that offset, which the 416 answer reports. */
export class ChunkOutOfOrder extends RegistryError {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super('CHUNK_OUT_OF_ORDER', message);
    this.offset = offset;
  }
}

/** A byte range beyond the end of a blob; carries the blob's size, which the 416 answer reports (RFC 9110, 15.5.17). */
export class RangeNotSatisfiable extends RegistryError {
  readonly size: number;

  constructor(size: number) {
    super('RANGE_NOT_SATISFIABLE', `the requested range starts beyond the end of the blob, which has ${size} bytes`);
    this.size = size;
  }
}

/** Something is asked too often; carries after how many whole seconds it may be asked again, for `Retry-After` (RFC 6585, 4). */
export class TooManyRequests extends RegistryError {
  readonly retryAfter: number;

  constructor(message: string, retryAfter: number) {
    super('TOO_MANY_REQUESTS', message);
    this.retryAfter = retryAfter;
  }
}

/** There is no room for what should be stored (RFC 4918, section 11.5). Nothing of it was, and reading goes on. */
export class StorageFull extends RegistryError {
  constructor(options?: ErrorOptions) {
    super(
      'STORAGE_FULL',
      'the registry has no room left for this, and stored nothing of it; what is there can be pulled as before: ask its operator to make room, and then try again',
      options,
    );
  }
}

/** For the end of a `switch` over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`a case is missing for ${JSON.stringify(value)}`);
}
