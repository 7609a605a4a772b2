// Two processes count as one: requests of a client, pulls, metrics, and what is refused, with the address it came from.
import { expect, test } from 'vitest';
import { pushChart } from '../support/artifacts.ts';
import { runChartroom, temporaryFolder } from '../support/chartroom-process.ts';
import { ADMIN, type Connection, startTwoProcesses, type TwoProcesses } from '../support/several-processes.ts';

test('what a client may send in a minute is not more with more processes', async () => {
  await using folder = await temporaryFolder();
  await using both = await startTwoProcesses(folder.path, ['--requests-per-minute', '100']);
  await pushed(both, folder.path);
  const { reader, main } = both;
  // Bob's own count, of which the push took nothing.
  await chartroom(folder.path, 'user add bob --password-stdin', 'password-of-bob\n');
  await chartroom(folder.path, 'grant add bob reader team');
  const as = await tokenFor(main, basicOf('bob', 'password-of-bob'));
  const path = '/v2/team/web/tags/list';
  for (let sent = 0; sent < 60; sent += 1) expect((await reader.send('GET', path, { as })).status).toBe(200);
  await answered(main, 'tags/list', 60);
  const statuses: number[] = [];
  for (let sent = 0; sent < 60; sent += 1) statuses.push((await main.send('GET', path, { as })).status);
  // Some places get free meanwhile.
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(5);
  expect(statuses.filter((status) => status === 200).length).toBeLessThan(55);
  // And what is refused by one process is refused by the other, with the same words.
  await expect.poll(async () => (await reader.send('GET', path, { as })).status, { timeout: 10_000 }).toBe(429);
  const refused = await reader.send('GET', path, { as });
  if (refused.status === 429) expect(refused.text).toContain('too many requests from bob');
});

test('metrics are those of both processes, and pulls are counted by whichever answers', async () => {
  await using folder = await temporaryFolder();
  await using both = await startTwoProcesses(folder.path);
  const archive = await pushed(both, folder.path);
  const as = await tokenFor(both.main, ADMIN);
  const path = `/v2/team/web/blobs/${archive}`;
  for (let sent = 0; sent < 3; sent += 1) expect((await both.reader.send('GET', path, { as })).status).toBe(200);
  for (let sent = 0; sent < 2; sent += 1) expect((await both.main.send('GET', path, { as })).status).toBe(200);
  await answered(both.main, 'blobs/:digest', 5);
  const memory = await metric(both.main, /^process_resident_memory_bytes (\d+)$/m);
  expect(memory).toBeGreaterThan(80 * 1024 * 1024);
  const pulls = async () => {
    const { text } = await both.reader.send('GET', '/api/v1/charts/team/web/-/pulls');
    return JSON.parse(text).total;
  };
  await expect.poll(pulls, { timeout: 20_000, interval: 500 }).toBe(5);
  // What an ended process has counted stays counted.
  process.kill(both.readerPid, 'SIGKILL');
  await expect.poll(() => both.server.stdout(), { timeout: 10_000 }).toContain('has ended and is started again');
  expect(await metric(both.main, BLOBS)).toBe(5);
});

test('who is refused is in the audit trail with the address that a trusted proxy tells, and no other one', async () => {
  for (const [flags, address] of [
    [[], '127.0.0.1'],
    [['--trusted-proxies', '127.0.0.1'], '203.0.113.9'],
  ] as const) {
    await using folder = await temporaryFolder();
    await using both = await startTwoProcesses(folder.path, flags);
    const headers = {
      'x-forwarded-for': '198.51.100.1, 203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'charts.example',
    };
    const answers = await Promise.all(
      [both.main, both.reader].map(
        async (each) => await each.send('GET', '/v2/', { as: basicOf('admin', 'wrong password'), headers }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect(answers[1]?.headers['www-authenticate']).toBe(answers[0]?.headers['www-authenticate']);
    const trusted = flags.length > 0;
    expect(answers[1]?.headers['www-authenticate']).toContain(
      trusted ? 'https://charts.example/token' : 'http://127.0.0.1',
    );
    const refusals = async (): Promise<readonly { readonly clientAddress: string }[]> => {
      const { text } = await both.main.send('GET', '/api/v1/audit?kind=login.refused');
      return JSON.parse(text).items ?? JSON.parse(text).events;
    };
    await expect.poll(async () => (await refusals()).length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(new Set((await refusals()).map((event) => event.clientAddress))).toEqual(new Set([address]));
    expect(both.logged('/v2/').map((line) => line.address)).toEqual([address, address]);
  }
});

const BLOBS = /^chartroom_http_requests_total\{method="GET",route="\/v2\/:name\/blobs\/:digest",status="200"\} (\d+)$/m;

async function metric(connection: Connection, pattern: RegExp): Promise<number> {
  const { text } = await connection.send('GET', '/metrics');
  return Number(pattern.exec(text)?.[1] ?? 0);
}

/** Waits until the main process has heard of them. */
async function answered(main: Connection, route: string, times: number): Promise<void> {
  const pattern = new RegExp(
    `^chartroom_http_requests_total\\{method="GET",route="/v2/:name/${route}",status="200"\\} (\\d+)$`,
    'm',
  );
  await expect.poll(() => metric(main, pattern), { timeout: 10_000 }).toBe(times);
}

/** @returns the digest of the chart's archive */
async function pushed({ main }: TwoProcesses, _folder: string): Promise<string> {
  const registry = main.registry as Parameters<typeof pushChart>[0];
  expect((await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' })).status).toBe(201);
  const { text } = await main.send('GET', '/v2/team/web/manifests/1.0.0');
  return JSON.parse(text).layers[0].digest;
}

async function tokenFor(main: Connection, as: string): Promise<string> {
  const { text } = await main.send('GET', '/token?scope=repository:team/web:pull', { as });
  return `Bearer ${JSON.parse(text).token}`;
}

function basicOf(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

async function chartroom(folder: string, words: string, input?: string): Promise<void> {
  const { code, stderr } = await runChartroom(words.split(' '), { folder, ...(input === undefined ? {} : { input }) });
  if (code !== 0) throw new Error(stderr);
}
