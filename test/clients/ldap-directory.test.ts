// Login with an LDAP directory, against a real one: OpenLDAP's slapd.
import { Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ldapDirectory } from '../../src/adapters/ldap-directory.ts';
import { DirectoryMisconfigured, DirectoryUnreachable, type UserDirectory } from '../../src/ports/user-directory.ts';
import {
  ACCESS,
  ANN,
  ANN_PASSWORD,
  ANN_UUID,
  BARE,
  BOB_NAME,
  directoryAt,
  ELSEWHERE,
  ENTRIES,
  GROUPS,
  JOINER,
  MANY,
  OPEN,
  OPTIONS,
  PASSWORD,
} from './support/directory-entries.ts';
import { type DirectoryServer, relayTo, SERVICE, SUFFIX, startDirectory } from './support/directory-server.ts';
import { clientPath } from './support/found-clients.ts';

const slapd = clientPath('slapd');

describe.skipIf(slapd === undefined)('with a directory', () => {
  let server: DirectoryServer;
  let directory: UserDirectory;
  beforeAll(async () => {
    server = await startDirectory({ entries: ENTRIES, access: ACCESS, tls: false });
    directory = directoryAt(server.port);
  });
  afterAll(async () => server?.[Symbol.asyncDispose]());

  describe('who logs in', () => {
    test('is the person with this name and password, with an id that stays and the groups', async () => {
      expect(await directory.authenticate('ann', ANN_PASSWORD)).toEqual({
        name: 'ann',
        subject: ANN_UUID,
        groups: [
          `cn=publishers,${GROUPS}`,
          'publishers',
          `cn=Größe\\2C klein,${GROUPS}`,
          'Größe, klein',
          `cn=readers,${GROUPS}`,
          'readers',
        ],
      });
    });

    test('keeps the name that was typed, whichever spelling the directory takes for the same', async () => {
      expect(await directory.authenticate(' ANN ', ANN_PASSWORD)).toMatchObject({ name: ' ANN ', subject: ANN_UUID });
    });

    test.each([
      ['a wrong password', 'ann', PASSWORD],
      ['an unknown name', 'nobody', PASSWORD],
      ['no name', '', PASSWORD],
      ['no password', 'ann', ''],
    ])('is nobody with %s', async (_, name, password) => {
      expect(await directory.authenticate(name, password)).toBeUndefined();
    });

    test('is nobody without a password, even where the directory itself would take it, and it is not asked', async () => {
      await using client = new Client({ url: `ldap://127.0.0.1:${server.port}` });
      await expect(client.bind(ANN, '')).resolves.toBeUndefined();
      await using relay = await relayTo(server.port);
      expect(await directoryAt(relay.port).authenticate('ann', '')).toBeUndefined();
      expect(relay.connections).toEqual([]);
    });

    test.each(['*', 'an*', '*)(uid=*', 'ann)(|(uid=*', 'ann)', '(ann', '\\61nn', 'ann\\00', 'ann\0', '{dn}', '{name}'])(
      'is nobody with a name that is a piece of a filter: %j',
      async (name) => {
        expect(await directory.authenticate(name, ANN_PASSWORD)).toBeUndefined();
      },
    );

    test('may have a name and a DN full of special characters', async () => {
      const user = await directory.authenticate(BOB_NAME, PASSWORD);
      expect(user).toMatchObject({ name: BOB_NAME, groups: [`cn=readers,${GROUPS}`, 'readers'] });
    });

    test('may have a name and a DN with letters beyond ASCII, and no group can call itself like the DN of another', async () => {
      const user = await directory.authenticate('zoë', PASSWORD);
      expect(user?.name).toBe('zoë');
      expect(user?.groups).toHaveLength(3);
      expect(user?.groups).toEqual(expect.arrayContaining([`cn=readers,${GROUPS}`, 'readers']));
      expect(user?.groups).not.toContain(`cn=administrators,${ELSEWHERE}`);
    });

    test('is known by objectGUID where there is no entryUUID, and by DN where there is neither', async () => {
      expect(await directory.authenticate('guid', PASSWORD)).toMatchObject({
        subject: Buffer.from('0123456789abcdef').toString('hex'),
      });
      expect(await directory.authenticate('bare', PASSWORD)).toMatchObject({ subject: BARE });
    });

    test('is nobody when two have the name, and the log can say so', async () => {
      const attempt = directory.authenticate('twin', PASSWORD);
      await expect(attempt).rejects.toThrow(DirectoryMisconfigured);
      await expect(attempt).rejects.toThrow('(uid={name}) finds more than one entry for "twin"');
    });

    test('cannot be told from the steps: an unknown name takes those of a wrong password', async () => {
      await using unknown = await relayTo(server.port);
      await directoryAt(unknown.port).authenticate('nobody', PASSWORD);
      await using wrong = await relayTo(server.port);
      await directoryAt(wrong.port).authenticate('ann', PASSWORD);
      for (const { operations } of [unknown, wrong]) {
        await expect.poll(operations).toEqual(['bind', 'search', 'bind', 'unbind']);
      }
    });
  });

  describe('groups', () => {
    test('come from memberOf alone, wherever they are, when no place for groups is given', async () => {
      const user = await directoryAt(server.port, { groupBase: null }).authenticate('ann', ANN_PASSWORD);
      expect(user?.groups).toContain(`cn=administrators,${ELSEWHERE}`);
      expect(user?.groups).toContain('administrators');
      expect(user?.groups).not.toContain('readers');
    });

    test('may be listed by login name', async () => {
      const byName = directoryAt(server.port, { groupFilter: '(description={name})' });
      expect((await byName.authenticate('ann', ANN_PASSWORD))?.groups).toContain('described');
    });

    test('are compared with the place for groups as DNs are, not as text', async () => {
      const spelt = directoryAt(server.port, { groupBase: 'OU = Gr\\6fups, DC=example,dc=TEST' });
      const user = await spelt.authenticate('ann', ANN_PASSWORD);
      expect(user?.groups).toContain('publishers');
      expect(user?.groups).not.toContain('administrators');
    });

    test('are never a part of those that somebody is in', async () => {
      const attempt = directoryAt(server.port, { groupBase: MANY }).authenticate('joiner', PASSWORD);
      await expect(attempt).rejects.toThrow(DirectoryMisconfigured);
      await expect(attempt).rejects.toThrow(`(member={dn}) finds 500 groups or more for ${JOINER}`);
    });
  });

  describe('the service account', () => {
    test('is not needed where everybody may search', async () => {
      const anonymous = { bindDn: null, bindPassword: null, userBase: OPEN, groupBase: OPEN };
      const user = await directoryAt(server.port, anonymous).authenticate('carl', PASSWORD);
      expect(user).toMatchObject({ name: 'carl', groups: [`cn=visitors,${OPEN}`, 'visitors'] });
    });

    test('with a wrong password stops every login, and no password comes into the message', async () => {
      const attempt = directoryAt(server.port, { bindPassword: 'wrong-secret' }).authenticate('ann', ANN_PASSWORD);
      await expect(attempt).rejects.toThrow(DirectoryUnreachable);
      await expect(attempt).rejects.toThrow(
        `ldap://127.0.0.1:${server.port}, binding as the service account: InvalidCredentialsError Code: 0x31`,
      );
      await expect(attempt).rejects.not.toThrow(/wrong-secret|the-password/);
    });

    test('that cannot see where people are stops every login', async () => {
      const attempt = directoryAt(server.port, { userBase: `ou=nowhere,${SUFFIX}` }).authenticate('ann', ANN_PASSWORD);
      await expect(attempt).rejects.toThrow(
        `searching a user below ou=nowhere,${SUFFIX}: NoSuchObjectError Code: 0x20`,
      );
    });
  });

  test('no connection stays open, however logins end', async () => {
    const wrongGroups = directoryAt(server.port, { groupBase: `ou=nowhere,${SUFFIX}` });
    const wrongService = directoryAt(server.port, { bindPassword: 'wrong-secret' });
    const attempts = Array.from({ length: 10 }, () => [
      directory.authenticate('ann', ANN_PASSWORD),
      directory.authenticate('ann', PASSWORD),
      directory.authenticate('nobody', PASSWORD),
      directory.authenticate('twin', PASSWORD),
      wrongGroups.authenticate('ann', ANN_PASSWORD),
      wrongService.authenticate('ann', ANN_PASSWORD),
    ]).flat();
    const results = await Promise.allSettled(attempts);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(30);
    await expect.poll(async () => await server.countConnections(), { timeout: 30_000 }).toBe(0);
  });

  test('a server without TLS gets no password from one who wants StartTLS', async () => {
    await using relay = await relayTo(server.port);
    const attempt = directoryAt(relay.port, { startTls: true }).authenticate('ann', ANN_PASSWORD);
    await expect(attempt).rejects.toThrow(/StartTLS: /);
    await expect(attempt).rejects.toThrow(DirectoryUnreachable);
    expect(relay.operations()).toEqual(['extended']);
  });
});

