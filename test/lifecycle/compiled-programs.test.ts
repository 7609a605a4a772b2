// Programs that have been compiled before: they start without what strips types, which is slow and large.
import { expect, test } from 'vitest';
import {
  ADMIN_ENVIRONMENT,
  type Ended,
  serveChartroom,
  temporaryFolder,
  written,
} from '../support/chartroom-process.ts';
import { READY } from '../support/several-processes.ts';

/** Says at the end of a process whether it has loaded Node's own module that strips types. */
const SAYS_WHAT_IT_LOADED = `data:text/javascript,${encodeURIComponent(
  `process.on('exit', () => process.stderr.write(process.moduleLoadList.some((name) => name.includes('amaro')) ? 'stripped\\n' : 'compiled\\n'));`,
)}`;

test('from the second start on, neither process strips types', async () => {
  await using folder = await temporaryFolder();
  await serveTwo(folder.path);
  const { stderr } = await serveTwo(folder.path);
  expect(stderr).toBe('compiled\ncompiled\n');
});

async function serveTwo(folder: string): Promise<Ended> {
  // Without what other tests are given to start sooner.
  const options = { folder, environment: { ...ADMIN_ENVIRONMENT, NODE_COMPILE_CACHE: '' } };
  await using server = await serveChartroom(options, ['--processes', '2'], ['--import', SAYS_WHAT_IT_LOADED]);
  await written(server, READY);
  return await server.stop('SIGTERM');
}
