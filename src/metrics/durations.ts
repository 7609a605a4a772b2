// A histogram of durations, for each set of labels.
import type { Sample } from './metrics.ts';

/** Upper bounds in seconds: from what the database answers at once to the upload of a large blob. */
const BOUNDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** One more than there are bounds: the last is for all that took longer. */
  readonly counts: number[];
  sum: number;
}

export class Durations {
  readonly #series = new Map<string, Series>();

  observe(labels: Readonly<Record<string, string>>, seconds: number): void {
    const key = Object.values(labels).join(' ');
    const series = this.#series.get(key) ?? { labels, counts: new Array<number>(BOUNDS.length + 1).fill(0), sum: 0 };
    this.#series.set(key, series);
    const found = BOUNDS.findIndex((bound) => seconds <= bound);
    const bucket = found === -1 ? BOUNDS.length : found;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += seconds;
  }

  /** Each bucket counts those of the smaller ones too. */
  samples(): readonly Sample[] {
    return [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let count = 0;
      const buckets = counts.map((each, index) => {
        count += each;
        const le = index < BOUNDS.length ? String(BOUNDS[index]) : '+Inf';
        return { suffix: '_bucket', labels: { ...labels, le }, value: count };
      });
      return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: count }];
    });
  }
}
