// What the server measures of itself, in Prometheus' text format, version 0.0.4.
import { sumOf } from './sums.ts';

/** A value with its labels, and what stands behind the metric's name: `_sum` and so on. */
export interface Sample {
  readonly value: number;
  /** Their values must be bounded: the route's pattern, never a name that a client gives. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly suffix?: string;
}

interface Metric {
  /** `chartroom_…`, with the unit: seconds, bytes, or `_total` for what only counts up */
  readonly name: string;
  /** a sentence for whoever makes a dashboard */
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** The values of this moment: none when there is nothing to tell. It is asked at every scrape, and must be cheap. */
  read(): readonly Sample[] | Promise<readonly Sample[]>;
}

/** What other processes of the server have measured. */
export interface OtherSamples {
  of(name: string, type: Metric['type']): readonly Sample[];
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export class Metrics {
  readonly #metrics = new Map<string, Metric>();
  readonly #onFailure: (error: unknown, name: string) => void;
  #others: OtherSamples | undefined;

  /** @param onFailure told of a metric that cannot be read; the others are told all the same */
  constructor(onFailure: (error: unknown, name: string) => void) {
    this.#onFailure = onFailure;
  }

  add(metric: Metric): void {
    if (this.#metrics.has(metric.name)) throw new Error(`there are two metrics ${metric.name}`);
    this.#metrics.set(metric.name, metric);
  }

  /** From now on, what those have measured is added to what is measured here. */
  include(others: OtherSamples): void {
    this.#others = others;
  }

  /** One value; undefined when there is none now. */
  addGauge(name: string, help: string, read: () => number | undefined | Promise<number | undefined>): void {
    const samples = async (): Promise<readonly Sample[]> => {
      const value = await read();
      return value === undefined ? [] : [{ value }];
    };
    this.add({ name, help, type: 'gauge', read: samples });
  }

  /** All of them, by name. */
  async text(): Promise<string> {
    const metrics = [...this.#metrics.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const texts = await Promise.all(metrics.map((metric) => this.#textOf(metric)));
    return texts.join('');
  }

  /** The values of this moment, by the metric's name. */
  async samples(): Promise<Readonly<Record<string, readonly Sample[]>>> {
    const entries = [...this.#metrics.values()].map(async ({ name, read }) => [name, await read()] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  async #textOf(metric: Metric): Promise<string> {
    const { name, help, type } = metric;
    try {
      const others = this.#others?.of(name, type) ?? [];
      const own = await metric.read();
      const samples = others.length === 0 ? own : sumOf([...own, ...others]);
      if (samples.length === 0) return '';
      const lines = samples.map((sample) => `${name}${sample.suffix ?? ''}${labelText(sample)} ${sample.value}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    } catch (error) {
      this.#onFailure(error, name);
      return '';
    }
  }
}

function labelText({ labels = {} }: Sample): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
