// The chart API without a network, as the command line uses it on the machine of the registry: names keep their slashes.
import { afterAll, expect, test } from 'vitest';
import { openDataFolder } from '../../../src/app.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { publish } from './support/charts.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

test('a chart, a version and a file of it are found by their whole names', async () => {
  await publish(registry, 'team/deep/web', '1.0.0', { files: { 'templates/a.yaml': 'kind: Pod\n' } });
  const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir: registry.dataDir };
  await using folder = await openDataFolder(config, 'root');
  const read = async (path: string) => await folder.management.inject(`/api/v1/charts${path}`);
  expect((await read('/team/deep/web')).json()).toMatchObject({
    chart: 'team/deep/web',
    newest: { createdBy: 'admin' },
  });
  expect((await read('/team/deep/web/-/versions/1.0.0')).json()).toMatchObject({ version: '1.0.0' });
  const file = await read('/team/deep/web/-/versions/1.0.0/files/templates/a.yaml');
  expect([file.statusCode, file.body]).toEqual([200, 'kind: Pod\n']);
  const page = (await read('?limit=1')).json<{ readonly items: readonly { readonly chart: string }[] }>();
  expect(page.items.map(({ chart }) => chart)).toEqual(['team/deep/web']);
});
