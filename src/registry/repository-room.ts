// How many tags and manifests one repository may have.
import { BoundedMap } from '../events/bounded-map.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { Transaction } from '../ports/database.ts';
import { countManifests } from '../tables/manifests.ts';
import { countTags } from '../tables/tags.ts';

/** Ten years of a push every five minutes; it ends what goes on without end. */
export const MAXIMUM_HELD = 1_000_000;
/** A repository that was forgotten is counted again. */
const MAXIMUM_REMEMBERED = 10_000;
/** How long a full repository is not counted again, whatever is pushed to it: milliseconds. */
const FULL_FOR = 60_000;

type Held = 'tags' | 'manifests';

interface Room {
  /** As many can come before it has to be counted again. */
  readonly left: number;
  /** milliseconds since 1970 */
  readonly at: number;
}

const COUNTS = { tags: countTags, manifests: countManifests } as const;

/**
 * Counting takes long where there is much, so it is done seldom: not before as many have come as there was room for. Pushes that
 * came to nothing, and deletions, make that sooner or later than need be, but never too many rows.
 */
export class RepositoryRoom {
  readonly #clock: Clock;
  readonly #maximum: number;
  readonly #rooms = new BoundedMap<Room>(MAXIMUM_REMEMBERED);

  constructor(clock: Clock, maximum = MAXIMUM_HELD) {
    this.#clock = clock;
    this.#maximum = maximum;
  }

  /** In the transaction that adds one that was not there, before it does. @throws RegistryError REPOSITORY_FULL */
  async takeFor(tx: Transaction, held: Held, repository: RepositoryName): Promise<void> {
    const key = `${held} ${repository}`;
    const now = this.#clock.now();
    const known = this.#rooms.get(key);
    if (known?.left === 0 && Math.abs(now - known.at) < FULL_FOR) throw this.#full(held, repository);
    const left = known?.left ? known.left : this.#maximum - (await COUNTS[held](tx, repository, this.#maximum));
    this.#rooms.set(key, { left: Math.max(0, left - 1), at: now });
    if (left <= 0) throw this.#full(held, repository);
  }

  #full(held: Held, repository: RepositoryName): RegistryError {
    return new RegistryError(
      'REPOSITORY_FULL',
      `${repository} has ${this.#maximum} ${held}, and no repository may have more: push to another one, or ask for some to be deleted`,
    );
  }
}
