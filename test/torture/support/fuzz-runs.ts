// How many cases a fuzzing test tries, and with which seed: the same ones every time, unless the environment says otherwise.
import { env } from 'node:process';

/** @param usual how many, where FUZZ_RUNS says nothing; FUZZ_RUNS is a factor: 10 tries ten times as many */
export function fuzzing(usual: number): {
  readonly seed: number;
  readonly numRuns: number;
  readonly endOnFailure: true;
} {
  const factor = Number(env.FUZZ_RUNS ?? 1);
  const seed = Number(env.FUZZ_SEED ?? 20_261_123);
  if (!(factor > 0) || !Number.isSafeInteger(seed)) throw new Error('FUZZ_RUNS is a factor, FUZZ_SEED a whole number');
  return { seed, numRuns: Math.ceil(usual * factor), endOnFailure: true };
}
