// How often a chart was pulled, day by day and by version.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestClock } from '../../support/clock.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { publish, pull } from './support/charts.ts';

const DAY = 24 * 60 * 60 * 1000;
const clock = new TestClock('2026-02-27T23:59:00Z');
const registry = await startRegistry({}, clock);
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const PULLS = '/charts/team/web/-/pulls';

beforeAll(async () => {
  for (const version of ['1.0.0', '1.1.0', '1.2.0+7']) await publish(registry, 'team/web', version);
  await pull(registry, 'team/web', '1.0.0', 2);
  clock.advance(60_000);
  await pull(registry, 'team/web', '1.0.0');
  await pull(registry, 'team/web', '1.2.0+7', 5);
  clock.advance(3 * DAY);
  await pull(registry, 'team/web', '1.1.0', 4);
  // Counts are written when the server stops, at the latest.
  await registry.restart();
});

test('days come in order, those without a pull among them', async () => {
  expect((await api.send('GET', `${PULLS}?days=5`)).body).toEqual({
    ...{ chart: 'team/web', total: 12 },
    days: [
      { day: '2026-02-27', pulls: 2 },
      { day: '2026-02-28', pulls: 6 },
      { day: '2026-03-01', pulls: 0 },
      { day: '2026-03-02', pulls: 0 },
      { day: '2026-03-03', pulls: 4 },
    ],
    versions: [
      { version: '1.2.0+7', pulls: 5 },
      { version: '1.1.0', pulls: 4 },
      { version: '1.0.0', pulls: 3 },
    ],
  });
});

test('only what was pulled on these days is counted', async () => {
  expect((await api.send('GET', `${PULLS}?days=1`)).body).toEqual({
    ...{ chart: 'team/web', total: 4 },
    days: [{ day: '2026-03-03', pulls: 4 }],
    versions: [{ version: '1.1.0', pulls: 4 }],
  });
  const { body } = await api.send<{ readonly days: readonly { readonly day: string }[] }>('GET', PULLS);
  expect([body.days.length, body.days[0]?.day, body.days.at(-1)?.day]).toEqual([30, '2026-02-02', '2026-03-03']);
});

test('one version can be counted alone', async () => {
  for (const version of ['1.2.0_7', '1.2.0%2B7']) {
    expect((await api.send('GET', `${PULLS}?days=4&version=${version}`)).body).toEqual({
      ...{ chart: 'team/web', total: 5 },
      days: [
        { day: '2026-02-28', pulls: 5 },
        { day: '2026-03-01', pulls: 0 },
        { day: '2026-03-02', pulls: 0 },
        { day: '2026-03-03', pulls: 0 },
      ],
      versions: [{ version: '1.2.0+7', pulls: 5 }],
    });
  }
  expect((await api.send('GET', `${PULLS}?days=1&version=1.0.0`)).body).toMatchObject({ total: 0, versions: [] });
});

test.each([
  ['?days=0', 400, '"days" in the query must be >= 1'],
  ['?days=367', 400, '"days" in the query must be <= 366'],
  ['?days=x', 400, '"days" in the query must be a whole number'],
  ['?version=9.0.0', 404, 'team/web has no version "9.0.0"'],
])('what cannot be counted is refused: %s', async (query, status, detail) => {
  expect(await api.refusal(status, 'GET', `${PULLS}${query}`)).toBe(detail);
});

test('a year is as good', async () => {
  expect((await api.send('GET', `${PULLS}?days=366`)).body).toMatchObject({ total: 12 });
});
