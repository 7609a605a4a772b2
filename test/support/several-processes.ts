// A server of two processes, as an operator runs it, and connections of which it is known which process has them.
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  type Serving,
  serveChartroom,
  written,
} from './chartroom-process.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>> | readonly string[];
  readonly body?: Buffer | string;
  /** `Authorization`; the administrator's by default. */
  readonly as?: string | undefined;
}

/** One connection that stays open. */
export interface Connection extends Disposable {
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** As the tests' own artifacts are pushed. */
  readonly registry: { request(method: string, path: string, options?: object): Promise<Response> };
}

export interface TwoProcesses extends AsyncDisposable {
  readonly server: Serving;
  /** The number of the process that only reads. */
  readonly readerPid: number;
  /** A connection that this process has, and one that the main process has. */
  readonly reader: Connection;
  readonly main: Connection;
  /** Lines of the log about requests to a path, in their order. */
  logged(path: string): readonly LogLine[];
}

interface LogLine {
  readonly pid: number;
  readonly msg: string;
  readonly method: string;
  readonly status: number;
  readonly address: string;
  readonly principal: string;
}

export const ADMIN = basic(ADMIN_NAME, ADMIN_PASSWORD).authorization;

export async function startTwoProcesses(folder: string, flags: readonly string[] = []): Promise<TwoProcesses> {
  const options = { folder, environment: ADMIN_ENVIRONMENT };
  const server = await serveChartroom(options, ['--processes', '2', ...flags]);
  const readerPid = Number(await written(server, READY));
  // The process with the fewest connections has the next, and a reader comes before the main process.
  const reader = await openConnection(server);
  const main = await openConnection(server);
  return {
    ...{ server, readerPid, reader, main },
    logged: (path) => logLines(server).filter((line) => line.path === path),
    [Symbol.asyncDispose]: async () => {
      reader[Symbol.dispose]();
      main[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

export const READY = /"reader":(\d+),"msg":"a process for reading is ready"/;

function logLines(server: Serving): readonly (LogLine & { readonly path?: string })[] {
  const lines = server
    .stdout()
    .split('\n')
    .filter((line) => line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** It is there when this resolves. */
export async function openConnection({ url }: Pick<Serving, 'url'>): Promise<Connection> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = async (method: string, path: string, sent: Sent = {}): Promise<Answer> =>
    await sendOver(agent, { method, url, path, sent });
  await send('GET', '/livez');
  const connection: Connection = {
    send,
    registry: {
      request: async (method, path, options = {}) => {
        const { status, headers, text } = await send(method, path, options as Sent);
        return new Response([204, 304].includes(status) ? null : text, {
          status,
          headers: headers as Record<string, string>,
        });
      },
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
  return connection;
}

async function sendOver(
  agent: Agent,
  { method, url, path, sent }: { method: string; url: string; path: string; sent: Sent },
): Promise<Answer> {
  const as = 'as' in sent ? sent.as : ADMIN;
  const { headers = {}, body } = sent;
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const all = Array.isArray(headers)
    ? (headers as unknown as Record<string, string>)
    : { ...(as === undefined ? {} : { authorization: as }), ...length, ...headers };
  return await new Promise((resolve, reject) => {
    const sending = request(`${url}${path}`, { agent, method, headers: all }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(pieces).toString('utf8'),
        }),
      );
    });
    sending.once('error', reject);
    sending.end(body);
  });
}
