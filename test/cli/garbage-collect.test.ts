// Garbage collection by the command line, beside a server that runs and over the network.
import { afterAll, expect, test } from 'vitest';
import { pushBlob } from '../support/artifacts.ts';
import { type Ended, runChartroom, temporaryFolder } from '../support/chartroom-process.ts';
import { startRegistry } from '../support/start-registry.ts';
import { failure, success } from './registry-folder.ts';

const registry = await startRegistry();
const folder = await temporaryFolder();
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function local(...words: readonly string[]): Promise<Ended> {
  return await runChartroom([...words, '--data-dir', registry.dataDir], { folder: folder.path });
}

test('what would go is counted, then taken away, and both are listed', async () => {
  await pushBlob(registry, 'team/tool', Buffer.alloc(2048, 'x'));
  expect(await local('garbage-collect')).toEqual(
    success('took away 0 manifests, 0 blobs, 0 leftovers and 0 uploads: 0 B'),
  );
  const found = '0 manifests, 1 blob, 0 leftovers and 0 uploads: 2.0 KiB';
  expect(await local('garbage-collect', '--grace-period', '0', '--dry-run')).toEqual(
    success(`would take away ${found}`),
  );
  expect(await local('garbage-collect', '--grace-period', '0')).toEqual(success(`took away ${found}`));
  const { stdout } = await local('job', 'list');
  const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
  expect(lines[0]).toEqual(['JOB', 'STATE', 'STARTED', 'REQUESTED BY', 'RESULT']);
  expect(lines.slice(1, 3).map(([job, state, , , result]) => [job, state, result])).toEqual([
    ['collect-garbage', 'succeeded', found],
    ['collect-garbage', 'succeeded', `dry run: ${found}`],
  ]);
});

test('a server is asked to do it', async () => {
  const made = await local('token', 'add', 'cli', '--user', 'admin', '--management', '--json');
  const { secret } = JSON.parse(made.stdout) as { secret: string };
  const answer = await runChartroom(['garbage-collect', '--json', '--server', registry.url], {
    ...{ folder: folder.path, environment: { CHARTROOM_TOKEN: secret } },
  });
  expect([answer.code, answer.stderr]).toEqual([0, '']);
  expect(JSON.parse(answer.stdout)).toMatchObject({ state: 'succeeded', requestedBy: 'admin', progress: { blobs: 0 } });
});

test('a span that is none is refused', async () => {
  expect(await local('garbage-collect', '--grace-period', 'soon')).toEqual(
    failure('"soon" is no span of time: write 90m, 24h or 7d, or 0 for none'),
  );
});
