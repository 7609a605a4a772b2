// Notes what changes nothing and is still worth a line: logins, tokens handed out, refusals, the last use of a secret.
import type { Clock } from '../ports/clock.ts';
import type { Database, Transaction } from '../ports/database.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { insertEvent, type NewEvent } from '../tables/events.ts';
import { noteSecretUse } from '../tables/secrets.ts';
import { setLastLogin } from '../tables/users.ts';
import type { Author } from './author.ts';
import { BoundedMap } from './bounded-map.ts';
import { LineBudget } from './line-budget.ts';
import { networkOf } from './network.ts';

/** Of equal sightings only the first within so long is written, with how often it came before: milliseconds. */
const SAMPLE_WINDOW = 10 * 60_000;
/** What was seen is written so often: milliseconds. A crash loses what was seen since. */
const WRITE_INTERVAL = 2_000;
/** More than this is dropped, and counted, until the next writing. */
const MAXIMUM_PENDING = 5_000;
const MAXIMUM_PENDING_ANONYMOUS = 4_000;
const MAXIMUM_SAMPLED = 20_000;
/** A client writes its user agent, and its length, as it likes. */
const MAXIMUM_TEXT = 300;

export interface Sighting {
  readonly kind: 'login.succeeded' | 'login.refused' | 'token.issued' | 'access.refused' | 'overwrite.refused';
  readonly author: Author;
  readonly repository?: string | undefined;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** By the secret's id. */
type SecretUses = Map<string, { readonly at: number; readonly address: string; readonly agent: string }>;

interface Sample {
  readonly until: number;
  repeated: number;
}

export class Sightings implements AsyncDisposable {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #timer: NodeJS.Timeout;
  readonly #onFailure: (error: unknown) => void;
  readonly #samples = new BoundedMap<Sample>(MAXIMUM_SAMPLED);
  #events: NewEvent[] = [];
  #secretUses: SecretUses = new Map();
  #logins = new Map<string, number>();
  readonly #budget = new LineBudget(SAMPLE_WINDOW);
  #dropped = 0;
  #writing: Promise<void> = Promise.resolve();

  /** @param options.onFailure told when writing fails; nobody waits for it who could be */
  constructor(options: {
    readonly database: Database;
    readonly clock: Clock;
    readonly onFailure: (error: unknown) => void;
  }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#onFailure = options.onFailure;
    this.#timer = setInterval(() => void this.flush().catch(this.#onFailure), WRITE_INTERVAL).unref();
  }

  note(sighting: Sighting): void {
    const at = this.#clock.now();
    if (this.#isRepeated(sighting, at)) return;
    const isWithin = this.#budget.spend(sighting.kind, sighting.author, at);
    const line = isWithin ? sighting : withoutDifferences(sighting);
    if (isWithin || !this.#isRepeated(line, at)) this.#take(line, at);
  }

  secretUsed(id: string, origin: { readonly clientAddress: string; readonly userAgent: string }): void {
    if (this.#secretUses.size >= MAXIMUM_PENDING && !this.#secretUses.has(id)) return;
    const agent = origin.userAgent.slice(0, MAXIMUM_TEXT);
    this.#secretUses.set(id, { at: this.#clock.now(), address: origin.clientAddress, agent });
  }

  userLoggedIn(id: string): void {
    if (this.#logins.size < MAXIMUM_PENDING || this.#logins.has(id)) this.#logins.set(id, this.#clock.now());
  }

  /** Resolves when everything that was noted before is written. */
  async flush(): Promise<void> {
    const writing = this.#writing.catch(() => undefined).then(() => this.#write());
    this.#writing = writing;
    await writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.flush().catch(this.#onFailure);
  }

  /** Whether an equal one was taken within the window, with which this one then counts. */
  #isRepeated(sighting: Sighting, at: number): boolean {
    const sample = this.#samples.get(keyOf(sighting));
    if (!sample || sample.until <= at) return false;
    sample.repeated += 1;
    return true;
  }

  #take(sighting: Sighting, at: number): void {
    const key = keyOf(sighting);
    const { repeated = 0 } = this.#samples.get(key) ?? {};
    this.#samples.set(key, { until: at + SAMPLE_WINDOW, repeated: 0 });
    // Whoever has not logged in must not crowd out what others do.
    const maximum = sighting.author.kind === 'anonymous' ? MAXIMUM_PENDING_ANONYMOUS : MAXIMUM_PENDING;
    if (this.#events.length >= maximum) this.#dropped += 1;
    else this.#events.push(eventOf(sighting, at, repeated > 0 ? { repeated } : {}));
  }

  async #write(): Promise<void> {
    const [events, uses, logins, dropped] = [this.#events, this.#secretUses, this.#logins, this.#dropped];
    if (events.length + uses.size + logins.size === 0) return;
    [this.#events, this.#secretUses, this.#logins, this.#dropped] = [[], new Map(), new Map(), 0];
    if (dropped > 0) this.#onFailure(new Error(`${dropped} logins and refusals came too fast to be written down`));
    try {
      await this.#database.transaction(async (tx: Transaction) => {
        for (const event of events) await insertEvent(tx, event);
        for (const [id, use] of uses) await noteSecretUse(tx, { id, ...use });
        for (const [id, at] of logins) await setLastLogin(tx, id, at);
      });
    } catch (error) {
      // Kept until the disk has room again, or whoever locks the database lets go.
      if (error instanceof StorageUnusable) this.#takeBack(events, uses, logins);
      throw error;
    }
  }

  /** What came since is newer. */
  #takeBack(events: readonly NewEvent[], uses: SecretUses, logins: ReadonlyMap<string, number>): void {
    const kept = [...events, ...this.#events];
    this.#dropped += Math.max(0, kept.length - MAXIMUM_PENDING);
    this.#events = kept.slice(0, MAXIMUM_PENDING);
    this.#secretUses = new Map([...uses, ...this.#secretUses]);
    this.#logins = new Map([...logins, ...this.#logins]);
  }
}

function keyOf({ kind, author, repository = '', detail }: Sighting): string {
  return JSON.stringify([kind, author.kind, author.name, author.credential, author.clientAddress, repository, detail]);
}

/** What stands for all that the same client has beyond its budget. */
function withoutDifferences({ kind, author }: Sighting): Sighting {
  return {
    kind,
    author: { ...author, credential: '', clientAddress: networkOf(author.clientAddress) },
    detail: { reason: 'too many different ones from here: only this line and their number are kept' },
  };
}

function eventOf(sighting: Sighting, at: number, repeated: object): NewEvent {
  const { kind, author, repository = '', detail } = sighting;
  return {
    at,
    kind,
    actor: author.name.slice(0, MAXIMUM_TEXT),
    actorKind: author.kind,
    credential: author.credential.slice(0, MAXIMUM_TEXT),
    clientAddress: author.clientAddress,
    userAgent: author.userAgent.slice(0, MAXIMUM_TEXT),
    outcome: kind.endsWith('.refused') ? 'refused' : 'allowed',
    repository,
    tag: null,
    digest: null,
    detail: JSON.stringify({ ...detail, ...repeated }),
  };
}
