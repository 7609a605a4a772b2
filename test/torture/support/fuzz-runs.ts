// How many cases a fuzzing test tries, and with which seed: the same ones every time, unless run.mjs is told otherwise.
import { FUZZ, SEED } from '../settings.ts';

/** @param usual how many, of which `--fuzz 10` tries ten times as many */
export function fuzzing(usual: number): {
  readonly seed: number;
  readonly numRuns: number;
  readonly endOnFailure: true;
} {
  if (!(FUZZ > 0)) throw new Error('--fuzz 0 would try nothing');
  return { seed: SEED, numRuns: Math.ceil(usual * FUZZ), endOnFailure: true };
}
