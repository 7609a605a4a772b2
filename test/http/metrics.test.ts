// GET /metrics: what it tells, to whom, and that no client can make it grow.
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../src/ports/clock.ts';
import { errorOf, pushChart } from '../support/artifacts.ts';
import { MANAGER } from '../support/manager.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';
import { StorageFaults } from '../support/storage-faults.ts';
import { eventually } from './support/eventually.ts';
import { startUpload } from './support/uploads.ts';

const faults = new StorageFaults();
const registry = await startRegistry({}, systemClock, faults);
afterAll(() => registry[Symbol.asyncDispose]());

async function scrape(as: string = ADMIN): Promise<string> {
  const answer = await registry.request('GET', '/metrics', { as });
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  return await answer.text();
}

/** The value of a series; undefined when there is none. */
async function readValue(series: string): Promise<number | undefined> {
  const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

async function addRobot(name: string, namespace: string, charts: string): Promise<string> {
  const scopes = [{ namespace, charts, actions: ['pull'] as const }];
  const { secret } = await registry.accounts.robots.add({ name, namespace, scopes, expiresAt: null }, MANAGER);
  return secret;
}

test('it is in the text format that Prometheus reads, every line of it', async () => {
  await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
  const answer = await registry.request('GET', '/metrics');
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await answer.text();
  const value = String.raw`(?:[-+0-9.e]+|\+Inf|NaN)`;
  const labels = String.raw`(?:\{[a-z_]+="[^"\n]*"(?:,[a-z_]+="[^"\n]*")*\})?`;
  const line = new RegExp(
    `^(?:# HELP [a-z_]+ .+\\.|# TYPE [a-z_]+ (?:counter|gauge|histogram)|[a-z_]+${labels} ${value})$`,
  );
  expect(text.endsWith('\n')).toBe(true);
  expect(
    text
      .trimEnd()
      .split('\n')
      .filter((each) => !line.test(each)),
  ).toEqual([]);
});

test('it tells when each background job last ended well', async () => {
  for (const job of ['audit-trail', 'collect-garbage', 'journal', 'recheck', 'scrub', 'search']) {
    expect(await readValue(`chartroom_job_last_success_timestamp_seconds{job="${job}"}`)).toBeGreaterThan(0);
  }
});

test('it tells of the process, the disk, the requests and the jobs', async () => {
  await startUpload(registry, 'team/web');
  const text = await scrape();
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(names).toEqual(names.toSorted());
  expect(names).toEqual(
    expect.arrayContaining([
      'chartroom_blobs_damaged',
      'chartroom_build_info',
      'chartroom_http_failures_total',
      'chartroom_http_request_duration_seconds',
      'chartroom_http_requests_aborted_total',
      'chartroom_http_requests_running',
      'chartroom_http_requests_total',
      'chartroom_job_last_success_timestamp_seconds',
      'chartroom_last_backup_timestamp_seconds',
      'chartroom_pushes_refused',
      'chartroom_storage_free_bytes',
      'chartroom_storage_reserved_bytes',
      'chartroom_storage_total_bytes',
      'chartroom_uploads_open',
      'nodejs_heap_size_used_bytes',
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
    ]),
  );
  expect(await readValue('chartroom_uploads_open')).toBe(1);
  expect(await readValue('chartroom_blobs_damaged')).toBe(0);
  // Itself.
  await eventually(() => readValue('chartroom_http_requests_running')).toBe(1);
  await eventually(() => scrape()).toContain('nodejs_eventloop_delay_seconds{quantile="0.99"}');
});

test('requests are counted by the pattern of their route, and what has no route as one', async () => {
  const series = 'chartroom_http_requests_total{method="GET",route="/v2/:name/tags/list",status="200"}';
  const none = 'chartroom_http_requests_total{method="any",route="none",status="404"}';
  const lines = async () => (await scrape()).split('\n').length;
  await scrape();
  await registry.request('GET', '/v2/team/web/tags/list');
  await registry.request('GET', '/nothing/here');
  await eventually(() => readValue(none)).toBe(1);
  const [before, known] = [await lines(), (await readValue(series)) ?? 0];
  for (let each = 0; each < 30; each += 1) {
    await registry.request('GET', `/v2/team/web/tags/list?n=${each}`);
    await registry.request(each % 2 === 0 ? 'PUT' : 'GET', `/nothing/here/${each}`);
  }
  await eventually(() => readValue(none)).toBe(31);
  expect(await readValue(series)).toBe(known + 30);
  expect(await lines()).toBe(before);
  expect(await scrape()).not.toContain('team');
});

test('that pushes are refused is told', async () => {
  expect(await readValue('chartroom_pushes_refused')).toBe(0);
  faults.space = { freeBytes: 10, totalBytes: 1000, freeFiles: undefined };
  await eventually(() => readValue('chartroom_pushes_refused')).toBe(1);
  expect(await readValue('chartroom_storage_free_bytes')).toBe(10);
  expect(await readValue('chartroom_storage_total_bytes')).toBe(1000);
  expect(await readValue('chartroom_storage_reserved_bytes')).toBe(50);
  faults.space = undefined;
  await eventually(() => readValue('chartroom_pushes_refused')).toBe(0);
});

test('administrators read it, and robots that may read everything', async () => {
  const everything = await addRobot('metrics', '', '*');
  expect(await scrape(`metrics:${everything}`)).toContain('chartroom_build_info');
  // As Prometheus sends it with `authorization: credentials_file`.
  expect(await scrape(`Bearer ${everything}`)).toContain('chartroom_build_info');
  await registry.accounts.namespaces.setVisibility({ path: 'team', visibility: 'public' }, MANAGER);
  for (const [name, namespace, charts] of [
    ['part', 'team', '*'],
    ['pattern', '', 'w*'],
  ] as const) {
    const as = `${name}:${await addRobot(name, namespace, charts)}`;
    const refused = await registry.request('GET', '/metrics', { as });
    expect([refused.status, (await errorOf(refused)).message]).toEqual([
      403,
      `robot ${name} may not read metrics, which are of everything: send the secret of a robot that "chartroom robot add metrics --scope /:pull" makes, or the password of an administrator`,
    ]);
  }
});

test('nobody else reads it, also where everything is public', async () => {
  await registry.accounts.namespaces.setVisibility({ path: '', visibility: 'public' }, MANAGER);
  for (const as of [undefined, 'admin:wrong password', 'Bearer nonsense']) {
    expect((await registry.request('GET', '/metrics', { as })).status).toBe(401);
  }
  const answer = await registry.request('GET', '/token?scope=registry:catalog:*');
  const { token } = (await answer.json()) as { readonly token: string };
  const refused = await registry.request('GET', '/metrics', { as: `Bearer ${token}` });
  expect(refused.status).toBe(401);
  expect((await errorOf(refused)).message).toContain('metrics are not read with a token');
});
