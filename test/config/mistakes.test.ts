// What an operator reads who made a mistake in a flag or in the environment.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, type ConfigInput, loadConfig } from '../../src/config/load.ts';

function mistakesIn(input: Partial<ConfigInput>): readonly string[] {
  try {
    loadConfig({ flags: {}, environment: {}, ...input });
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

const SECRET_FILE = join(mkdtempSync(join(tmpdir(), 'chartroom-config-')), 'secret');
writeFileSync(SECRET_FILE, 'secret');
const HOST = 'an IP address or a host name, without a port, such as 127.0.0.1 or 0.0.0.0';
const ORIGIN = 'an http or https URL without path, query or password, such as https://charts.example.com';
const DIRECTORY = 'an LDAP URL of scheme, host and perhaps port alone, such as ldaps://directory.example.com';
const ISSUER = 'an https URL without query, exactly as the provider names itself, such as https://login.example.com';
const PATTERNS =
  'a list of tag patterns such as ["*", "!dev-*"], the first one without "!" (a list of exclusions alone would fix no tag)';

describe('a variable with a value that is not allowed is named with what is allowed', () => {
  test.each([
    ['CHARTROOM_PORT', 'abc', 'is "abc", but must be a whole number from 0 to 65535'],
    ['CHARTROOM_PORT', '65536', 'is 65536, but must be a whole number from 0 to 65535'],
    ['CHARTROOM_PORT', '', 'is empty, but must be a whole number from 0 to 65535'],
    ['CHARTROOM_PORT', '5000 ', 'is "5000 ", but must be a whole number from 0 to 65535'],
    ['CHARTROOM_TOKEN_LIFETIME', '5m', 'is "5m", but must be a whole number of seconds from 60 to 3600'],
    ['CHARTROOM_MAXIMUM_BLOB_BYTES', '10G', 'is "10G", but must be a whole number of bytes, 1 or more'],
    ['CHARTROOM_REPUBLISH_DELETED', 'yes', 'is "yes", but must be true or false'],
    ['CHARTROOM_AUTH', 'basic', 'is "basic", but must be accounts or none'],
    ['CHARTROOM_CHART_VERSIONS', 'loose', 'is "loose", but must be lenient or strict'],
    ['CHARTROOM_LOG_LEVEL', 'verbose', 'is "verbose", but must be fatal, error, warn, info, debug, trace or silent'],
    ['CHARTROOM_HOST', 'localhost:5000', `is "localhost:5000", but must be ${HOST}`],
    ['CHARTROOM_HOST', '[::1]', `is "[::1]", but must be ${HOST}`],
    ['CHARTROOM_HOST', '10.0.0.256', `is "10.0.0.256", but must be ${HOST}`],
    ['CHARTROOM_PUBLIC_URL', 'charts.example.com', `is "charts.example.com", but must be ${ORIGIN}`],
    ['CHARTROOM_PUBLIC_URL', 'https://a.example/charts', `is "https://a.example/charts", but must be ${ORIGIN}`],
    ['CHARTROOM_PUBLIC_URL', 'https://me:secret@a.example', `is "https://…@a.example", but must be ${ORIGIN}`],
    ['CHARTROOM_DATA_DIR', '~/charts', 'is "~/charts", but must be the path of a directory, without "~"'],
    [
      'CHARTROOM_TRUSTED_PROXIES',
      '10.0.0.0/8,10.1.0.0/33',
      'has "10.1.0.0/33" as item 2, which must be an IP address or a range of them, such as 10.0.0.7 or 10.0.0.0/8',
    ],
    [
      'CHARTROOM_FIXED_TAGS',
      '1.0+build',
      'has "1.0+build" as item 1, which must be a tag in which "*" and "?" stand for any characters, and "_" for the "+" of a version',
    ],
    ['CHARTROOM_FIXED_CHART_TAGS', '!dev-*', `is ["!dev-*"], but must be ${PATTERNS}`],
    ['CHARTROOM_LDAP_URL', 'directory.example.com', `is "directory.example.com", but must be ${DIRECTORY}`],
    ['CHARTROOM_LDAP_URL', 'ldaps://a.example/dc=b', `is "ldaps://a.example/dc=b", but must be ${DIRECTORY}`],
    ['CHARTROOM_LDAP_USER_BASE', 'people', 'is "people", but must be a DN such as ou=people,dc=example,dc=com'],
    [
      'CHARTROOM_LDAP_USER_FILTER',
      '(uid=name)',
      'is "(uid=name)", but must be an LDAP filter with {name} where the user name goes, such as (uid={name})',
    ],
    ['CHARTROOM_OIDC_ISSUER', 'http://login.example.com', `is "http://login.example.com", but must be ${ISSUER}`],
    ['CHARTROOM_OIDC_ISSUER', 'https://a.example?x', `is "https://a.example?x", but must be ${ISSUER}`],
    [
      'CHARTROOM_OIDC_SCOPES',
      'openid,a"b',
      'has "a\\"b" as item 2, which must be the name of a scope, such as profile',
    ],
    ['CHARTROOM_ADMIN_PASSWORD', 'correct horse\n', 'must be a text without line breaks'],
  ])('%s=%s', (name, value, fault) => {
    expect(mistakesIn({ environment: { [name]: value } })).toEqual([`${name} ${fault}`]);
  });
});

test('a flag is named as it was written', () => {
  expect(mistakesIn({ flags: { port: 'abc' } })).toEqual([
    '--port is "abc", but must be a whole number from 0 to 65535',
  ]);
});

test('a very long value is cut', () => {
  const [mistake = ''] = mistakesIn({ flags: { auth: 'x'.repeat(1000) } });
  expect(mistake).toBe(`--auth is "${'x'.repeat(79)}…, but must be accounts or none`);
});

describe('an unknown variable is a mistake, with the name that was probably meant', () => {
  test.each([
    ['CHARTROOM_PUBLIC_ULR', '; did you mean CHARTROOM_PUBLIC_URL?'],
    ['CHARTROOM_PUBLICURL', '; did you mean CHARTROOM_PUBLIC_URL?'],
    ['CHARTROOM_LOGLEVEL', '; did you mean CHARTROOM_LOG_LEVEL?'],
    ['CHARTROOM_CONFG', '; did you mean CHARTROOM_CONFIG?'],
    ['CHARTROOM_PASSWORD', '; did you mean CHARTROOM_ADMIN_PASSWORD?'],
    ['CHARTROOM_DATABASE_URL', ''],
  ])('%s', (name, suggestion) => {
    expect(mistakesIn({ environment: { [name]: 'x' } })).toEqual([`${name} is not a setting${suggestion}`]);
  });

  test('but variables of other programs are none of our business', () => {
    expect(mistakesIn({ environment: { PORT: 'x', HOST: 'y', CHARTROOMS: 'z', PATH: undefined } })).toEqual([]);
  });
});

test('all mistakes of all sources are told at once, a line each', () => {
  const load = () => loadConfig({ flags: { port: 'a' }, environment: { CHARTROOM_AUTH: 'b', CHARTROOM_X: 'c' } });
  expect(load).toThrow(
    [
      'the configuration is wrong:',
      '  CHARTROOM_X is not a setting',
      '  CHARTROOM_AUTH is "b", but must be accounts or none',
      '  --port is "a", but must be a whole number from 0 to 65535',
    ].join('\n'),
  );
});

test('a file that is not there is named with its whole path', () => {
  expect(mistakesIn({ flags: { config: 'config/none.yaml' } })).toEqual([
    `--config names the file ${resolve('config/none.yaml')}, which does not exist`,
  ]);
  expect(mistakesIn({ environment: { CHARTROOM_CONFIG: '/tmp' } })).toEqual([
    'CHARTROOM_CONFIG names the file /tmp, which is a directory',
  ]);
});

describe('the open mode is for this machine alone, so what serves others is a mistake', () => {
  test.each([
    [{ CHARTROOM_PUBLIC_URL: 'https://charts.example.com' }, 'CHARTROOM_PUBLIC_URL'],
    [{ CHARTROOM_TRUSTED_PROXIES: '10.0.0.7' }, 'CHARTROOM_TRUSTED_PROXIES'],
    [
      { CHARTROOM_PUBLIC_URL: 'http://localhost:5000', CHARTROOM_TRUSTED_PROXIES: '127.0.0.1' },
      'CHARTROOM_PUBLIC_URL and CHARTROOM_TRUSTED_PROXIES',
    ],
    [
      { CHARTROOM_LDAP_URL: 'ldaps://directory.example.com', CHARTROOM_LDAP_USER_BASE: 'dc=example,dc=com' },
      'CHARTROOM_LDAP_URL',
    ],
    [
      { CHARTROOM_OIDC_ISSUER: 'https://login.example.com', CHARTROOM_OIDC_CLIENT_ID: 'chartroom' },
      'CHARTROOM_OIDC_ISSUER',
    ],
  ])('%j', (environment, names) => {
    expect(mistakesIn({ flags: { auth: 'none' }, environment })).toEqual([
      `--auth is none, so no one needs a password and only this machine is answered: ${names} must not be set with it`,
    ]);
  });

  test('but not when it is set to nothing', () => {
    const environment = { CHARTROOM_PUBLIC_URL: '', CHARTROOM_TRUSTED_PROXIES: '' };
    expect(mistakesIn({ flags: { auth: 'none' }, environment })).toEqual([]);
  });
});

test('the open mode on a host that others reach names both settings', () => {
  expect(mistakesIn({ flags: { auth: 'none' }, environment: { CHARTROOM_HOST: '0.0.0.0' } })).toEqual([
    '--auth is none, so no one needs a password, which is allowed on this machine only: CHARTROOM_HOST is "0.0.0.0", but must then be 127.0.0.1, ::1 or localhost',
  ]);
});

describe('settings that are worth nothing without each other are a mistake alone', () => {
  test.each([
    [{ CHARTROOM_LDAP_URL: 'ldaps://directory.example.com' }, 'CHARTROOM_LDAP_URL', 'ldapUserBase'],
    [{ CHARTROOM_LDAP_USER_BASE: 'dc=example,dc=com' }, 'CHARTROOM_LDAP_USER_BASE', 'ldapUrl'],
    [{ CHARTROOM_LDAP_BIND_DN: 'cn=chartroom' }, 'CHARTROOM_LDAP_BIND_DN', 'ldapBindPassword'],
    [{ CHARTROOM_LDAP_BIND_PASSWORD: 'secret' }, 'CHARTROOM_LDAP_BIND_PASSWORD', 'ldapBindDn'],
    [{ CHARTROOM_LDAP_BIND_PASSWORD_FILE: SECRET_FILE }, 'CHARTROOM_LDAP_BIND_PASSWORD_FILE', 'ldapBindDn'],
    [{ CHARTROOM_OIDC_ISSUER: 'https://login.example.com' }, 'CHARTROOM_OIDC_ISSUER', 'oidcClientId'],
    [{ CHARTROOM_OIDC_CLIENT_ID: 'chartroom' }, 'CHARTROOM_OIDC_CLIENT_ID', 'oidcIssuer'],
  ])('%j', (environment, name, missing) => {
    expect(mistakesIn({ environment })).toEqual([`${name} is set, but ${missing} is not: each needs the other`]);
  });

  test('but when the other one is only wrong, that alone is told', () => {
    const environment = { CHARTROOM_OIDC_ISSUER: 'login.example.com', CHARTROOM_OIDC_CLIENT_ID: 'chartroom' };
    expect(mistakesIn({ environment })).toEqual([
      `CHARTROOM_OIDC_ISSUER is "login.example.com", but must be ${ISSUER}`,
    ]);
  });
});

test.each([
  'http://localhost:8080/realms/staff',
  'http://127.0.0.1:8080',
  'http://[::1]',
  'https://login.example.com/',
])('a provider can be %s', (issuer) => {
  const environment = { CHARTROOM_OIDC_ISSUER: issuer, CHARTROOM_OIDC_CLIENT_ID: 'chartroom' };
  expect(loadConfig({ flags: {}, environment }).oidcIssuer).toBe(issuer);
});
