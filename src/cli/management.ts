// How commands reach the management API, be it that of the local data folder or of a server.

export type Method = 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';

/** Who logs in to a server with a password. */
export interface Login {
  readonly name: string;
  readonly password: string;
}

export interface Management extends AsyncDisposable {
  /**
   * @param path below /api/v1, with its query
   * @returns the answer's JSON; undefined where there is none
   * @throws ManagementError
   */
  request(method: Method, path: string, body?: object): Promise<unknown>;
  /**
   * Fetches a file of a chart.
   * @param path below /api/v1
   * @throws ManagementError
   */
  download(path: string): Promise<Uint8Array>;
  /** The URL at which clients reach the registry: what commands that are suggested must name. */
  readonly registry: URL;
  readonly isLocal: boolean;
  readonly login: Login | undefined;
}

/** What was asked for was refused, or could not be asked; the message is for the person at the command line. */
export class ManagementError extends Error {
  /** Of the refusal; undefined when it is none of Chartroom. */
  readonly status: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options);
    this.name = 'ManagementError';
    this.status = options.status;
  }
}

/** What came back, before it is known whether Chartroom sent it. */
export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

const API = '/api/v1';
const PROBLEM = 'urn:chartroom:problem:';
const LARGEST_PAGE = 1000;
/** As which files of charts are sent, whatever is in them. */
const FILE_TYPES = ['text/plain', 'application/octet-stream'];

export function apiPath(path: string): string {
  return `${API}${path}`;
}

/**
 * @param where what answered, as a message names it
 * @throws ManagementError with the refusal, or with why this is no answer of Chartroom
 */
export function readAnswer(answer: RawAnswer, where: string): unknown {
  const { status } = answer;
  if (status === 204) return undefined;
  const json = jsonOf(answer);
  if (status >= 200 && status < 300 && mediaTypeOf(answer) === 'application/json' && json !== undefined) return json;
  throw refusalOf(answer, where);
}

/** The same for a file. */
export function readFileAnswer(answer: RawAnswer, where: string): Uint8Array {
  if (answer.status === 200 && FILE_TYPES.includes(mediaTypeOf(answer))) return answer.bytes;
  throw refusalOf(answer, where);
}

function refusalOf(raw: RawAnswer, where: string): ManagementError {
  const { status } = raw;
  const mediaType = mediaTypeOf(raw);
  const json = jsonOf(raw);
  const { type, detail, errors } = (typeof json === 'object' && json ? json : {}) as Readonly<Record<string, unknown>>;
  if (mediaType === 'application/problem+json' && typeof type === 'string' && type.startsWith(PROBLEM)) {
    const why = typeof detail === 'string' ? detail : `${where} refuses without saying why (${type})`;
    return new ManagementError(why, { status });
  }
  const answer = `it answers ${status}${mediaType !== '' ? ` with ${mediaType}` : ''}`;
  if (status === 404 && Array.isArray(errors)) {
    return new ManagementError(`${where} is a registry without a management API: another one, or an older Chartroom`);
  }
  if (status >= 502 && status <= 504) {
    return new ManagementError(
      `${where} is a proxy that does not reach Chartroom (${answer}): look whether Chartroom runs behind it`,
    );
  }
  return new ManagementError(
    `${where} does not answer as Chartroom does (${answer}): check the address, and what stands in between`,
  );
}

function mediaTypeOf({ contentType }: RawAnswer): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

function jsonOf(answer: RawAnswer): unknown {
  return mediaTypeOf(answer).endsWith('json') ? parsed(new TextDecoder().decode(answer.bytes)) : undefined;
}

/**
 * All items of a list, fetched a page at a time.
 * @param filter parameters of the query; those that are undefined are left out
 */
export async function* itemsOf(
  management: Management,
  path: string,
  filter: Readonly<Record<string, string | undefined>> = {},
): AsyncIterable<unknown> {
  let next: string | undefined = withQuery(path, { limit: String(LARGEST_PAGE), ...filter });
  while (next !== undefined) {
    const page = (await management.request('GET', next)) as { readonly items?: unknown; readonly next?: unknown };
    if (!Array.isArray(page.items)) throw notUnderstood();
    yield* page.items as readonly unknown[];
    next = typeof page.next === 'string' && page.next.startsWith(`${API}/`) ? page.next.slice(API.length) : undefined;
  }
}

export async function allItems(
  management: Management,
  path: string,
  filter: Readonly<Record<string, string | undefined>> = {},
): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  for await (const item of itemsOf(management, path, filter)) items.push(item);
  return items;
}

/** @param parameters those that are undefined are left out */
export function withQuery(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

export function notUnderstood(): ManagementError {
  return new ManagementError(
    'the answer is not one that this Chartroom understands: use the command line of the same version as the server',
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
