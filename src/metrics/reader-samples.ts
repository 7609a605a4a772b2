// What the processes that only read have measured, to be told together with what the main process has.
import type { MetricSamples } from '../ports/reader-messages.ts';
import type { OtherSamples, Sample } from './metrics.ts';
import { sumOf } from './sums.ts';

export class ReaderSamples implements OtherSamples {
  readonly #running = new Map<number, MetricSamples>();
  /** Of those that have ended: what they have counted was so all the same. */
  #ended: MetricSamples = {};

  /** @param reader its number, which no other one has @param samples all of them, as they are now */
  report(reader: number, samples: MetricSamples): void {
    this.#running.set(reader, samples);
  }

  end(reader: number): void {
    const last = this.#running.get(reader) ?? {};
    this.#running.delete(reader);
    const names = new Set([...Object.keys(this.#ended), ...Object.keys(last)]);
    this.#ended = Object.fromEntries(
      [...names].map((name) => [name, sumOf([...(this.#ended[name] ?? []), ...(last[name] ?? [])])]),
    );
  }

  of(name: string, type: 'counter' | 'gauge' | 'histogram'): readonly Sample[] {
    const now = [...this.#running.values()].flatMap((samples) => samples[name] ?? []);
    return type === 'gauge' ? now : [...now, ...(this.#ended[name] ?? [])];
  }
}
