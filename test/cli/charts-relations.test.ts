// `chartroom chart dependents` and `pulls`: who uses a chart.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChartsRegistry, chartsRegistry, HOST } from './charts-registry.ts';
import { failure, NOTHING_TO_SHOW, success } from './registry-folder.ts';

const DAY = 24 * 60 * 60 * 1000;

let registry: ChartsRegistry;

beforeAll(async () => {
  registry = await chartsRegistry();
});

afterAll(async () => await registry?.[Symbol.asyncDispose]());

test('dependents are listed with what they allow, and whether that is the newest', async () => {
  expect(await registry.chartroom('chart dependents library/common')).toEqual(
    success(
      'CHART      VERSION  RANGE   NEWEST ALLOWED  FROM                              NOTICE',
      'team/shop  0.4.1    1.x     1.3.0           @library                          perhaps another chart',
      `team/web   2.0.0    ^1.2.0  1.3.0           oci://${HOST}/library  -`,
    ),
  );
  expect((await registry.chartroom('chart dependents team/web')).stdout).toMatch(
    /^team\/shop {2}0\.4\.1 {4}~1\.2\.0 {2}1\.2\.1 .* not the newest$/m,
  );
  expect(await registry.chartroom('chart dependents team/shop')).toEqual(NOTHING_TO_SHOW);
});

test('those are picked whose range allows a version', async () => {
  const allowing = async (version: string) => {
    const { stdout } = await registry.chartroom(`chart dependents library/common --allowing ${version} --json`);
    return JSON.parse(stdout).items.map(({ chart }: { chart: string }) => chart);
  };
  expect([await allowing('1.1.0'), await allowing('1.3.0')]).toEqual([['team/shop'], ['team/shop', 'team/web']]);
});

test('pulls are shown by day and by version, without the days that had none', async () => {
  expect(await registry.remote('chart pulls team/web')).toEqual(success('0 pulls in 30 days'));
  await pull('1.2.0', 1);
  registry.clock.advance(2 * DAY);
  await pull('2.0.0', 3);
  await pull('1.2.0', 1);
  await registry.server.restart();
  expect(await registry.remote('chart pulls team/web --days 7')).toEqual(
    success(
      '5 pulls in 7 days',
      '',
      'DAY         PULLS',
      '2026-11-23  1  ##########',
      '2026-11-25  4  ########################################',
      '',
      'VERSION  PULLS',
      '2.0.0    3',
      '1.2.0    2',
    ),
  );
  expect((await registry.remote('chart pulls team/web --days 1')).stdout).toMatch(/^4 pulls in 1 day\n/);
});

test('a number of days that nobody keeps is refused', async () => {
  expect(await registry.chartroom('chart pulls team/web --days 400')).toEqual(
    failure('--days is "400", but must be a whole number from 1 to 366'),
  );
});

async function pull(version: string, times: number): Promise<void> {
  const manifest = await registry.server.request('GET', `/v2/team/web/manifests/${version}`);
  const { layers } = (await manifest.json()) as { layers: { digest: string; mediaType: string }[] };
  const archive = layers.find(({ mediaType }) => mediaType.includes('chart.content'))?.digest;
  for (let count = 0; count < times; count += 1) {
    const answer = await registry.server.request('GET', `/v2/team/web/blobs/${archive}`);
    await answer.arrayBuffer();
  }
}
