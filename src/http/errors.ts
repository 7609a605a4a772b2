// Turns every error into an answer: the only place that knows statuses and the OCI error form.
import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import { Unauthorized } from '../access/unauthorized.ts';
import { AccountError, type AccountErrorReason } from '../accounts/account-error.ts';
import {
  ChunkOutOfOrder,
  type ErrorCode,
  RangeNotSatisfiable,
  RegistryError,
  StorageFull,
  TooManyRequests,
  unreachable,
} from '../oci/error.ts';
import { quoted } from '../oci/quoted.ts';
import { type LoginRefusal, LoginRefused } from '../ports/identity-provider.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { PROBLEM_TYPE, problemBody } from './api/problem.ts';
import { describeFaults } from './api/validation.ts';
import { baseUrlOf } from './base-url.ts';
import { causeOf } from './cause-of.ts';
import { reservedUpload } from './classic/addresses.ts';
import { errorFormOf } from './error-form.ts';
import { requestPath } from './request-path.ts';
import { passOverBody } from './unwanted-body.ts';

/** What only HTTP, the management API and single sign-on refuse for. */
export type RefusalCode = ErrorCode | 'BODY_TOO_LARGE' | 'MEDIA_TYPE_UNSUPPORTED' | 'PROVIDER_UNUSABLE';

type Refusal = RegistryError | { readonly code: RefusalCode; readonly message: string };

/** Status, and the code of the spec's closed list under which clients know it (OCI Distribution Spec, "Error Codes"). */
const ANSWERS: Readonly<Record<RefusalCode, readonly [status: number, code: string]>> = {
  // Of a 404, helm prints only "not found".
  BLOB_DAMAGED: [410, 'BLOB_UNKNOWN'],
  BLOB_IN_USE: [409, 'DENIED'],
  BLOB_TOO_LARGE: [413, 'SIZE_INVALID'],
  BLOB_UNKNOWN: [404, 'BLOB_UNKNOWN'],
  BLOB_UPLOAD_INVALID: [400, 'BLOB_UPLOAD_INVALID'],
  BLOB_UPLOAD_UNKNOWN: [404, 'BLOB_UPLOAD_UNKNOWN'],
  BODY_TOO_LARGE: [413, 'SIZE_INVALID'],
  CHUNK_OUT_OF_ORDER: [416, 'BLOB_UPLOAD_INVALID'],
  CONFLICT: [409, 'DENIED'],
  DIGEST_INVALID: [400, 'DIGEST_INVALID'],
  FILE_NAME_TAKEN: [409, 'DENIED'],
  FORBIDDEN: [403, 'DENIED'],
  INTERNAL: [500, 'UNKNOWN'],
  MANIFEST_BLOB_UNKNOWN: [400, 'MANIFEST_BLOB_UNKNOWN'],
  MANIFEST_INVALID: [400, 'MANIFEST_INVALID'],
  MANIFEST_TOO_LARGE: [413, 'SIZE_INVALID'],
  MANIFEST_UNKNOWN: [404, 'MANIFEST_UNKNOWN'],
  MEDIA_TYPE_UNSUPPORTED: [415, 'UNSUPPORTED'],
  NAME_INVALID: [400, 'NAME_INVALID'],
  NAME_UNKNOWN: [404, 'NAME_UNKNOWN'],
  NOT_FOUND: [404, 'UNSUPPORTED'],
  PROVIDER_UNUSABLE: [502, 'UNKNOWN'],
  RANGE_NOT_SATISFIABLE: [416, 'SIZE_INVALID'],
  REPOSITORY_FULL: [403, 'DENIED'],
  REQUEST_INVALID: [400, 'UNSUPPORTED'],
  SIZE_INVALID: [400, 'SIZE_INVALID'],
  STORAGE_FULL: [507, 'UNKNOWN'],
  TAG_INVALID: [400, 'MANIFEST_INVALID'],
  TAG_KEPT: [409, 'DENIED'],
  TOO_MANY_REQUESTS: [429, 'TOOMANYREQUESTS'],
  TOO_MANY_UPLOADS: [403, 'DENIED'],
  UNAUTHORIZED: [401, 'UNAUTHORIZED'],
  UNAVAILABLE: [503, 'UNKNOWN'],
  UNSUPPORTED: [405, 'UNSUPPORTED'],
  VERSION_PUBLISHED: [409, 'DENIED'],
  WRONG_REPOSITORY: [409, 'DENIED'],
};

