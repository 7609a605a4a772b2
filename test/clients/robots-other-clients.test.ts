// Robots as oras, crane, regctl and skopeo see them: what they may, what they are refused, and what these programs print of it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MANAGER } from '../support/manager.ts';
import { ClockedRegistry } from './support/clocked-registry.ts';
import { mustFail, mustSucceed } from './support/command.ts';
import { COPYING_PROGRAMS, CopyingClient, type CopyingProgram } from './support/copying-client.ts';
import { clientPath } from './support/found-clients.ts';
import type { Account } from './support/server-process.ts';

let registry: ClockedRegistry;

beforeAll(async () => {
  registry = await ClockedRegistry.start();
  await registry.publish('closed/web', 'other/web');
});
afterAll(async () => registry?.[Symbol.asyncDispose]());

/** The robot may read `closed` and write to a namespace of its own. */
async function addRobot(name: string): Promise<Account> {
  const own = { namespace: name, actions: ['push'] } as const;
  return await registry.addRobot(name, own, { namespace: 'closed', actions: ['pull'] });
}

/** Skopeo says only the status of a refusal by the token endpoint, regctl only that of a login. */
const PRINTED: Readonly<Record<CopyingProgram, { readonly forbidden: string; readonly disabled: string }>> = {
  oras: { forbidden: 'robot oras may not push to other/web', disabled: 'robot oras is disabled' },
  crane: { forbidden: 'robot crane may not push to other/web', disabled: 'robot crane is disabled' },
  regctl: { forbidden: 'robot regctl may not push to other/web', disabled: 'unauthorized' },
  skopeo: { forbidden: '403 (Forbidden)', disabled: 'robot skopeo is disabled' },
};

for (const program of COPYING_PROGRAMS) {
  describe.skipIf(clientPath(program) === undefined)(program, () => {
    let robot: Account;
    let client: CopyingClient;

    beforeAll(async () => {
      robot = await addRobot(program);
      client = await CopyingClient.loggedIn(program, registry.host, robot);
    });

    test('pulls and pushes within its scopes', async () => {
      mustSucceed(await client.copy('closed/web:1.0.0', `${program}/web:1.0.0`));
      expect(mustSucceed(await client.tags(`${program}/web`))).toContain('1.0.0');
      const digest = await registry.administrator.digestOf('closed/web', '1.0.0');
      expect(await registry.administrator.digestOf(`${program}/web`, '1.0.0')).toBe(digest);
    });

    test('is refused beyond its scopes, and nothing is stored', async () => {
      const screen = mustFail(await client.copy('closed/web:1.0.0', 'other/web:2.0.0'));
      expect(screen).toContain(PRINTED[program].forbidden);
      expect(await registry.administrator.tags('other/web')).toEqual(['1.0.0']);
      mustFail(await client.tags('other/web'));
    });

    test('is refused with the next command when it is disabled', async () => {
      mustSucceed(await client.tags('closed/web'));
      await registry.accounts.robots.change(program, { disabled: true }, MANAGER);
      expect(mustFail(await client.tags('closed/web'))).toContain(PRINTED[program].disabled);
      const fresh = await CopyingClient.fresh(program, registry.host);
      // Crane stores what it is given without asking.
      if (program !== 'crane') mustFail(await fresh.login(robot));
    });
  });
}
