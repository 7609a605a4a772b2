// A stored credential that does not count any more: what everybody may read is pulled all the same, all else says what is wrong.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AUTHOR, MANAGER } from '../support/manager.ts';
import { ClockedRegistry, shown } from './support/clocked-registry.ts';
import { mustFail, mustSucceed } from './support/command.ts';
import { COPYING_PROGRAMS, CopyingClient } from './support/copying-client.ts';
import { clientPath, describeWalk } from './support/found-clients.ts';
import type { Helm } from './support/helm.ts';
import type { Account } from './support/server-process.ts';

const DAY = 24 * 3600_000;

let registry: ClockedRegistry;
let host: string;

beforeAll(async () => {
  registry = await ClockedRegistry.start();
  host = registry.host;
  await registry.publish('open/web', 'closed/web');
  await registry.makePublic('open');
});
afterAll(async () => registry?.[Symbol.asyncDispose]());

interface Ending {
  readonly name: string;
  /** Makes an account that may push everywhere. */
  begin(name: string): Promise<Account>;
  end(account: Account): Promise<void>;
  message(account: Account): string;
}

async function addRobot(name: string): Promise<Account> {
  return await registry.addRobot(name, { namespace: '/', actions: ['push'] });
}

const EXPIRED: Ending = {
  name: 'expired',
  begin: addRobot,
  end: async ({ name }) => {
    await registry.accounts.robots.change(name, { expiresAt: registry.clock.now() + DAY }, MANAGER);
    registry.clock.advance(DAY);
  },
  message: (account) =>
    `token ${shown(account)} of robot ${account.name} expired on ${registry.today}: log in with another credential, or forget this one with "helm registry logout ${host}"`,
};

const REVOKED: Ending = {
  name: 'revoked',
  begin: addRobot,
  end: async ({ name, password }) => registry.accounts.robots.revokeSecret(name, password.slice(4, 12), MANAGER),
  message: (account) =>
    `token ${shown(account)} of robot ${account.name} was revoked on ${registry.today}: log in with another credential, or forget this one with "helm registry logout ${host}"`,
};

const CHANGED: Ending = {
  name: 'changed',
  begin: async (name) => registry.addUser(name, { '/': 'writer' }),
  end: async ({ name }) => registry.accounts.users.changePassword(name, 'another-password', AUTHOR),
  message: () =>
    `wrong user name or password: log in again with "helm registry login ${host} --plain-http", or forget the stored one with "helm registry logout ${host}"`,
};

describeWalk((client) => {
  describe.each<[string, Ending]>([
    ['a secret that has expired', EXPIRED],
    ['a secret that was revoked', REVOKED],
    ['a password that was changed', CHANGED],
  ])('with %s', (_credential, { name, begin, end, message }) => {
    let helm: Helm;
    let why: string;

    beforeAll(async () => {
      const account = await begin(`${name}-${client.version}`);
      helm = await client.loggedIn(host, account);
      await end(account);
      why = `unauthorized: ${message(account)}`;
    });

    test('helm pulls, shows and renders what is public', async () => {
      const open = `oci://${host}/open/web`;
      await helm.succeed('pull', open, '--version', '1.0.0');
      expect(await helm.output('show', 'chart', open)).toContain('version: 1.0.0');
      expect(await helm.output('template', open, '--version', '^1.0.0')).toContain('chartVersion: "1.0.0"');
    });

    test('helm prints why a private chart is refused, and how to forget the credential', async () => {
      const reference = `oci://${host}/closed/web`;
      const screen = await helm.fail('pull', reference, '--version', '1.0.0');
      expect(screen).toContain(client.printed('401 Unauthorized', why));
      // Every helm prints the registry's message where it asks for the list of tags.
      expect(await helm.fail('pull', reference, '--version', '^1.0.0')).toContain(why);
    });

    test('helm prints it for a push as well, to a public path with the hint that reading needs no credential', async () => {
      const file = await helm.package({ name: 'web', version: '2.0.0' });
      const toClosed = await helm.fail('push', file, `oci://${host}/closed`);
      expect(toClosed).toContain(client.printed('401 Unauthorized', why));
      const toOpen = await helm.fail('push', file, `oci://${host}/open`);
      // What to do stands in every reason already.
      expect(why).toContain(`helm registry logout ${host}`);
      const hint = '; open/web is public: everybody may read it without a credential';
      expect(toOpen).toContain(client.printed('401 Unauthorized', `${why}${hint}`));
      expect(await registry.administrator.tags('open/web')).toEqual(['1.0.0']);
    });

    test('after helm registry logout the public chart is pulled as by anybody', async () => {
      await helm.succeed('registry', 'logout', host);
      await helm.succeed('pull', `oci://${host}/open/web`, '--version', '1.0.0');
      const screen = await helm.fail('pull', `oci://${host}/closed/web`, '--version', '^1.0.0');
      expect(screen).toContain('and you are not logged in');
    });
  });
});

for (const program of COPYING_PROGRAMS) {
  describe.skipIf(clientPath(program) === undefined)(program, () => {
    test('reads what is public with a secret that was revoked, and nothing else', async () => {
      const robot = await addRobot(program);
      const client = await CopyingClient.loggedIn(program, host, robot);
      await REVOKED.end(robot);
      const screen = mustSucceed(await client.tags('open/web'));
      expect(screen).toContain('1.0.0');
      const warning = REVOKED.message(robot).replaceAll('"', "'").replace('…', '?');
      // Oras and regctl show no credential for what everybody may read, and skopeo prints no warnings.
      if (program === 'crane') expect(screen).toContain(warning);
      mustFail(await client.tags('closed/web'));
      mustFail(await client.copy('open/web:1.0.0', 'open/other/web:1.0.0'));
      expect(await registry.administrator.tags('open/other/web')).toBeUndefined();
    });
  });
}
