// Passes a request on to the main process of this server, and its answer back: both as they are, piece by piece.
import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAddressOf, LOCAL_ADDRESS_HEADER } from '../client-address.ts';
import { errorBody } from '../errors.ts';
import { passOverRest } from '../unwanted-body.ts';

/** Kept for shorter than the main process keeps them, 75 seconds: milliseconds. */
const IDLE_TIMEOUT = 60_000;
const MAXIMUM_IDLE = 64;

/** They are about one connection (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect']);
/** What the main process believes only of this one. */
const FORWARDED = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', LOCAL_ADDRESS_HEADER]);

export class MainProcess {
  readonly #path: string;
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_TIMEOUT, maxFreeSockets: MAXIMUM_IDLE });

  /** @param path of the socket on which it listens */
  constructor(path: string) {
    this.#path = path;
  }

  /** Has it answer. Nothing of an answer may have been sent; from here on, the reply is no more Fastify's. */
  answer(request: FastifyRequest, reply: FastifyReply): void {
    request.isPassedOn = true;
    reply.hijack();
    const { raw } = request;
    // The client has gone, or a part of another answer has.
    if (request.ip === undefined || reply.raw.headersSent) {
      raw.destroy();
      return;
    }
    const headers = headersFor(request);
    // As the client wrote it: Fastify keeps what the routes have in its place.
    const path = request.originalUrl;
    const options = { socketPath: this.#path, agent: this.#agent, method: raw.method, path };
    // The types know no list of names and values, as it came: repeated ones are to be refused by whoever answers.
    const passed = send({ ...options, headers: headers as unknown as Record<string, string> });
    // Before anything of a body has come: it may be refused by what it announces.
    passed.flushHeaders();
    if (hasBody(raw)) raw.pipe(passed);
    else passed.end();
    giveBack(passed, raw, reply.raw);
  }

  close(): void {
    this.#agent.destroy();
  }
}

function headersFor(request: FastifyRequest): string[] {
  const { raw } = request;
  const kept = pairsOf(raw.rawHeaders).filter(([name]) => !HOP_BY_HOP.has(name) && !FORWARDED.has(name));
  const headers = kept.flatMap(([, ...pair]) => pair);
  // HTTP/1.0 has none; HTTP/1.1 must have one, and without a name it says as much.
  if (raw.headers.host === undefined && raw.httpVersion === '1.0') headers.push('Host', '');
  // Node would otherwise announce a body, of no length.
  if (!hasBody(raw) && raw.headers['content-length'] === undefined) headers.push('Content-Length', '0');
  headers.push('X-Forwarded-For', clientAddressOf(request));
  // Only where a proxy that is trusted has said so; else they are what the request says anyway.
  if (request.host !== (raw.headers.host ?? '')) headers.push('X-Forwarded-Host', request.host);
  headers.push('X-Forwarded-Proto', request.protocol);
  headers.push(LOCAL_ADDRESS_HEADER, raw.socket.localAddress ?? '');
  return headers;
}

/** RFC 9112, section 6.3 */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function giveBack(passed: ClientRequest, request: IncomingMessage, response: ServerResponse): void {
  let isAnswered = false;
  passed.once('response', (answer) => {
    isAnswered = true;
    const headers = pairsOf(answer.rawHeaders)
      .filter(([name, , value]) => isForClient(name, value))
      .flatMap(([, ...pair]) => pair);
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
    // As the main process does with what is too large.
    if (answer.statusCode === 413 || answer.statusCode === 507) passOverRest(request, response);
    answer.pipe(response);
    // Cut off: the client must not take it for whole.
    answer.once('close', () => {
      if (!answer.complete) response.destroy();
    });
  });
  passed.once('error', () => {
    if (!isAnswered) answerUnavailable(response);
    else if (!response.writableEnded) response.destroy();
  });
  // What goes on coming of a body when it is answered already is thrown away, as Node does.
  const passOver = (): void => {
    request.unpipe(passed);
    request.resume();
  };
  passed.once('close', passOver);
  response.once('finish', () => {
    if (request.complete) return;
    passOver();
    passed.destroy();
  });
  // The client has gone.
  response.once('close', () => {
    if (!response.writableFinished) passed.destroy();
  });
}

/** The server closes the client's connection when it wants that; that it would keep this one says nothing to the client. */
function isForClient(name: string, value: string): boolean {
  if (name === 'connection') return value.toLowerCase() === 'close';
  return !HOP_BY_HOP.has(name) && name !== 'transfer-encoding';
}

function answerUnavailable(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  const body = errorBody('UNKNOWN', 'the registry is starting or stopping: try again in a moment');
  const type = { 'content-type': 'application/json', 'content-length': String(body.length) };
  response.writeHead(503, { ...type, 'retry-after': '5', connection: 'close' }).end(body);
}

/** Each with its name in lower case before it. */
function pairsOf(raw: readonly string[]): [lowerCase: string, name: string, value: string][] {
  const pairs: [string, string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    pairs.push([name.toLowerCase(), name, raw[index + 1] ?? '']);
  }
  return pairs;
}