describe.skipIf(slapd === undefined || clientPath('openssl') === undefined)('with a directory that has TLS', () => {
  let server: DirectoryServer;
  let certificateAuthority: string | null;
  beforeAll(async () => {
    server = await startDirectory({ entries: ENTRIES, access: ACCESS, tls: true });
    certificateAuthority = server.certificate ?? null;
  });
  afterAll(async () => server?.[Symbol.asyncDispose]());

  test('StartTLS comes before every password', async () => {
    await using relay = await relayTo(server.port);
    const directory = directoryAt(relay.port, { startTls: true, certificateAuthority });
    expect(await directory.authenticate('ann', ANN_PASSWORD)).toMatchObject({ subject: ANN_UUID });
    expect(await directory.authenticate('ann', PASSWORD)).toBeUndefined();
    for (const secret of [SERVICE.password, ANN_PASSWORD, PASSWORD, ANN]) expect(relay.sent()).not.toContain(secret);
    expect(relay.connections).toHaveLength(2);
  });

  test('an ldaps:// URL is TLS from the beginning', async () => {
    const url = `ldaps://127.0.0.1:${server.tlsPort}`;
    const directory = ldapDirectory({ ...OPTIONS, url, certificateAuthority });
    expect(await directory.authenticate('ann', ANN_PASSWORD)).toMatchObject({ subject: ANN_UUID });
    expect(await directory.authenticate('ann', PASSWORD)).toBeUndefined();
  });

  test.each([
    ['that nobody trusts', '127.0.0.1', false, 'self-signed certificate'],
    ['of another name', 'localhost', true, "Hostname/IP does not match certificate's altnames"],
  ])('a server with a certificate %s gets no password', async (_, host, isTrusted, message) => {
    const trust = { certificateAuthority: isTrusted ? certificateAuthority : null };
    await using relay = await relayTo(server.port);
    const options = { ...trust, startTls: true, url: `ldap://${host}:${relay.port}` };
    await expect(directoryAt(relay.port, options).authenticate('ann', ANN_PASSWORD)).rejects.toThrow(
      `StartTLS: ${message}`,
    );
    expect(relay.sent()).not.toContain(SERVICE.password);
    const tls = ldapDirectory({ ...OPTIONS, ...trust, url: `ldaps://${host}:${server.tlsPort}` });
    await expect(tls.authenticate('ann', ANN_PASSWORD)).rejects.toThrow(`connecting: ${message}`);
  });

  test('what somebody on the way puts behind the answer to StartTLS is not taken for what comes over TLS', async () => {
    // All but the last byte of "the bind with the number 3 succeeded"; the real answer's first byte would complete it.
    const bindSucceeded = Buffer.from('300d02010361080a010004000401', 'hex');
    await using relay = await relayTo(server.port, bindSucceeded);
    const options = { startTls: true, certificateAuthority };
    expect(await directoryAt(relay.port, options).authenticate('ann', ANN_PASSWORD)).toMatchObject({ name: 'ann' });
    const attempt = directoryAt(relay.port, { ...options, bindPassword: 'wrong-secret' }).authenticate('ann', PASSWORD);
    await expect(attempt).rejects.toThrow('binding as the service account: InvalidCredentialsError');
  });
});