/** Whatever is in the way, it may be over then: seconds. */
const UNAVAILABLE_FOR = 5;

const BAD_ADDRESS =
  'the address is not valid: each "%" in it must begin a byte of text in UTF-8, written as two hexadecimal digits';

const REASONS: Readonly<Record<AccountErrorReason, RefusalCode>> = {
  conflict: 'CONFLICT',
  forbidden: 'FORBIDDEN',
  invalid: 'REQUEST_INVALID',
  missing: 'NOT_FOUND',
};

const LOGIN_REFUSALS: Readonly<Record<Exclude<LoginRefusal, 'stale'>, RefusalCode>> = {
  denied: 'FORBIDDEN',
  misconfigured: 'PROVIDER_UNUSABLE',
  unreachable: 'UNAVAILABLE',
  untrusted: 'PROVIDER_UNUSABLE',
};

/** The error handler of the whole server. Helm prints code and message of the spec's form as they are, so both are for people. */
export function answerError(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalFor(error, request);
  const [usual, code] = ANSWERS[refusal.code];
  // HEAD is how clients that push find out what they must upload (OCI Distribution Spec, end-2): by 404 alone.
  const status = refusal.code === 'BLOB_DAMAGED' && request.method === 'HEAD' ? 404 : usual;
  // Of what the storage says, only the log tells all: it names files.
  if (status === 500 || error instanceof StorageUnusable) request.log.error({ err: error }, 'request failed');
  if (status !== 500) [request.refusal, request.refusalCode] = [refusal.message, refusal.code];
  // What has no cause was said by whoever found out.
  const cause = status > 500 && !(error instanceof StorageUnusable) ? causeOf(error) : undefined;
  if (cause !== undefined) request.log.warn({ cause }, refusal.message);
  if (refusal instanceof Unauthorized) reply.header('www-authenticate', challenge(request, refusal));
  if (refusal instanceof ChunkOutOfOrder) reply.header('range', `0-${Math.max(0, refusal.offset - 1)}`);
  if (refusal instanceof ChunkOutOfOrder) reply.header('location', requestPath(request.originalUrl));
  if (refusal instanceof RangeNotSatisfiable) reply.header('content-range', `bytes */${refusal.size}`);
  if (status === 429) reply.header('retry-after', refusal instanceof TooManyRequests ? refusal.retryAfter : 1);
  if (status === 503) reply.header('retry-after', UNAVAILABLE_FOR);
  if (status === 413 || status === 507) passOverBody(request, reply);
  reply.code(status);
  const form = errorFormOf(request);
  switch (form) {
    case 'problem': {
      const problem = problemBody({ code: refusal.code, status, detail: refusal.message });
      return reply.header('cache-control', 'no-store').type(PROBLEM_TYPE).send(problem);
    }
    case 'message':
      return reply.header('cache-control', 'no-store').type('application/json').send(messageBody(refusal.message));
    case 'codes':
      return reply.type('application/json').send(errorBody(code, refusal.message));
    default:
      return unreachable(form);
  }
}

/** The spec's form of an error. A Buffer, since Fastify adds a charset to the type of anything else. */
export function errorBody(code: string, message: string): Buffer {
  return Buffer.from(JSON.stringify({ errors: [{ code, message }] }));
}

/** ChartMuseum's form of an error. */
function messageBody(message: string): Buffer {
  return Buffer.from(JSON.stringify({ error: message }));
}

