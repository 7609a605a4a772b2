// Sends requests to other hosts over node:http and node:https, and looks at each address before it connects to it.
import { type LookupAddress, lookup } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { globalAgent, Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';
import { readBounded } from '../ports/bounded-body.ts';
import {
  type OutgoingAnswer,
  OutgoingFailed,
  type OutgoingRequest,
  type OutgoingRequests,
} from '../ports/outgoing-requests.ts';

export type ResolveName = (
  name: string,
  options: { readonly all: true },
  done: (error: Error | null, found: LookupAddress[]) => void,
) => void;

interface OutgoingRequestsOptions {
  /** Host names, addresses and ranges (`10.0.0.0/8`) that are asked although they are private. */
  readonly allowedPrivateHosts: readonly string[];
  /** What finds the addresses of a name: that of the operating system, unless a test has another one. */
  readonly resolve?: ResolveName;
}

/**
 * Where an administrator of the registry, or an answer from outside, must not lead a request (server-side request forgery): all
 * that is not globally reachable by the IANA registries of special-purpose addresses (RFC 6890), and the one cloud metadata
 * address that is none of these. Others of those are link-local (169.254.169.254), shared (100.100.100.200), reserved
 * (192.0.0.192) or unique-local (fd00:ec2::254).
 */
const PRIVATE = listOf([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
  // Azure's.
  '168.63.129.16/32',
]);

/** Of IPv6 only 2000::/3 is given out for the Internet, and of that not all. A list of its own: to Node, every IPv4 is in ::/3. */
const PRIVATE_OF_IPV6 = listOf(['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '3fff::/20']);

/** Addresses of IPv6 that lead to one of IPv4, and the bit at which it begins: mapped (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056). */
const EMBEDDING = [
  { range: '::ffff:0:0/96', at: 96 },
  { range: '64:ff9b::/96', at: 96 },
  { range: '2002::/16', at: 16 },
].map(({ range, at }) => ({ list: listOf([range]), at }));

/** Whether an address is of a network that not everybody can reach. What is no address is private. */
export function isPrivateAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, '');
  if (isIP(plain) === 0) return true;
  if (isIPv4(plain)) return PRIVATE.check(plain, 'ipv4');
  const embedding = EMBEDDING.find(({ list }) => list.check(plain, 'ipv6'));
  return embedding ? isPrivateAddress(embeddedIn(plain, embedding.at)) : PRIVATE_OF_IPV6.check(plain, 'ipv6');
}

export function openOutgoingRequests(options: OutgoingRequestsOptions): OutgoingRequests {
  return new GuardedRequests(options);
}

class Forbidden extends Error {}

class GuardedRequests implements OutgoingRequests {
  readonly #allowedNames: ReadonlySet<string>;
  readonly #allowedRanges: BlockList;
  readonly #resolve: ResolveName;
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };

  constructor({ allowedPrivateHosts, resolve = lookup }: OutgoingRequestsOptions) {
    const isRange = (host: string) => isIP(host.replace(/\/\d+$/, '')) !== 0;
    this.#allowedNames = new Set(allowedPrivateHosts.filter((host) => !isRange(host)).map(canonicalName));
    this.#allowedRanges = listOf(allowedPrivateHosts.filter(isRange));
    this.#resolve = resolve;
    // A connection is for one request, so that each is looked at. Where Node is told to use a proxy, these do as well.
    const { proxyEnv } = globalAgent.options;
    const kept = { keepAlive: false, ...(proxyEnv === undefined ? {} : { proxyEnv }) };
    this.#agents = { http: new HttpAgent(kept), https: new HttpsAgent(kept) };
  }

  async send(url: URL, request: OutgoingRequest): Promise<OutgoingAnswer> {
    try {
      // Of an address that needs no look-up, nobody would look at it later.
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !this.#mayConnect(host, host)) throw new Forbidden(host);
      const message = await this.#exchange(url, request);
      const body = await readBounded(message, request.maximumBytes);
      if (!body) throw new OutgoingFailed('too-large', `answers with more than ${request.maximumBytes / 1024} KiB`);
      return { status: message.statusCode ?? 0, headers: headersOf(message), body };
    } catch (error) {
      throw failureOf(error, request.signal);
    }
  }

  async #exchange(url: URL, { method = 'GET', headers = {}, body, signal }: OutgoingRequest): Promise<IncomingMessage> {
    const isPlain = url.protocol === 'http:';
    const options: RequestOptions = {
      method,
      // What is packed could be unpacked into anything.
      headers: {
        'accept-encoding': 'identity',
        ...headers,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      agent: isPlain ? this.#agents.http : this.#agents.https,
      lookup: this.#lookupFor(canonicalName(url.hostname)),
      signal,
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = (isPlain ? httpRequest : httpsRequest)(url, options);
    request.on('response', resolve).on('error', reject).end(body);
    return await promise;
  }

  /**
   * What the connection is made with: the addresses that are looked at here are those that it goes to, whatever the name
   * stood for a moment before (DNS rebinding). The name of a proxy is another one, and the operator's own.
   */
  #lookupFor(host: string): LookupFunction {
    return (name, options, done) =>
      this.#resolve(name, { ...options, all: true }, (error, found) => {
        if (error) return done(error, []);
        const usable =
          canonicalName(name) === host ? found.filter(({ address }) => this.#mayConnect(host, address)) : found;
        const [first] = usable;
        if (!first) return done(new Forbidden(`${name} is at ${found.map(({ address }) => address).join(', ')}`), []);
        return options.all ? done(null, usable) : done(null, first.address, first.family);
      });
  }

  #mayConnect(host: string, address: string): boolean {
    if (!isPrivateAddress(address) || this.#allowedNames.has(host)) return true;
    const plain = address.replace(/%.*$/, '');
    return isIP(plain) !== 0 && this.#allowedRanges.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
  }
}

/** `Example.COM.` is `example.com`. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', length] = range.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    list.addSubnet(address, Number(length ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return list;
}

/** The address of IPv4 in one of IPv6. @param at the bit at which it begins: a multiple of 16 */
function embeddedIn(address: string, at: number): string {
  // A URL has the hexadecimal form alone, with one "::" at most.
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [head, tail] = [before, after ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array<string>(8 - (head?.length ?? 0) - (tail?.length ?? 0)).fill('0');
  const groups = [...(head ?? []), ...zeros, ...(tail ?? [])].slice(at / 16, at / 16 + 2);
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 255])
    .join('.');
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  return headers;
}

function failureOf(error: unknown, signal: AbortSignal): OutgoingFailed {
  if (error instanceof OutgoingFailed) return error;
  if (error instanceof Forbidden) {
    const message = 'is at a private address, which is asked only when the setting allowedPrivateHosts names it';
    return new OutgoingFailed('forbidden', message, { cause: error });
  }
  if (signal.aborted) return new OutgoingFailed('timeout', 'did not answer in time', { cause: error });
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return new OutgoingFailed('unreachable', `cannot be reached${code}`, { cause: error });
}
