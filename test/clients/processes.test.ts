// A server of several processes, as helm sees it: like any other one.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeHelm } from './support/found-clients.ts';
import { printedDigest } from './support/helm.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { startServer } from './support/server-process.ts';

const VERSIONS = ['1.0.0', '1.1.0', '1.2.0', '1.3.0'];

describeHelm((client) => {
  test('charts are pushed and pulled, whichever process has the connection, and all processes end in order', async () => {
    const server = await startServer({ flags: ['--processes', '3'] });
    try {
      const ci = await server.addAccount('ci', { team: 'writer' });
      await expect.poll(() => server.log.match(/a process for reading is ready/g)?.length, { timeout: 20_000 }).toBe(2);
      const helm = await client.loggedIn(server.host, ci);
      const repository = `oci://${server.host}/team`;
      for (const version of VERSIONS) {
        const file = await helm.package({ name: 'task-api-chart', version });
        const pushed = await helm.succeed('push', file, repository);
        const folder = join(helm.home.folder, `pulled-${version}`);
        await mkdir(folder);
        const words = ['pull', `${repository}/task-api-chart`, '--version', version, '--destination', folder];
        const pulled = await helm.succeed(...words);
        expect(printedDigest(pulled)).toBe(printedDigest(pushed));
        expect(await readFile(join(folder, `task-api-chart-${version}.tgz`))).toEqual(await readFile(file));
      }
      const tags = await new RegistryCaller(server.host, ci).tags('team/task-api-chart');
      expect(tags).toEqual(VERSIONS);
      const answering = new Set(
        server.log.match(/"pid":\d+,[^\n]*"msg":"request"/g)?.map((line) => /\d+/.exec(line)?.[0]),
      );
      expect(answering.size).toBeGreaterThan(1);
    } finally {
      expect(await server.stop()).toBe(0);
    }
  });
});
