// What the process needs: memory, processor, and how long its one thread keeps requests waiting.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../ports/clock.ts';
import type { Metrics } from './metrics.ts';

/** How often the delay is measured: milliseconds. */
const RESOLUTION = 20;
const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

/** @param version of the program */
export function addProcessMetrics(metrics: Metrics, clock: Clock, version: string): Disposable {
  const startedAt = clock.now() / 1000;
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  metrics.add({
    name: 'chartroom_build_info',
    help: 'The version that runs; the value is always 1.',
    type: 'gauge',
    read: () => [{ labels: { version }, value: 1 }],
  });
  metrics.addGauge('process_start_time_seconds', 'When the server was started, since 1970.', () => startedAt);
  addProcessUse(metrics);
  addDelay(metrics, delay);
  return { [Symbol.dispose]: () => void delay.disable() };
}

/** What adds up where the server is several processes. */
export function addProcessUse(metrics: Metrics): void {
  metrics.add({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the server, all threads together.',
    type: 'counter',
    read: () => {
      const { user, system } = process.cpuUsage();
      return [{ value: (user + system) / MICROSECONDS }];
    },
  });
  metrics.addGauge('process_resident_memory_bytes', 'Memory of the server in all.', () => process.memoryUsage.rss());
  metrics.addGauge(
    'nodejs_heap_size_used_bytes',
    'Memory that JavaScript objects take.',
    () => process.memoryUsage().heapUsed,
  );
  metrics.addGauge(
    'nodejs_external_memory_bytes',
    'Memory outside of the heap, such as that of buffers.',
    () => process.memoryUsage().external,
  );
}

/** Since the last scrape. */
function addDelay(metrics: Metrics, delay: ReturnType<typeof monitorEventLoopDelay>): void {
  metrics.add({
    name: 'nodejs_eventloop_delay_seconds',
    help: 'How late the event loop came to what was due since the last scrape.',
    type: 'gauge',
    read: () => {
      if (delay.count === 0) return [];
      const samples = [50, 99, 100].map((percentile) => ({
        labels: { quantile: String(percentile / 100) },
        value: Math.max(0, delay.percentile(percentile) / NANOSECONDS - RESOLUTION / 1000),
      }));
      delay.reset();
      return samples;
    },
  });
}
