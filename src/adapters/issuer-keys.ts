// Fetches the keys that issuers publish (OpenID Connect Discovery 1.0, section 4), and keeps them for a while.
import { quoted } from '../oci/quoted.ts';
import type { Clock } from '../ports/clock.ts';
import { maySendTo } from '../ports/issuer-address.ts';
import { type IssuerKeys, IssuerUnreachable, isPublicKey, type KeySet } from '../ports/issuer-keys.ts';
import {
  type OutgoingAnswer,
  OutgoingFailed,
  type OutgoingRequests,
  outgoingFailureIn,
} from '../ports/outgoing-requests.ts';

/** After this, keys are fetched again, since the issuer may have withdrawn one: milliseconds. */
const MAXIMUM_AGE = 10 * 60_000;
/** While the issuer cannot be reached, its last keys are believed so long: milliseconds. */
const MAXIMUM_AGE_UNREACHABLE = 24 * 60 * 60_000;
/** An issuer is asked no more often than this, whatever keys are looked for: milliseconds. */
const COOLDOWN = 30_000;
/** A set of keys has a few KiB: bytes. */
const MAXIMUM_SIZE = 512 * 1024;
/** Both answers together: milliseconds. */
const TIMEOUT = 5_000;
const MAXIMUM_ISSUERS = 100;

interface IssuerKeysOptions {
  readonly clock: Clock;
  readonly requests: OutgoingRequests;
  /** milliseconds for the answers of an issuer; 5 seconds by default */
  readonly timeout?: number;
  /** of how many the keys are kept; 100 by default */
  readonly maximumIssuers?: number;
}

interface Entry {
  /** what the last good answer said; none before the first one */
  keys: KeySet;
  fetchedAt: number;
  askedAt: number;
  /** how the last attempt failed */
  failure: IssuerUnreachable | undefined;
  running: Promise<void> | undefined;
}

/** Why an answer is of no use, for the message. */
class Unusable extends Error {}

export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  return new FetchedIssuerKeys(options);
}

class FetchedIssuerKeys implements IssuerKeys {
  readonly #clock: Clock;
  readonly #requests: OutgoingRequests;
  readonly #timeout: number;
  readonly #maximumIssuers: number;
  /** The one that was used last stands last. */
  readonly #entries = new Map<string, Entry>();

  constructor({ clock, requests, timeout = TIMEOUT, maximumIssuers = MAXIMUM_ISSUERS }: IssuerKeysOptions) {
    this.#clock = clock;
    this.#requests = requests;
    this.#timeout = timeout;
    this.#maximumIssuers = maximumIssuers;
  }

  async publishedBy(issuer: string, keyId: string | undefined): Promise<KeySet> {
    const entry = this.#entryOf(issuer);
    if (!hasKey(entry.keys, keyId) || this.#age(entry) >= MAXIMUM_AGE) {
      if (this.#clock.now() - entry.askedAt >= COOLDOWN) {
        entry.running = this.#refresh(issuer, entry).finally(() => {
          entry.running = undefined;
        });
      }
      await entry.running;
    }
    const { keys, failure } = entry;
    if (!failure) return keys;
    if (hasKey(keys, keyId) && this.#age(entry) < MAXIMUM_AGE_UNREACHABLE) return keys;
    throw failure;
  }

  #entryOf(issuer: string): Entry {
    const entry = this.#entries.get(issuer) ?? {
      keys: { keys: [] },
      fetchedAt: Number.NEGATIVE_INFINITY,
      askedAt: Number.NEGATIVE_INFINITY,
      failure: undefined,
      running: undefined,
    };
    this.#entries.delete(issuer);
    this.#entries.set(issuer, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maximumIssuers) break;
      this.#entries.delete(oldest);
    }
    return entry;
  }

  #age(entry: Entry): number {
    return this.#clock.now() - entry.fetchedAt;
  }

  async #refresh(issuer: string, entry: Entry): Promise<void> {
    entry.askedAt = this.#clock.now();
    try {
      entry.keys = await fetchKeys(issuer, { requests: this.#requests, signal: AbortSignal.timeout(this.#timeout) });
      entry.fetchedAt = this.#clock.now();
      entry.failure = undefined;
    } catch (error) {
      const reason = error instanceof Unusable ? error.message : 'its answer cannot be read';
      const isForbidden = outgoingFailureIn(error)?.failure === 'forbidden';
      entry.failure = new IssuerUnreachable(issuer, reason, { cause: error, isForbidden });
    }
  }
}

/** @param keyId undefined when any will do */
function hasKey({ keys }: KeySet, keyId: string | undefined): boolean {
  return keys.some(({ kid }) => keyId === undefined || kid === keyId);
}

interface Asking {
  readonly requests: OutgoingRequests;
  readonly signal: AbortSignal;
}

async function fetchKeys(issuer: string, asking: Asking): Promise<KeySet> {
  const configuration = await fetchJson(
    new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
    asking,
  );
  const { issuer: named, jwks_uri: location } = configuration;
  // Section 4.3: otherwise one issuer could speak for another one.
  if (named !== issuer) throw new Unusable(`it calls itself ${quoted(named)}, which must be exactly the issuer's name`);
  if (typeof location !== 'string' || !URL.canParse(location)) throw new Unusable('it does not say where they are');
  const url = new URL(location);
  if (!maySendTo(new URL(issuer), url)) {
    throw new Unusable(`it says that they are at ${quoted(location)}, which is not safe to ask`);
  }
  const { keys } = await fetchJson(url, asking);
  if (!Array.isArray(keys)) throw new Unusable(`the answer of ${url.host} is no set of keys`);
  return { keys: keys.filter(isPublicKey) };
}

async function fetchJson(url: URL, asking: Asking): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await fetchBytes(url, asking);
  const value = parseJson(bytes);
  if (typeof value !== 'object' || value === null) throw new Unusable(`the answer of ${url.host} is no JSON object`);
  return value as Readonly<Record<string, unknown>>;
}

async function fetchBytes(url: URL, asking: Asking): Promise<Buffer> {
  const { status, body } = await ask(url, asking);
  if (status === 200) return body;
  throw new Unusable(`${url.host} answers ${url.pathname} with status ${status}${hintFor(status)}`);
}

async function ask(url: URL, { requests, signal }: Asking): Promise<OutgoingAnswer> {
  try {
    const headers = { accept: 'application/json' };
    return await requests.send(url, { headers, maximumBytes: MAXIMUM_SIZE, signal });
  } catch (error) {
    if (!(error instanceof OutgoingFailed)) throw error;
    switch (error.failure) {
      case 'too-large':
        throw new Unusable(`the answer of ${url.host} has more than ${MAXIMUM_SIZE / 1024} KiB`, { cause: error });
      case 'forbidden':
        throw new Unusable(`${url.host} ${error.message}`, { cause: error });
      default:
        throw new Unusable(`${url.host} ${error.message}: try again in a minute`, { cause: error });
    }
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function hintFor(status: number): string {
  if (status >= 300 && status < 400) return ', a redirect, which is not followed';
  return status >= 500 || status === 429 ? ': try again in a minute' : '';
}
