// A directory that does not answer: what those learn who log in, and what the operator does.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openApp } from '../../src/app.ts';
import { ConfigError, loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { errorOf } from '../support/artifacts.ts';
import { startOidcIssuer } from '../support/oidc-issuer.ts';
import { Browser } from './support/browser.ts';

const PASSWORD = 'administrator-password';
const SERVICE_PASSWORD = 'password-of-the-service';
const folder = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
const issuer = await startOidcIssuer();
// Nobody listens there any more.
const silent = await startOidcIssuer();
const closed = new URL(silent.url).port;
await silent[Symbol.asyncDispose]();
let log = '';
const logger = pino({}, { write: (line: string) => (log += line) });
const config: Config = {
  ...loadConfig({ flags: {}, environment: {} }),
  dataDir: join(folder, 'data'),
  adminPassword: PASSWORD,
  ldapUrl: `ldap://127.0.0.1:${closed}`,
  ldapUserBase: 'ou=people,dc=example,dc=com',
  ldapBindDn: 'cn=chartroom,dc=example,dc=com',
  ldapBindPassword: SERVICE_PASSWORD,
  oidcIssuer: issuer.url,
  oidcClientId: 'chartroom',
  oidcClientSecret: 'client-secret',
};
const app = await openApp(config, logger);
const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
beforeEach(() => {
  log = '';
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function logIn(name: string, password: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  return await fetch(`${url}/token`, { headers: { authorization } });
}

function warnings(): readonly Readonly<Record<string, unknown>>[] {
  const lines = log.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line)).filter(({ level }) => level > 30);
}

describe('a directory that is down', () => {
  test('is what its users are told, and the reason is in the log once, without a password', async () => {
    const answer = await logIn('ann', 'password-of-ann');
    expect(answer.status).toBe(503);
    const message =
      'the directory that knows users and passwords does not answer as it should: try again in a minute, and tell the operator of the registry if it stays';
    expect((await errorOf(answer)).message).toBe(message);
    expect(warnings()).toEqual([
      expect.objectContaining({
        level: 40,
        msg: message,
        cause: expect.stringContaining(`ldap://127.0.0.1:${closed}, connecting: connect ECONNREFUSED`),
        reqId: answer.headers.get('x-request-id'),
      }),
    ]);
    expect(log).not.toContain('password-of');
  });

  test('is nothing to users of the registry itself', async () => {
    expect((await logIn('admin', PASSWORD)).status).toBe(200);
    expect(warnings()).toEqual([]);
  });

  test('gives nobody more guesses of the password of a user here', async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 6; count += 1) statuses.push((await logIn('admin', `guess-${count}`)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });

  test('makes nobody wait who may know the password', async () => {
    for (let count = 0; count < 7; count += 1) expect((await logIn('bob', `guess-${count}`)).status).toBe(503);
  });
});

test('of a provider that gives no usable answer the log has the reason, and no token', async () => {
  issuer.login.idTokenClaims = { aud: 'another' };
  const answer = await new Browser().open(`${url}/sso/login`);
  expect(answer.status).toBe(502);
  const [warning] = warnings();
  expect(warning).toMatchObject({ level: 40, cause: expect.stringContaining('"aud"') });
  expect(log).not.toMatch(/eyJ|client-secret|[?&]code=|state=/);
});

describe('a start', () => {
  const start = async (changes: Partial<Config>): Promise<unknown> => {
    const dataDir = join(folder, 'never-made');
    return await openApp({ ...config, dataDir, ...changes }, logger).catch((error: unknown) => error);
  };

  test.each([
    [
      'to a directory without TLS',
      { ldapUrl: 'ldap://directory.example.com' },
      'would go to directory.example.com in the clear',
    ],
    ['with a filter that is none', { ldapUserFilter: '(uid={name}))' }, 'the user filter is no LDAP filter'],
    [
      'with certificates that are not there',
      { ldapCaFile: '/nowhere/ca.pem' },
      'ldapCaFile names the file /nowhere/ca.pem, which cannot be read (ENOENT)',
    ],
    [
      'with an issuer that is none',
      { oidcIssuer: 'https://login.example.com/.well-known/x' },
      'oidcIssuer cannot be used: the issuer must end before',
    ],
  ] as const)('fails %s, in words for the operator', async (_how, changes, message) => {
    const error = await start(changes);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain(SERVICE_PASSWORD);
  });

  test('fails with a file that has no certificate in it', async () => {
    const ldapCaFile = join(folder, 'ca.pem');
    await writeFile(ldapCaFile, 'no certificate');
    expect(String(await start({ ldapCaFile }))).toContain('must be a certificate in PEM form');
  });
});
