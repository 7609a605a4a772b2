// A registry that takes part: where it is, and how to log in to it.
import { basic } from './chartroom.ts';
import { headerOf, Wire, type WireAnswer } from './wire.ts';

export interface Contender {
  readonly name: string;
  readonly url: URL;
  /** Undefined when everybody may do everything. */
  readonly account: { readonly name: string; readonly password: string } | undefined;
}

/** All that a request's head has besides its first line and the headers of its own. */
export interface Session {
  readonly contender: Contender;
  readonly repository: string;
  readonly headers: string;
  /** Undefined when none is needed. */
  readonly authorization: string | undefined;
}

/** With a token as clients fetch it, where one is needed. */
export async function openSession(contender: Contender, repository: string): Promise<Session> {
  const { url, account } = contender;
  const host = `Host: ${url.host}\r\n`;
  if (!account) return { contender, repository, headers: host, authorization: undefined };
  const tokenUrl = new URL(`/token?scope=repository:${repository}:pull,push`, url);
  const answer = await fetch(tokenUrl, { headers: { authorization: basic(account) } });
  if (!answer.ok) throw new Error(`no token for ${repository}: ${answer.status} ${await answer.text()}`);
  const { token } = (await answer.json()) as { readonly token: string };
  const authorization = `Bearer ${token}`;
  return { contender, repository, headers: `${host}Authorization: ${authorization}\r\n`, authorization };
}

/** The path and the query that an answer says to go on with. */
export function locationOf({ head }: WireAnswer, base: URL): URL {
  const location = headerOf(head, 'location');
  if (location === undefined) throw new Error(`an answer has no Location: ${head}`);
  return new URL(location, base);
}

/** @throws Error when the answer has another status: then it was not what was to be measured */
export async function expectStatus(
  status: number,
  wire: Wire,
  head: string,
  body?: Buffer | readonly Buffer[],
): Promise<WireAnswer> {
  const answer = await wire.ask(head, body);
  if (answer.status === status) return answer;
  throw new Error(`${head.split('\r\n', 1)[0]}: ${answer.status} instead of ${status}\n${answer.head}`);
}

/** Runs work on several connections at once, which take one item after the other. */
export async function eachOnWires<Item>(
  url: URL,
  connections: number,
  items: readonly Item[],
  work: (wire: Wire, item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const runConnection = async (): Promise<void> => {
    const wire = await Wire.open(url);
    try {
      for (const item of waiting) await work(wire, item);
    } finally {
      wire.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, runConnection));
}
