// "helm search hub" against this registry: what everybody finds, and what whoever gives a password finds.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MANAGER } from '../support/manager.ts';
import { ClockedRegistry } from './support/clocked-registry.ts';
import { describeWalk } from './support/found-clients.ts';

describeWalk((client) => {
  let registry: ClockedRegistry;
  let host: string;

  beforeAll(async () => {
    registry = await ClockedRegistry.start();
    host = registry.host;
    await registry.publish('team/redis', 'open/lamp');
    await registry.accounts.namespaces.setVisibility({ path: 'open', visibility: 'public' }, MANAGER);
  });
  afterAll(async () => registry?.[Symbol.asyncDispose]());

  test('charts are found by a word, a beginning and a typo, with the address of their page', async () => {
    const helm = await client.fresh();
    for (const word of ['lamp', 'lam', 'lapm']) {
      const found = await helm.output('search', 'hub', '--endpoint', `http://${host}`, word);
      expect(found, word).toContain(`http://${host}/charts/open/lamp`);
      expect(found, word).toContain('1.0.0');
    }
  });

  test('private charts are found with user information in the address, and by nobody else', async () => {
    const helm = await client.fresh();
    const nobody = await helm.output('search', 'hub', '--endpoint', `http://${host}`, 'redis');
    expect(nobody).toContain('No results found');
    const { name, password } = await registry.addRobot('finder', { namespace: 'team', actions: ['pull'] });
    const found = await helm.output('search', 'hub', '--endpoint', `http://${name}:${password}@${host}`, 'redis');
    expect(found).toContain(`http://${host}/charts/team/redis`);
    const repository = [
      'search',
      'hub',
      '--list-repo-url',
      '--endpoint',
      `http://${name}:${password}@${host}`,
      'redis',
    ];
    expect(await helm.output(...repository)).toContain(`http://${host}/team`);
  });
});
