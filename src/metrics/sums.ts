// Adds up the values of a metric that were measured in several places.
import type { Sample } from './metrics.ts';

/** One for each suffix and labels, in the order in which they come first. */
export function sumOf(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, Sample>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.suffix, Object.entries(sample.labels ?? {})]);
    const known = sums.get(key);
    sums.set(key, known ? { ...known, value: known.value + sample.value } : sample);
  }
  return [...sums.values()];
}
