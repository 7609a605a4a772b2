// What protects passwords and the server from an LDAP directory that is down, slow, or not what it should be: no program needed.
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { checkLdapSettings, type LdapOptions, ldapDirectory } from '../../src/adapters/ldap-directory.ts';
import { DirectoryMisconfigured, DirectoryUnreachable } from '../../src/ports/user-directory.ts';
import { ANN_PASSWORD, directoryAt, OPTIONS } from './support/directory-entries.ts';
import { serveConnections } from './support/directory-server.ts';

describe('a server that is no directory', () => {
  test('cannot be asked when it is down', async () => {
    const { port, [Symbol.asyncDispose]: stop } = await serveConnections(() => {});
    await stop();
    const attempt = directoryAt(port).authenticate('ann', ANN_PASSWORD);
    await expect(attempt).rejects.toThrow(DirectoryUnreachable);
    await expect(attempt).rejects.toThrow(
      `ldap://127.0.0.1:${port}, connecting: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
    const byName = directoryAt(port, { url: `ldap://localhost:${port}` }).authenticate('ann', ANN_PASSWORD);
    await expect(byName).rejects.toThrow(`connecting: connect ECONNREFUSED`);
  });

  test.each([
    ['a bind', 'ldap', false, 'binding as the service account'],
    ['StartTLS', 'ldap', true, 'StartTLS'],
    ['TLS', 'ldaps', false, 'connecting'],
  ])('is left when it does not answer to %s in time', async (_, scheme, startTls, step) => {
    await using server = await serveConnections(() => {});
    const url = `${scheme}://127.0.0.1:${server.port}`;
    const attempt = directoryAt(server.port, { url, startTls, timeout: 1000 }).authenticate('ann', ANN_PASSWORD);
    await expect(attempt).rejects.toThrow(`${url}, ${step}: no answer within 1 s`);
    await expectHungUp(server.connections[0]);
  });

  test('is left when it agrees to StartTLS and then does nothing', async () => {
    // The answer to the request with the number 2 (RFC 4511 section 4.14.2): success.
    const agreed = Buffer.from('300c02010278070a010004000400', 'hex');
    await using server = await serveConnections((socket) => socket.once('data', () => socket.write(agreed)));
    const attempt = directoryAt(server.port, { startTls: true, timeout: 1000 }).authenticate('ann', ANN_PASSWORD);
    await expect(attempt).rejects.toThrow('StartTLS: no answer within 1 s');
    await expectHungUp(server.connections[0]);
  });

  test('gets no password when what it finds has no DN', async () => {
    // The bind with the number 2 succeeds; the search with the number 3 finds one entry (RFC 4511 sections 4.2.2 and 4.5.2).
    const answers = ['300c02010261070a010004000400', '3009020103640404003000300c02010365070a010004000400'];
    await using server = await serveConnections((socket) =>
      socket.on('data', () => socket.write(Buffer.from(answers.shift() ?? '', 'hex'))),
    );
    const attempt = directoryAt(server.port).authenticate('ann', ANN_PASSWORD);
    await expect(attempt).rejects.toThrow('(uid={name}) finds an entry without a DN');
  });

  test('is left when it hangs up', async () => {
    await using server = await serveConnections((socket) => socket.once('data', () => socket.destroy()));
    await expect(directoryAt(server.port).authenticate('ann', ANN_PASSWORD)).rejects.toThrow(DirectoryUnreachable);
    expect(server.connections).toHaveLength(1);
  });

  test('is left when it sends without end', async () => {
    // The beginning of a message of two GiB.
    const beginning = Buffer.from('30847fffffff', 'hex');
    await using server = await serveConnections((socket) => {
      const more = () => {
        while (socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', more).write(beginning);
      more();
    });
    const attempt = directoryAt(server.port, { timeout: 60_000 }).authenticate('ann', ANN_PASSWORD);
    await expect(attempt).rejects.toThrow('Connection closed before message response was received');
    await expectHungUp(server.connections[0]);
  });
});

/** Waits until the client has closed its end. */
async function expectHungUp(socket: Socket | undefined): Promise<void> {
  if (socket === undefined) throw new Error('nobody has connected');
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  socket.resume();
  if (!socket.closed) await promise;
}

describe('settings', () => {
  test.each<[string, Partial<LdapOptions>]>([
    ['ldap:// or ldaps:// with a host', { url: 'directory.example.com' }],
    ['ldap:// or ldaps:// with a host', { url: 'http://directory.example.com' }],
    ['ldap:// or ldaps:// with a host', { url: 'ldap://' }],
    ['nothing but scheme, host and port', { url: 'ldaps://directory.example.com/dc=example,dc=com' }],
    ['nothing but scheme, host and port', { url: 'ldaps://cn=admin:secret@directory.example.com' }],
    ['ldaps:// URL is TLS already', { url: 'ldaps://directory.example.com', startTls: true }],
    ['go to directory.example.com:389 in the clear', { url: 'ldap://directory.example.com:389' }],
    ['go to 127.0.0.1.example.com in the clear', { url: 'ldap://127.0.0.1.example.com' }],
    ['given together', { bindPassword: null }],
    ['given together', { bindDn: null }],
    ['given together', { bindPassword: '' }],
    ['must be a DN', { bindDn: 'EXTERNAL' }],
    ['must be DNs', { userBase: 'people' }],
    ['must be DNs', { groupBase: '' }],
    ['in PEM form', { certificateAuthority: '' }],
    ['the user filter must have {name}', { userFilter: '(uid=ann)' }],
    ['the user filter must have {name}', { userFilter: '(uid={dn})' }],
    ['the user filter must have {name}', { userFilter: '({name}=ann)' }],
    ['the user filter is no LDAP filter: Unbalanced parens', { userFilter: '(uid={name}' }],
    ['the group filter must have {dn} or {name}', { groupFilter: '(member={user})' }],
  ])('are refused: %s, with %j', (message, options) => {
    expect(checkLdapSettings({ ...OPTIONS, ...options })).toContain(message);
    expect(() => ldapDirectory({ ...OPTIONS, ...options })).toThrow(DirectoryMisconfigured);
  });

  test.each<Partial<LdapOptions>>([
    { url: 'ldap://localhost:3890' },
    { url: 'ldap://[::1]/' },
    { url: 'ldap://directory.example.com', startTls: true },
    { url: 'ldaps://directory.example.com:3269', bindDn: 'chartroom@example.com' },
    { bindDn: null, bindPassword: null, groupBase: null },
    { userFilter: '(&(objectClass=person)(|(uid={name})(mail={name})))' },
    { groupFilter: '(member:1.2.840.113556.1.4.1941:={dn})' },
  ])('are taken: %j', (options) => {
    expect(checkLdapSettings({ ...OPTIONS, ...options })).toBeUndefined();
  });
});
