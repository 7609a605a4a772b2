// The text that Prometheus reads.
import { expect, test } from 'vitest';
import { Durations } from '../../src/metrics/durations.ts';
import { LastSuccesses } from '../../src/metrics/last-successes.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { TestClock } from '../support/clock.ts';

function newMetrics(): { readonly metrics: Metrics; readonly failures: string[] } {
  const failures: string[] = [];
  return { metrics: new Metrics((error, name) => failures.push(`${name}: ${error}`)), failures };
}

test('metrics are told by name, each with its help, its type and its samples', async () => {
  const { metrics } = newMetrics();
  metrics.addGauge('b_bytes', 'Bytes.', () => 1.5);
  metrics.add({
    name: 'a_total',
    help: 'Things.',
    type: 'counter',
    read: async () => [
      { value: 3, labels: { kind: 'one', state: 'x' } },
      { value: 4, labels: { kind: 'two', state: 'y' } },
    ],
  });
  expect(await metrics.text()).toBe(`# HELP a_total Things.
# TYPE a_total counter
a_total{kind="one",state="x"} 3
a_total{kind="two",state="y"} 4
# HELP b_bytes Bytes.
# TYPE b_bytes gauge
b_bytes 1.5
`);
});

test('quotes, backslashes and line breaks in a label are written as the format has them', async () => {
  const { metrics } = newMetrics();
  const labels = { path: 'a"b\\c\nd' };
  metrics.add({ name: 'odd', help: 'Odd.', type: 'gauge', read: () => [{ value: 1, labels }] });
  expect(await metrics.text()).toContain('odd{path="a\\"b\\\\c\\nd"} 1\n');
});

test('a metric that cannot be read, or has nothing to tell, is left out, and the others are told', async () => {
  const { metrics, failures } = newMetrics();
  metrics.addGauge('broken', 'Broken.', () => Promise.reject(new Error('locked')));
  metrics.addGauge('absent', 'Absent.', () => undefined);
  metrics.addGauge('sound', 'Sound.', () => 0);
  expect(await metrics.text()).toBe('# HELP sound Sound.\n# TYPE sound gauge\nsound 0\n');
  expect(failures).toEqual(['broken: Error: locked']);
});

test('a name can be used once', () => {
  const { metrics } = newMetrics();
  metrics.addGauge('once', 'Once.', () => 1);
  expect(() => metrics.addGauge('once', 'Twice.', () => 2)).toThrow('there are two metrics once');
});

test('a bucket counts what is as long as its bound or shorter, and the last one all', () => {
  const durations = new Durations();
  for (const seconds of [0.005, 0.006, 3, 61]) durations.observe({ route: '/a' }, seconds);
  durations.observe({ route: '/b' }, 1);
  const samples = durations.samples().filter(({ labels }) => labels?.route === '/a');
  expect(samples.map(({ suffix, labels, value }) => `${suffix} ${labels?.le ?? ''} ${value}`)).toEqual([
    '_bucket 0.005 1',
    '_bucket 0.025 2',
    '_bucket 0.1 2',
    '_bucket 0.5 2',
    '_bucket 2.5 2',
    '_bucket 10 3',
    '_bucket 60 3',
    '_bucket +Inf 4',
    '_sum  64.011',
    '_count  4',
  ]);
});

test('the last success of a job stays when a later run fails', async () => {
  const { metrics } = newMetrics();
  const clock = new TestClock('2026-10-01T00:00:00Z');
  let fails = false;
  const job = new LastSuccesses(clock, metrics).noting('search', async () => {
    if (fails) throw new Error('failed');
    return 'result';
  });
  clock.advance(1000);
  expect(await job()).toBe('result');
  fails = true;
  clock.advance(1000);
  await expect(job()).rejects.toThrow('failed');
  expect(await metrics.text()).toContain(
    `chartroom_job_last_success_timestamp_seconds{job="search"} ${Date.parse('2026-10-01T00:00:01Z') / 1000}\n`,
  );
});

test('a job that has never ended well is told from the start, as of then, so that an alert notices it', async () => {
  const { metrics } = newMetrics();
  const clock = new TestClock('2026-10-01T00:00:00Z');
  const job = new LastSuccesses(clock, metrics).noting('search', () => Promise.reject(new Error('failed')));
  clock.advance(1000);
  await expect(job()).rejects.toThrow('failed');
  expect(await metrics.text()).toContain(
    `chartroom_job_last_success_timestamp_seconds{job="search"} ${Date.parse('2026-10-01T00:00:00Z') / 1000}\n`,
  );
});
