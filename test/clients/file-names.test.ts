// Two charts that would be one file of a classic repository: helm push prints why the second one is refused.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeHelm } from './support/found-clients.ts';
import { type Account, type ServerProcess, startServer } from './support/server-process.ts';

describeHelm((client) => {
  let server: ServerProcess;
  let ci: Account;

  beforeAll(async () => {
    server = await startServer();
    ci = await server.addAccount('ci', { team: 'writer' });
  });
  afterAll(async () => server?.stop());

  test('web-1.0.0 in version 2.0.0, where there is web in version 1.0.0-2.0.0', async () => {
    const helm = await client.loggedIn(server.host, ci);
    await helm.publish({ name: 'web', version: '1.0.0-2.0.0' }, `oci://${server.host}/team`);
    const file = await helm.package({ name: 'web-1.0.0', version: '2.0.0' });
    const screen = await helm.fail('push', file, `oci://${server.host}/team`);
    expect(screen).toContain('409');
    expect(screen).toContain(
      'denied: web-1.0.0 2.0.0 and web 1.0.0-2.0.0, which is published in team, would both be the file web-1.0.0-2.0.0.tgz of its classic repository: raise "version" in Chart.yaml and push again',
    );
  });
});
