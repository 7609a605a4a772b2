// Passwords and other secrets: where they may come from, and that nothing ever shows them.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeConfig, loadConfig, parseSettingsFlags } from '../../src/config/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartroom-config-'));

function fileWith(text: string, name = 'password'): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return String(error);
  }
  return '';
}

test.each(['correct horse', 'correct horse\n', 'correct horse\r\n'])(
  'is read from a file without the line break at its end',
  (text) => {
    const config = loadConfig({ flags: { 'admin-password-file': fileWith(text) }, environment: {} });
    expect(config.adminPassword).toBe('correct horse');
  },
);

test('every secret can stand in a file of its own', () => {
  const environment = {
    CHARTROOM_LDAP_URL: 'ldaps://directory.example.com',
    CHARTROOM_LDAP_USER_BASE: 'ou=people,dc=example,dc=com',
    CHARTROOM_LDAP_BIND_DN: 'cn=chartroom,dc=example,dc=com',
    CHARTROOM_LDAP_BIND_PASSWORD_FILE: fileWith('of the directory\n', 'directory'),
    CHARTROOM_OIDC_CLIENT_SECRET_FILE: fileWith('of the provider\n', 'provider'),
  };
  expect(loadConfig({ flags: {}, environment })).toMatchObject({
    ldapBindPassword: 'of the directory',
    oidcClientSecret: 'of the provider',
  });
});

test('comes from the environment as it is', () => {
  const environment = { CHARTROOM_ADMIN_PASSWORD: ' with spaces, and commas ' };
  expect(loadConfig({ flags: {}, environment }).adminPassword).toBe(' with spaces, and commas ');
});

test('may not be given twice, not even from different sources', () => {
  const flags = { 'admin-password-file': fileWith('correct horse') };
  const load = () => loadConfig({ flags, environment: { CHARTROOM_ADMIN_PASSWORD: 'battery staple' } });
  expect(load).toThrow(
    'the configuration is wrong:\n  CHARTROOM_ADMIN_PASSWORD and --admin-password-file are both set; keep one of them',
  );
});

test('a file that is missing or holds too little is a mistake', () => {
  const load = (path: string) => () => loadConfig({ flags: { 'admin-password-file': path }, environment: {} });
  expect(load('/run/secrets/none')).toThrow(
    '--admin-password-file names the file /run/secrets/none, which does not exist',
  );
  expect(load(fileWith('\n'))).toThrow(
    'the password in the file that --admin-password-file names must be a text without line breaks',
  );
});

test('of every kind may not be given twice', () => {
  const environment = {
    CHARTROOM_OIDC_CLIENT_SECRET: 'hunter2',
    CHARTROOM_OIDC_CLIENT_SECRET_FILE: fileWith('hunter2'),
    CHARTROOM_LDAP_BIND_PASSWORD_FILE: fileWith('hunter\n2', 'broken'),
  };
  expect(messageOf(() => loadConfig({ flags: {}, environment }))).toBe(
    [
      'ConfigError: the configuration is wrong:',
      '  the password in the file that CHARTROOM_LDAP_BIND_PASSWORD_FILE names must be a text without line breaks',
      '  CHARTROOM_OIDC_CLIENT_SECRET and CHARTROOM_OIDC_CLIENT_SECRET_FILE are both set; keep one of them',
    ].join('\n'),
  );
});

test('has no flag, and the mistake says why', () => {
  const message =
    '--admin-password is no flag, since everyone on the machine could read the secret; set CHARTROOM_ADMIN_PASSWORD';
  expect(() => parseSettingsFlags(['--admin-password', 'correct horse'])).toThrow(message);
  expect(() => loadConfig({ flags: { 'admin-password': 'correct horse' }, environment: {} })).toThrow(message);
});

const leaks: readonly (readonly [string, () => unknown])[] = [
  ['broken in two', () => loadConfig({ flags: {}, environment: { CHARTROOM_ADMIN_PASSWORD: 'hunter2\nx' } })],
  ['in a misspelt variable', () => loadConfig({ flags: {}, environment: { CHARTROOM_ADMIN_PASWORD: 'hunter2' } })],
  ['in a flag', () => parseSettingsFlags(['--admin-password=hunter2'])],
  ['in a flag of its own', () => parseSettingsFlags(['--admin-password', 'hunter2'])],
  [
    'broken in two in its file',
    () => loadConfig({ flags: { 'admin-password-file': fileWith('hunter2\nx') }, environment: {} }),
  ],
  ...[
    'adminPassword: "hunter2\\n"',
    'adminPassword: [hunter2]',
    'adminPassword: !hunter2',
    'adminPassword: *hunter2',
    'adminPassword: &hunter2 x',
    'adminPassword: |hunter2',
    'adminPassword: "a" hunter2',
    'adminPasword: hunter2',
    'adminPassword: x: hunter2',
    'adminPassword hunter2',
    '%hunter2',
  ].map((yaml, index): [string, () => unknown] => {
    const path = fileWith(yaml, `${index}.yaml`);
    return [`in the line ${yaml}`, () => loadConfig({ flags: { config: path }, environment: {} })];
  }),
];

test.each(leaks)('is not shown when it is %s', (_where, action) => {
  const message = messageOf(action);
  expect(message).toMatch(/^ConfigError: the (configuration|command line) is wrong:\n {2}/);
  expect(message).not.toContain('hunter2');
});

test('is only said to be set where the configuration is described', () => {
  const described = describeConfig(
    loadConfig({ flags: {}, environment: { CHARTROOM_ADMIN_PASSWORD: 'correct horse' } }),
  );
  expect(described).toContain('adminPassword: (set)\n');
  expect(described).not.toContain('horse');
});
