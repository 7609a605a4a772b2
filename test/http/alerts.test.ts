// The alerts that docs/monitoring.md gives: each finds its series on a server that has just started, so that it notices the first time.
import { readFile } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../src/ports/clock.ts';
import { startRegistry } from '../support/start-registry.ts';
import { StorageFaults } from '../support/storage-faults.ts';
import { eventually } from './support/eventually.ts';

const faults = new StorageFaults();
const registry = await startRegistry({}, systemClock, faults);
afterAll(() => registry[Symbol.asyncDispose]());

const page = await readFile(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
const expressions = [...page.matchAll(/^ +expr: (.+)$/gm)].map(([, expression = '']) => expression);

/** The series that it looks at, as lines of the metrics begin: `name{label="value"}`; of `one|other`, both. */
function seriesOf(expression: string): readonly string[] {
  const selectors = [...expression.matchAll(/\b((?:chartroom|nodejs|process)_\w+)(?:\{(\w+)=~?"([^"]+)"\})?/g)];
  return selectors.flatMap(([, name = '', label, values = '']) =>
    label === undefined ? [`${name} `] : values.split('|').map((value) => `${name}{${label}="${value}"} `),
  );
}

async function scrape(): Promise<readonly string[]> {
  return (await (await registry.request('GET', '/metrics')).text()).split('\n');
}

/** How often something was answered so. */
async function failures(status: number): Promise<number> {
  const series = `chartroom_http_failures_total{status="${status}"} `;
  return Number((await scrape()).find((line) => line.startsWith(series))?.slice(series.length));
}

test('each alert finds all of its series before anything has happened', async () => {
  expect(expressions.length).toBeGreaterThan(5);
  const series = expressions.flatMap(seriesOf);
  // The delay of the event loop is told once it was measured, some milliseconds after the start.
  await eventually(async () => {
    const lines = await scrape();
    return series.filter((each) => !lines.some((line) => line.startsWith(each)));
  }).toEqual([]);
});

test('what the alerts count is counted from 0, whatever the route is', async () => {
  expect(await Promise.all([429, 500, 503, 507].map(failures))).toEqual([0, 0, 0, 0]);
  faults.space = { freeBytes: 10, totalBytes: 1000, freeFiles: undefined };
  let refused = 0;
  await eventually(async () => {
    const { status } = await registry.request('POST', '/v2/team/web/blobs/uploads/');
    if (status === 507) refused += 1;
    return status;
  }).toBe(507);
  // Counted once the answer is sent, which may be a moment later.
  await eventually(() => failures(507)).toBe(refused);
  expect((await registry.request('POST', '/v2/team/other/blobs/uploads/')).status).toBe(507);
  await eventually(() => failures(507)).toBe(refused + 1);
  expect((await registry.request('GET', '/nothing')).status).toBe(404);
  expect(await Promise.all([429, 500, 503].map(failures))).toEqual([0, 0, 0]);
});
