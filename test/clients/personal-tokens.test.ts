// Personal tokens, which people give to their programs in place of a password: limited, for a while, and taken back at once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AskedScope } from '../../src/access/scoped-rights.ts';
import type { PersonalToken } from '../../src/accounts/personal-tokens.ts';
import { AUTHOR } from '../support/manager.ts';
import { ClockedRegistry, shown } from './support/clocked-registry.ts';
import { mustFail, mustSucceed } from './support/command.ts';
import { COPYING_PROGRAMS, CopyingClient } from './support/copying-client.ts';
import { clientPath, describeWalk } from './support/found-clients.ts';
import type { Account } from './support/server-process.ts';

const CHART = { name: 'web', version: '1.0.0' };
const DAY = 24 * 3600_000;
const EVERYBODYS = { author: AUTHOR, of: 'everybody' } as const;

interface Given extends Account {
  readonly id: PersonalToken['id'];
}

let registry: ClockedRegistry;

beforeAll(async () => {
  registry = await ClockedRegistry.start();
  await registry.publish('team/web', 'other/web');
  await registry.addUser('ann', { team: 'writer', other: 'reader' });
});
afterAll(async () => registry?.[Symbol.asyncDispose]());

/** @returns the token of ann as what she logs in with */
async function addToken(name: string, scopes: readonly AskedScope[] | null, expiresAt: number | null = null) {
  const asked = { name, scopes, management: false, expiresAt };
  const { token, secret } = await registry.accounts.personalTokens.add('ann', asked, AUTHOR);
  return { id: token.id, name: 'ann', password: secret } satisfies Given;
}

describeWalk((client) => {
  const named = (name: string) => `${name} of helm ${client.version}`;
  const push = (name: string) => ({ ...CHART, name: `${name}-${client.version.replaceAll('.', '-')}` });
  const pull = (path: string) => ['pull', `oci://${registry.host}/${path}/web`, '--version', '1.0.0'];

  test('a token without scopes is good for all that its owner may do', async () => {
    const helm = await client.loggedIn(registry.host, await addToken(named('everything'), null));
    await helm.publish(push('everything'), `oci://${registry.host}/team`);
    await helm.succeed(...pull('other'));
    const screen = await helm.fail('push', await helm.package(push('refused')), `oci://${registry.host}/other`);
    expect(screen).toContain(client.printed('403 Forbidden', 'denied: ann may not push to other/refused-'));
  });

  test('a token with scopes is good for these only, and whoever needs more is told how', async () => {
    const token = await addToken(named('scopes'), [{ namespace: 'team', actions: ['pull'] }]);
    const helm = await client.loggedIn(registry.host, token);
    await helm.succeed(...pull('team'));
    const login = `"helm registry login ${registry.host} --plain-http"`;
    const wayOut = 'use a token whose scopes include it, or, if ann may not either, ask an administrator to run';
    const file = await helm.package({ ...CHART, version: '1.1.0' });
    expect(await helm.fail('push', file, `oci://${registry.host}/team`)).toContain(
      client.printed(
        '403 Forbidden',
        `denied: ann may not push to team/web: log in as somebody who may with ${login}, or ${wayOut} "chartroom grant add ann writer team"`,
      ),
    );
    expect(await helm.fail(...pull('other'))).toContain(
      client.printed(
        '403 Forbidden',
        `denied: ann may not pull from other/web: log in as somebody who may with ${login}, or ${wayOut} "chartroom grant add ann reader other" (or with writer, to push as well)`,
      ),
    );
    expect(await registry.administrator.tags('team/web')).toEqual(['1.0.0']);
  });

  test('a scope beyond what its owner may do gives nothing', async () => {
    const token = await addToken(named('too much'), [{ namespace: 'other', actions: ['push'] }]);
    const helm = await client.loggedIn(registry.host, token);
    await helm.succeed(...pull('other'));
    const file = await helm.package({ ...CHART, version: '1.1.0' });
    expect(await helm.fail('push', file, `oci://${registry.host}/other`)).toContain(
      client.printed('403 Forbidden', 'denied: ann may not push to other/web'),
    );
  });

  test('a token that has expired is refused, and says since when', async () => {
    const token = await addToken(named('expiring'), null, registry.clock.now() + DAY);
    const helm = await client.loggedIn(registry.host, token);
    await helm.succeed(...pull('team'));
    registry.clock.advance(DAY);
    const message = `unauthorized: token ${shown(token)} of ann expired on ${registry.today}: log in with another credential, or forget this one with "helm registry logout ${registry.host}"`;
    expect(await helm.fail(...pull('team'))).toContain(client.printed('401 Unauthorized', message));
    await expect(helm.login(registry.host, token)).rejects.toThrow(message);
  });

  test('a token that was removed is refused with the next command', async () => {
    const token = await addToken(named('removed'), null);
    const helm = await client.loggedIn(registry.host, token);
    await helm.succeed(...pull('team'));
    await registry.accounts.personalTokens.remove(token.id, EVERYBODYS);
    const message = `unauthorized: token ${shown(token)} is not known here, or was removed: log in with another one`;
    expect(await helm.fail(...pull('team'))).toContain(client.printed('401 Unauthorized', message));
    await expect(helm.login(registry.host, token)).rejects.toThrow(message);
  });

  test('after a rotation the secrets overlap, then only the new one is good', async () => {
    const token = await addToken(named('rotated'), null);
    const before = await client.loggedIn(registry.host, token);
    const { secret } = await registry.accounts.personalTokens.rotate(token.id, 60, EVERYBODYS);
    await before.succeed(...pull('team'));
    registry.clock.advance(60_000);
    expect(await before.fail(...pull('team'))).toContain(client.printed('401 Unauthorized', 'of ann expired on'));
    const after = await client.loggedIn(registry.host, { name: 'ann', password: secret });
    await after.succeed(...pull('team'));
  });
});

for (const program of COPYING_PROGRAMS) {
  describe.skipIf(clientPath(program) === undefined)(program, () => {
    test('logs in with a token, and is limited to its scopes until it is removed', async () => {
      const token = await addToken(program, [{ namespace: 'team', actions: ['pull'] }]);
      const client = await CopyingClient.loggedIn(program, registry.host, token);
      mustSucceed(await client.tags('team/web'));
      mustFail(await client.tags('other/web'));
      mustFail(await client.copy('team/web:1.0.0', `team/${program}/web:1.0.0`));
      expect(await registry.administrator.tags(`team/${program}/web`)).toBeUndefined();
      await registry.accounts.personalTokens.remove(token.id, EVERYBODYS);
      mustFail(await client.tags('team/web'));
    });
  });
}
