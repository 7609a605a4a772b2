// A client's connection to a server that may die at any moment; every request and answer goes to the journal.
import { ADMIN_NAME, ADMIN_PASSWORD, basic } from '../support/chartroom-process.ts';
import type { Journal } from './journal.ts';

/** An answer that a server must not give, whenever it dies, or something that must not be there. */
export class Violation extends Error {}

/** The server is gone: the client does not know what became of its request. */
export class ServerGone extends Error {}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

interface Question {
  readonly body?: Buffer;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Connection {
  /** @throws ServerGone */
  ask(method: string, path: string, question?: Question): Promise<Answer>;
}

/** @param client who asks, for the journal */
export function connect(url: string, client: string, journal: Journal): Connection {
  const authorization = basic(ADMIN_NAME, ADMIN_PASSWORD);
  return {
    ask: async (method, path, { body, type = 'application/octet-stream', headers = {} } = {}) => {
      const asked = `${client} ${method} ${path}${body ? ` (${body.length} bytes)` : ''}`;
      journal.note(`${asked} …`);
      try {
        const answer = await fetch(`${url}${path}`, {
          method,
          headers: { ...authorization, ...(body ? { 'content-type': type } : {}), ...headers },
          ...(body ? { body } : {}),
        });
        const bytes = Buffer.from(await answer.arrayBuffer());
        journal.note(`${asked} → ${answer.status}${answer.status >= 400 ? ` ${bytes.subarray(0, 300)}` : ''}`);
        return { status: answer.status, headers: answer.headers, body: bytes };
      } catch (cause) {
        journal.note(`${asked} → gone`);
        throw new ServerGone(`${asked}: no whole answer`, { cause });
      }
    },
  };
}

/** @throws Violation when the answer has another status */
export function requireStatus(answer: Answer, expected: readonly number[], what: string): Answer {
  if (expected.includes(answer.status)) return answer;
  throw new Violation(`${what}: ${answer.status} instead of ${expected.join(' or ')}: ${answer.body.subarray(0, 500)}`);
}
