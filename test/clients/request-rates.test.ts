// Rates as people with helm meet them: it waits as it is told, tries again by itself, and the push succeeds.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClockedRegistry } from './support/clocked-registry.ts';
import { describeHelm } from './support/found-clients.ts';

/** One a second. */
const LIMIT = 60;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let registry: ClockedRegistry;
beforeAll(async () => {
  registry = await ClockedRegistry.start({ requestsPerMinute: LIMIT });
});
afterAll(async () => registry?.[Symbol.asyncDispose]());

describeHelm((client) => {
  test('helm whose robot has sent too much pushes all the same', async () => {
    registry.clock.advance(MINUTE);
    const ci = await registry.addRobot(`ci-${client.version}`, { namespace: 'team', actions: ['pull', 'push'] });
    const helm = await client.loggedIn(registry.host, ci);
    const file = await helm.package({ name: 'web', version: `1.0.${client.version.replaceAll('.', '')}` });
    const authorization = `Basic ${Buffer.from(`${ci.name}:${ci.password}`).toString('base64')}`;
    for (let sent = 0; sent <= LIMIT; sent += 1)
      await fetch(`http://${registry.host}/v2/`, { headers: { authorization } });
    const refused: string[] = [];
    const unsubscribe = registry.onAnswer((answer) => {
      if (!answer.endsWith(' 429')) return;
      refused.push(answer);
      registry.clock.advance(3 * SECOND);
    });
    expect(await helm.succeed('push', file, `oci://${registry.host}/team`)).toContain('Pushed: ');
    unsubscribe();
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter((answer) => answer.startsWith('PUT') && answer.includes('/blobs/'))).toEqual([]);
  });
});