/** For an address that no route has, or none with this method. */
export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const what = `${request.method} ${requestPath(request.originalUrl).slice(0, 200)}`;
  const allowed = methodsAt(request).join(', ');
  if (allowed !== '') reply.header('allow', allowed);
  const hint = reservedUpload(request.method, request.originalUrl);
  const why = hint === undefined ? '' : `; ${hint}`;
  const refusal =
    allowed === ''
      ? new RegistryError('NOT_FOUND', `there is nothing at ${what}${why}`)
      : new RegistryError('UNSUPPORTED', `there is no ${what}: only ${allowed}${why}`);
  return answerError(refusal, request, reply);
}

/** The methods with which the address is a route. */
function methodsAt({ server, url }: FastifyRequest): readonly string[] {
  const methods = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'] as const;
  // The types do not say that there may be none.
  return methods.filter((method) => (server.findRoute({ method, url }) as object | null) !== null);
}

function refusalFor(error: Error & Partial<FastifyError>, request: FastifyRequest): Refusal {
  if (error instanceof RegistryError) return error;
  if (error instanceof AccountError) return { code: REASONS[error.reason], message: error.message };
  if (error instanceof StorageUnusable) return storageRefusal(error, request);
  if (error instanceof LoginRefused) {
    const { refusal, message } = error;
    return refusal === 'stale' ? new Unauthorized(message) : { code: LOGIN_REFUSALS[refusal], message };
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' && errorFormOf(request) === 'problem') {
    return {
      code: 'MEDIA_TYPE_UNSUPPORTED',
      message: 'the body must be JSON, sent as "Content-Type: application/json"',
    };
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    if (errorFormOf(request) === 'problem') {
      return { code: 'BODY_TOO_LARGE', message: 'the body is too large: here it may have 64 KiB' };
    }
    return new RegistryError('MANIFEST_TOO_LARGE', 'the body is too large: a manifest may have 4 MiB, a form 64 KiB');
  }
  if (error.code === 'ECONNRESET' || error.code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') {
    return new RegistryError('SIZE_INVALID', 'the body ended before its announced length');
  }
  // Fastify's own words have the address as the routes have it.
  if (error.code === 'FST_ERR_BAD_URL') return new RegistryError('REQUEST_INVALID', BAD_ADDRESS);
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') return new RegistryError('REQUEST_INVALID', 'the address is too long');
  if (error.validation) return faultOf(error.validation, error.validationContext ?? 'request');
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new RegistryError('REQUEST_INVALID', `the request cannot be understood: ${error.message}`);
  }
  return new RegistryError(
    'INTERNAL',
    `the registry failed; its log says why under request id ${request.id}: try again, and tell the operator if it stays`,
  );
}

/** Without the words of the storage, which are for the operator. */
function storageRefusal({ trouble }: StorageUnusable, { id }: FastifyRequest): RegistryError {
  switch (trouble) {
    case 'full':
      return new StorageFull();
    case 'busy':
      return new RegistryError('UNAVAILABLE', `the storage of the registry is busy: try again in a moment`);
    case 'broken':
      return new RegistryError(
        'UNAVAILABLE',
        `the registry cannot use its storage; its log says why under request id ${id}: tell the operator, and try again later`,
      );
    default:
      return unreachable(trouble);
  }
}

/** Of routes that have no words of their own for it. */
function faultOf(faults: readonly FastifySchemaValidationError[], part: string): RegistryError {
  const [first] = faults;
  // All in a query is text, unless it is there twice.
  if (part === 'querystring' && first?.keyword === 'type' && first.params.type === 'string') {
    return new RegistryError(
      'REQUEST_INVALID',
      `${quoted(first.instancePath.slice(1))} may stand in the query only once`,
    );
  }
  return describeFaults(faults, part);
}

/** Clients read the first challenge only, so there is one: RFC 6750, section 3, or RFC 7617 where they know no tokens. */
function challenge(request: FastifyRequest, refusal: Unauthorized): string {
  const { scope = request.neededScope, error } = refusal.challenge;
  const base = baseUrlOf(request);
  if (errorFormOf(request) === 'message') return `Basic realm="${base.host}", charset="UTF-8"`;
  const parts = [
    `realm="${base.href}/token"`,
    `service="${base.host}"`,
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ];
  return `Bearer ${parts.join(',')}`;
}
