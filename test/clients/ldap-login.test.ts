// Logging in with the password of an LDAP directory: a real one, behind a real server, with real helm.
import { Attribute, Change, Client } from 'ldapts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorOf } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR } from '../support/manager.ts';
import { ADMIN, startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { ANN, ANN_PASSWORD, ENTRIES, GROUPS, PASSWORD, PEOPLE } from './support/directory-entries.ts';
import {
  type DirectoryEntry,
  type DirectoryServer,
  type Relay,
  relayTo,
  SERVICE,
  startDirectory,
} from './support/directory-server.ts';
import { clientPath, describeHelm } from './support/found-clients.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

const WRITERS = `cn=writers,${GROUPS}`;
const ann: Account = { name: 'ann', password: ANN_PASSWORD };
const bare: Account = { name: 'bare', password: PASSWORD };

/** Like those of the adapter's tests, with a namesake of the administrator and a group that the service account may change. */
const entries: readonly DirectoryEntry[] = [
  ...ENTRIES,
  [
    `uid=admin,${PEOPLE}`,
    { objectClass: 'inetOrgPerson', uid: 'admin', cn: 'admin', sn: 'admin', userPassword: PASSWORD },
  ],
  [WRITERS, { objectClass: 'groupOfNames', member: [ANN] }],
];
const access = [`dn.exact="${WRITERS}" by dn.exact="${SERVICE.dn}" write`];

describe.skipIf(clientPath('slapd') === undefined)('with a directory', () => {
  let directory: DirectoryServer;
  beforeAll(async () => {
    directory = await startDirectory({ entries, access, tls: false });
  });
  afterAll(async () => directory?.[Symbol.asyncDispose]());

  describe('a token', () => {
    let relay: Relay;
    let registry: TestRegistry;
    const clock = new TestClock('2026-11-23T10:00:00Z');
    beforeAll(async () => {
      relay = await relayTo(directory.port);
      registry = await startRegistry(
        {
          ldapUrl: `ldap://127.0.0.1:${relay.port}`,
          ldapBindDn: SERVICE.dn,
          ldapBindPassword: SERVICE.password,
          ldapUserBase: PEOPLE,
          ldapGroupBase: GROUPS,
        },
        clock,
      );
      await registry.accounts.groups.add({ name: 'writers', externalName: WRITERS, administrator: false }, AUTHOR);
      const grant = { holder: 'group', name: 'writers', role: 'writer', namespace: 'team' } as const;
      await registry.accounts.grants.put(grant, AUTHOR);
    });
    // What was remembered of passwords, right and wrong, is over.
    beforeEach(() => clock.advance(60 * 60_000));
    afterAll(async () => {
      await registry?.[Symbol.asyncDispose]();
      await relay?.[Symbol.asyncDispose]();
    });

    async function ask({ name, password }: Account): Promise<Response> {
      return await registry.request('GET', '/token', { as: `${name}:${password}` });
    }

    /** What the answer is to somebody who wants to push. */
    async function push({ name, password }: Account): Promise<number> {
      return (await registry.request('POST', '/v2/team/web/blobs/uploads/', { as: `${name}:${password}` })).status;
    }

    test('is given for the password in the directory, with the roles of the groups there', async () => {
      expect((await ask(ann)).status).toBe(200);
      expect(await registry.accounts.users.find('ann')).toMatchObject({ login: 'directory', administrator: false });
      expect(await push(ann)).toBe(202);
      expect((await ask(bare)).status).toBe(200);
      expect(await push(bare)).toBe(403);
    });

    test('is not given for a wrong password, nor for an unknown name, in the same words', async () => {
      const answers = [await ask({ ...ann, password: 'wrong' }), await ask({ name: 'unknown', password: PASSWORD })];
      expect(answers.map(({ status }) => status)).toEqual([401, 401]);
      const [wrong, unknown] = await Promise.all(answers.map(errorOf));
      expect(unknown).toEqual(wrong);
      expect((await ask({ ...ann, password: '' })).status).toBe(401);
      await expect(registry.accounts.users.find('unknown')).rejects.toThrow('there is no user');
    });

    test('costs the directory one login a minute, however many requests there are', async () => {
      const before = relay.connections.length;
      const at = (await Promise.all(Array.from({ length: 10 }, () => ask(ann)))).map(({ status }) => status);
      for (let count = 0; count < 10; count += 1) at.push((await ask(ann)).status);
      expect(at).toEqual(Array.from({ length: 20 }, () => 200));
      expect(relay.connections.length - before).toBe(1);
      clock.advance(60_000);
      expect((await ask(ann)).status).toBe(200);
      expect(relay.connections.length - before).toBe(2);
    });

    test('has no rights of a group any more once a login has found the user out of it', async () => {
      await using client = new Client({ url: `ldap://127.0.0.1:${directory.port}` });
      await client.bind(SERVICE.dn, SERVICE.password);
      const replaceMembers = async (member: string) => {
        const modification = new Attribute({ type: 'member', values: [member] });
        await client.modify(WRITERS, new Change({ operation: 'replace', modification }));
      };
      expect(await push(ann)).toBe(202);
      await replaceMembers(`uid=bare,${PEOPLE}`);
      clock.advance(60_000);
      expect([await push(ann), await push(bare)]).toEqual([403, 202]);
      await replaceMembers(ANN);
      clock.advance(60_000);
      expect([await push(ann), await push(bare)]).toEqual([202, 403]);
    });

    test('of the administrator is not given to a namesake in the directory', async () => {
      const answer = await ask({ name: 'admin', password: PASSWORD });
      expect(answer.status).toBe(401);
      expect((await errorOf(answer)).message).toContain('there is another user admin here, who logs in another way');
      expect((await registry.request('GET', '/token', { as: ADMIN })).status).toBe(200);
      expect(await registry.accounts.users.find('admin')).toMatchObject({ login: 'password' });
    });

    test('is not given to a user who is disabled here', async () => {
      await ask(ann);
      await registry.accounts.users.change('ann', { disabled: true }, AUTHOR);
      for (const wait of [0, 60_000]) {
        clock.advance(wait);
        const answer = await ask(ann);
        expect(answer.status).toBe(401);
        expect((await errorOf(answer)).message).toContain('the user ann is disabled');
      }
      await registry.accounts.users.change('ann', { disabled: false }, AUTHOR);
      expect((await ask(ann)).status).toBe(200);
    });
  });

  describeHelm((client) => {
    let relay: Relay;
    let server: ServerProcess;
    beforeAll(async () => {
      relay = await relayTo(directory.port);
      server = await startServer({
        environment: {
          CHARTROOM_LDAP_URL: `ldap://127.0.0.1:${relay.port}`,
          CHARTROOM_LDAP_BIND_DN: SERVICE.dn,
          CHARTROOM_LDAP_BIND_PASSWORD: SERVICE.password,
          CHARTROOM_LDAP_USER_BASE: PEOPLE,
          CHARTROOM_LDAP_GROUP_BASE: GROUPS,
        },
      });
      await server.manage('group', 'add', 'writers', '--external-name', WRITERS);
      await server.manage('grant', 'add', 'writers', 'writer', 'team', '--group');
    });
    afterAll(async () => {
      await server?.stop();
      await relay?.[Symbol.asyncDispose]();
    });

    test('helm logs in with the password in the directory, and pushes with the role of a group there', async () => {
      const helm = await client.fresh();
      expect(await helm.login(server.host, ann)).toContain('Login Succeeded');
      await helm.publish({ name: 'from-directory', version: '1.0.0' }, `oci://${server.host}/team`);
      const administrator = new RegistryCaller(server.host, ADMINISTRATOR);
      expect(await administrator.tags('team/from-directory')).toEqual(['1.0.0']);
    });

    test('helm says that a password is wrong', async () => {
      const helm = await client.fresh();
      const screen = await helm.fail('registry', 'login', server.host, '-u', ann.name, '-p', 'wrong');
      expect(screen).toContain('wrong user name or password');
    });

    test('while the directory is down, helm says so, and users of the registry itself log in', async () => {
      await relay[Symbol.asyncDispose]();
      const helm = await client.fresh();
      const screen = await helm.fail('registry', 'login', server.host, '-u', bare.name, '-p', bare.password);
      expect(screen).toContain('the directory that knows users and passwords does not answer');
      expect(await helm.login(server.host, ADMINISTRATOR)).toContain('Login Succeeded');
      expect(server.log).toContain('connect ECONNREFUSED');
      for (const { password } of [ann, bare, SERVICE]) expect(server.log).not.toContain(password);
    });
  });
});
