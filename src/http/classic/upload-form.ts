// Reads a form with a packed chart and its provenance file (RFC 7578) as its bytes arrive, and never more of it than it may have.
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { ClassicUploads } from '../../classic/upload.ts';
import { RegistryError } from '../../oci/error.ts';
import { MAXIMUM_ARCHIVE_BYTES } from '../../registry/push-chart.ts';
import type { ReceivedBytes } from '../../registry/received-bytes.ts';
import { announcedLength } from '../announced-length.ts';

/** The names that ChartMuseum's fields have unless its operator gives them others. */
export type FieldName = 'chart' | 'prov';
export type UploadedForm = Readonly<Partial<Record<FieldName, ReceivedBytes>>>;

/** Of which two are read. */
const MAXIMUM_PARTS = 10;
/** bytes of the whole body: room for what stands around the chart */
const MAXIMUM_BODY_BYTES = MAXIMUM_ARCHIVE_BYTES + 4 * 1024 * 1024;

/** Every part is a stream, whether it says that it is a file or not; how long one may be, its reader decides. */
export const FORM_OPTIONS = {
  isPartAFile: () => true,
  limits: { parts: MAXIMUM_PARTS, files: MAXIMUM_PARTS, headerPairs: 50, fileSize: Number.MAX_SAFE_INTEGER },
  throwFileSizeLimit: false,
} as const;

/**
 * Fields of other names are passed over, as ChartMuseum does it.
 * @param received disposes of what was read, also when the rest cannot be
 * @throws RegistryError REQUEST_INVALID, BLOB_TOO_LARGE
 */
export async function readForm(
  request: FastifyRequest,
  uploads: ClassicUploads,
  received: AsyncDisposableStack,
): Promise<UploadedForm> {
  if ((announcedLength(request) ?? 0) > MAXIMUM_BODY_BYTES) throw tooLarge();
  const form: Partial<Record<FieldName, ReceivedBytes>> = {};
  const overflow = new AbortController();
  const parts = request.parts();
  let next = parts.next();
  // From here on the body flows, so that this sees all of it.
  watchSize(request, overflow);
  for (;;) {
    const { done, value: part } = await unlessAborted(next, overflow.signal);
    if (done) return form;
    if (part.type !== 'file') throw new Error('a part of a form is no stream');
    const name = part.fieldname;
    if (name === 'chart' || name === 'prov') {
      if (form[name]) throw new RegistryError('REQUEST_INVALID', `the form has two files "${name}": send one`);
      const body = readPart(part);
      form[name] = received.use(await (name === 'chart' ? uploads.takeChart(body) : uploads.takeProvenance(body)));
    } else part.file.resume();
    next = parts.next();
  }
}

function tooLarge(): RegistryError {
  const message = `the form is too large: with everything around the chart it may have ${MAXIMUM_BODY_BYTES} bytes`;
  return new RegistryError('BLOB_TOO_LARGE', message);
}

/** Also of a body that has no parts at all, and of what stands before, between and behind them. */
function watchSize(request: FastifyRequest, overflow: AbortController): void {
  let size = 0;
  request.raw.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAXIMUM_BODY_BYTES) return;
    overflow.abort(tooLarge());
  });
}

/** It ends by itself when it is larger than such a file may be. */
async function* readPart({ file }: MultipartFile): AsyncIterable<Uint8Array> {
  try {
    yield* file;
  } catch (error) {
    throw formRefusal(error);
  }
}

async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    signal.throwIfAborted();
    return await Promise.race([promise, aborted]);
  } catch (error) {
    throw formRefusal(error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** What the parser of forms says, in words for whoever has sent the form. */
function formRefusal(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  const { code, message = '' } = error as { readonly code?: string; readonly message?: string };
  switch (code) {
    case 'FST_PARTS_LIMIT':
    case 'FST_FILES_LIMIT':
      return refusal(`it has more than ${MAXIMUM_PARTS} fields`, error);
    case 'FST_PROTO_VIOLATION':
      return refusal('one of its fields has a name that none may have', error);
    default:
      return refusal(message === '' ? 'it cannot be read' : message, error);
  }
}

function refusal(why: string, cause: unknown): RegistryError {
  const message = `the form cannot be taken (${why}): send the packed chart as the file "chart" and its provenance file as "prov", as curl --form chart=@FILE does`;
  return new RegistryError('REQUEST_INVALID', message, { cause });
}
