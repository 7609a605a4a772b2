// A published chart is damaged on the disk: helm prints what happened, and pushing the same version again heals it.
import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { blobPath } from '../support/blob-path.ts';
import { describeWalk } from './support/found-clients.ts';
import { type Account, type ServerProcess, startServer } from './support/server-process.ts';

const CHART = { name: 'task-api-chart', version: '1.0.0' };

describeWalk((client) => {
  let server: ServerProcess;
  let ci: Account;

  beforeAll(async () => {
    server = await startServer();
    ci = await server.addAccount('ci', { '/': 'writer' });
  });
  afterAll(async () => server?.stop());

  test('the pull says why, and the same push heals it', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const target = `oci://${server.host}/damaged`;
    const file = await helm.publish(CHART, target);
    const bytes = await readFile(file);
    await truncate(blobPath(server.dataFolder, digestOf(bytes)), 10);
    const pull = ['pull', `${target}/task-api-chart`, '--version', '1.0.0', '--destination', helm.home.folder];
    const screen = await helm.fail(...pull);
    expect(screen).toContain(client.isCurrent ? 'was damaged or lost in the registry' : '410 Gone');
    if (client.isCurrent) expect(screen).toContain('push the same content again, which heals it');
    expect(server.log).toContain('damaged/task-api-chart:1.0.0');
    await helm.succeed('push', file, target);
    await helm.succeed(...pull);
    expect(await readFile(join(helm.home.folder, 'task-api-chart-1.0.0.tgz'))).toEqual(bytes);
    expect(await server.manage('verify', '--repair')).toContain('all is sound');
  });
});
