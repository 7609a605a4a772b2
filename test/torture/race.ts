// Runs a race in many orders: each from a seed of its own, which a failure names.
import { RegistryError } from '../../src/oci/error.ts';
import { Random } from '../support/random.ts';
import { Violation } from './connection.ts';
import { RaceRepository } from './race-operations.ts';
import { checkRaceWorld, type RaceWorld } from './race-world.ts';
import { Scheduler } from './scheduler.ts';
import { INTERLEAVINGS, SEED } from './settings.ts';

/** What one task came to. */
type Outcome = 'done' | 'refused';

export interface Race {
  /** Repositories that nobody else has. */
  readonly one: RaceRepository;
  readonly other: RaceRepository;
  /** Different in each run. */
  readonly name: string;
  readonly world: RaceWorld;
  readonly random: Random;
}

export interface Prepared {
  readonly tasks: readonly (() => Promise<unknown>)[];
  /** Told what became of each task, in their order. @throws Violation when that cannot be */
  readonly check?: (outcomes: readonly Outcome[]) => Promise<void>;
}

/**
 * @param prepare what was there before, and what is done at once
 * @returns in how many ways it ended, by outcomes
 */
export async function runRace(
  world: RaceWorld,
  title: string,
  prepare: (race: Race) => Promise<Prepared>,
): Promise<ReadonlyMap<string, number>> {
  const ends = new Map<string, number>();
  for (let number = 0; number < INTERLEAVINGS; number += 1) {
    const seed = (Math.imul(SEED, 1_000_003) + number) | 0;
    const random = new Random(seed);
    // By its number and not at random, so that names decide nothing either.
    const name = `race${number}-${title.replaceAll(/[^a-z]+/g, '-').slice(0, 60)}`.replaceAll(/-$/g, '');
    const [one, other] = [new RaceRepository(world, `${name}/a/web`), new RaceRepository(world, `${name}/b/web`)];
    const prepared = await prepare({ one, other, name, world, random });
    const scheduler = new Scheduler(random);
    world.schedule(scheduler);
    try {
      const outcomes = (await scheduler.run(prepared.tasks)).map(outcomeOf);
      await prepared.check?.(outcomes);
      await checkRaceWorld(world, `${name}/`);
      const end = outcomes.join(' ');
      ends.set(end, (ends.get(end) ?? 0) + 1);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${title}: order ${number} of seed ${SEED}: ${message}`, { cause });
    }
  }
  return ends;
}

function outcomeOf(settled: PromiseSettledResult<unknown>): Outcome {
  if (settled.status === 'fulfilled') return 'done';
  const { reason } = settled;
  // Anything else than a refusal would have been a 500.
  if (reason instanceof RegistryError) return 'refused';
  throw reason;
}

export function requireThat(condition: boolean, what: string): void {
  if (!condition) throw new Violation(what);
}
