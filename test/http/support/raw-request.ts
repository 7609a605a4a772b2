// Sends requests byte by byte: those that no HTTP client would send, and those that stop halfway.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ADMIN } from '../../support/start-registry.ts';

export interface RawRequest {
  readonly method: string;
  /** as it stands in the request line: nothing is encoded or normalised */
  readonly target: string;
  /** `name: value` lines; Host and the administrator's Authorization are there already, unless named here */
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly version?: string;
}

export interface RawAnswer {
  /** 0 when the connection was closed without an answer */
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** The request as text, in which the server is asked to close the connection afterwards. */
export function written(request: RawRequest): string {
  const { headers = [], body = '', version = 'HTTP/1.1' } = request;
  const defaults = [
    'Host: registry.test',
    `Authorization: Basic ${Buffer.from(ADMIN).toString('base64')}`,
    'Connection: close',
  ].filter((line) => !headers.some((header) => nameOf(header) === nameOf(line)));
  return [`${request.method} ${request.target} ${version}`, ...defaults, ...headers, '', body].join('\r\n');
}

/** Sends a request and reads the answer. */
export async function sendRaw(url: string, request: RawRequest): Promise<RawAnswer> {
  return await exchange(url, written(request));
}

/** Sends these bytes (latin1) and reads until the server closes the connection. */
export async function exchange(url: string, text: string): Promise<RawAnswer> {
  const socket = await open(url);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  const closed = once(socket, 'close');
  socket.write(text, 'latin1');
  await closed;
  return parse(Buffer.concat(chunks).toString('latin1'));
}

/** A connection on which a request can be left unfinished. */
export async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // A server that refuses a request may close the connection while we still write.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

function parse(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Headers();
  for (const line of lines) headers.append(nameOf(line), line.slice(line.indexOf(':') + 1).trim());
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n') };
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}
