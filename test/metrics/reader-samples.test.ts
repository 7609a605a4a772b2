// Metrics of several processes are told as those of one server.
import { expect, test } from 'vitest';
import { Metrics } from '../../src/metrics/metrics.ts';
import { ReaderSamples } from '../../src/metrics/reader-samples.ts';

const GET = { method: 'GET' };
const HEAD = { method: 'HEAD' };

function start() {
  const metrics = new Metrics((error) => {
    throw error;
  });
  const read = () => [{ labels: GET, value: 5 }];
  metrics.add({ name: 'requests_total', help: 'Requests.', type: 'counter', read });
  metrics.addGauge('running', 'Running.', () => 2);
  const others = new ReaderSamples();
  metrics.include(others);
  return { metrics, others };
}

test('equal labels are added up, and those that only another process has are told as well', async () => {
  const { metrics, others } = start();
  others.report(1, { requests_total: [{ labels: GET, value: 3 }], running: [{ value: 1 }] });
  others.report(2, { requests_total: [{ labels: HEAD, value: 4 }] });
  // The newest counts.
  others.report(1, { requests_total: [{ labels: GET, value: 7 }], running: [{ value: 4 }] });
  const text = await metrics.text();
  expect(text.match(/^[^#].*$/gm)).toEqual([
    'requests_total{method="GET"} 12',
    'requests_total{method="HEAD"} 4',
    'running 6',
  ]);
});

test('a counter never goes back when a process ends, and a gauge is of those that are left', async () => {
  const { metrics, others } = start();
  others.report(1, { requests_total: [{ labels: GET, value: 3 }], running: [{ value: 1 }] });
  others.end(1);
  others.report(2, { requests_total: [{ labels: GET, value: 1 }], running: [{ value: 1 }] });
  others.end(2);
  const text = await metrics.text();
  expect(text.match(/^[^#].*$/gm)).toEqual(['requests_total{method="GET"} 9', 'running 2']);
});
