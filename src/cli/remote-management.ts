// The management API of a server, over HTTP.

import { VERSION } from '../config/version.ts';
import {
  apiPath,
  type Login,
  type Management,
  ManagementError,
  type Method,
  type RawAnswer,
  readAnswer,
  readFileAnswer,
} from './management.ts';

/** What is shown to the server; `from` says in a message where it was given. */
export type Credential =
  | { readonly kind: 'token'; readonly token: string; readonly from: string }
  | ({ readonly kind: 'login'; readonly from: string } & Login);

const LOG_IN =
  'give a personal token (made with --management) in CHARTROOM_TOKEN or --token-file, or log in with --login NAME';
/** What is for readers of charts, who need not manage anything. */
const READING = /^\/(?:charts|search|lock-check)(?:[/?]|$)/;
const LOG_IN_TO_READ =
  'give the secret of a robot or a personal token in CHARTROOM_TOKEN or --token-file, or log in with --login NAME';
/** What Node and OpenSSL call a certificate that nobody vouches for. */
const UNKNOWN_AUTHORITY = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

export function remoteManagement(server: URL, credential: Credential | undefined): Management {
  const ask = (method: Method, path: string, body?: object) => exchange(server, credential, { method, path, body });
  return {
    request: async (method, path, body) => (await ask(method, path, body))(readAnswer),
    download: async (path) => (await ask('GET', path))(readFileAnswer),
    registry: server,
    isLocal: false,
    login: credential?.kind === 'login' ? credential : undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface Asked {
  readonly method: Method;
  readonly path: string;
  readonly body: object | undefined;
}

/** @returns what reads the answer, once all of it is here */
async function exchange(
  server: URL,
  credential: Credential | undefined,
  { method, path, body }: Asked,
): Promise<<Answer>(read: (answer: RawAnswer, where: string) => Answer) => Answer> {
  const { origin } = server;
  const response = await send(new URL(apiPath(path), server), {
    method,
    headers: {
      accept: '*/*',
      'user-agent': `chartroom/${VERSION}`,
      ...(credential ? { authorization: authorizationOf(credential) } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  refuseRedirect(response, server);
  const { status, headers } = response;
  const answer = { status, contentType: headers.get('content-type') ?? '', bytes: await bytesOf(response, origin) };
  return (read) => {
    try {
      return read(answer, origin);
    } catch (error) {
      if (!(error instanceof ManagementError) || error.status !== 401) throw error;
      throw new ManagementError(notLoggedIn({ origin, path }, credential, error.message), { cause: error });
    }
  };
}

function authorizationOf(credential: Credential): string {
  if (credential.kind === 'token') return `Bearer ${credential.token}`;
  return `Basic ${Buffer.from(`${credential.name}:${credential.password}`).toString('base64')}`;
}

/** A credential goes to the server that was named, and to no other one. */
async function send(url: URL, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...request, redirect: 'manual' });
  } catch (error) {
    throw new ManagementError(whyUnreachable(url, error), { cause: error });
  }
}

async function bytesOf(answer: Response, origin: string): Promise<Uint8Array> {
  try {
    return await answer.bytes();
  } catch (error) {
    throw new ManagementError(`the connection to ${origin} broke while it answered: try again`, { cause: error });
  }
}

function refuseRedirect({ status, headers }: Response, { origin, href }: URL): void {
  if (status < 300 || status >= 400) return;
  const target = URL.parse(headers.get('location') ?? '', href);
  const isElsewhere = target !== null && target.origin !== origin;
  const advice = isElsewhere ? `if that is right, use --server ${target.origin}` : 'check the address';
  throw new ManagementError(`${origin} sends its callers to ${target?.href ?? 'another address'}: ${advice}`);
}

function notLoggedIn(
  { origin, path }: { readonly origin: string; readonly path: string },
  credential: Credential | undefined,
  detail: string,
): string {
  const isReading = READING.test(path);
  const logIn = isReading ? LOG_IN_TO_READ : LOG_IN;
  // What to do about it stands behind the colon, in commands of helm.
  const [why] = detail.split(': ');
  if (credential) return `${origin} does not take ${credential.from} (${why}): ${logIn}`;
  return isReading ? `${why}: ${logIn}` : `${origin} wants to know who asks: ${logIn}`;
}

function whyUnreachable(url: URL, error: unknown): string {
  const { origin, protocol, hostname } = url;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  const code = cause && 'code' in cause ? String(cause.code) : '';
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing answers at ${origin}: start the server, or check the address and the port`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${hostname} cannot be looked up: check the address`;
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${origin} cannot be reached from here (${code}): check the address, and what stands in between`;
    case 'CERT_HAS_EXPIRED':
      return `the certificate of ${origin} has expired: it must be renewed there`;
    case 'CERT_NOT_YET_VALID':
      return `the certificate of ${origin} is not valid yet: check the clocks of both machines`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate of ${origin} is for another name: use the name that it was made for`;
    default:
  }
  if (UNKNOWN_AUTHORITY.includes(code)) {
    return `the certificate of ${origin} is of nobody whom this machine trusts: name the file with your authority's certificate in NODE_EXTRA_CA_CERTS, or set NODE_USE_SYSTEM_CA=1`;
  }
  const other = protocol === 'https:' ? 'http' : 'https';
  return `${origin} does not speak ${protocol === 'https:' ? 'TLS' : 'plain HTTP'} (${code || cause?.message || String(error)}): check the port, or use ${other}://`;
}
