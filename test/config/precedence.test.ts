// Which source of a setting wins, and how each is read.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

function fileWith(yaml: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'chartroom-config-')), 'chartroom.yaml');
  writeFileSync(path, yaml);
  return path;
}

describe('of all sources of a setting', () => {
  const path = fileWith('port: 1001\nlogLevel: warn\ntokenLifetime: 60\n');

  test('a flag wins over the environment, the environment over the file, the file over the default', () => {
    const config = loadConfig({
      flags: { config: path, port: '1003' },
      environment: { CHARTROOM_PORT: '1002', CHARTROOM_LOG_LEVEL: 'debug' },
    });
    expect(config).toMatchObject({ port: 1003, logLevel: 'debug', tokenLifetime: 60, host: '127.0.0.1' });
  });

  test('an empty variable sets back to null what the file says', () => {
    const file = fileWith('publicUrl: https://charts.example.com\nfixedChartTags: ["*"]\n');
    const environment = { CHARTROOM_CONFIG: file, CHARTROOM_PUBLIC_URL: '', CHARTROOM_FIXED_CHART_TAGS: '' };
    expect(loadConfig({ flags: {}, environment })).toMatchObject({ publicUrl: null, fixedChartTags: [] });
  });
});

describe('the settings file', () => {
  const path = fileWith('port: 1001\n');

  test.each([
    ['the flag', { flags: { config: path }, environment: {} }],
    ['the variable', { flags: {}, environment: { CHARTROOM_CONFIG: path } }],
    ['the flag rather than the variable', { flags: { config: path }, environment: { CHARTROOM_CONFIG: '/missing' } }],
    ['a relative path', { flags: { config: relative(process.cwd(), path) }, environment: {} }],
  ])('is named by %s', (_how, input) => {
    expect(loadConfig(input).port).toBe(1001);
  });

  test('is not read when it is not named', () => {
    expect(loadConfig({ flags: {}, environment: {} }).port).toBe(5000);
    expect(loadConfig({ flags: {}, environment: { CHARTROOM_CONFIG: '' } }).port).toBe(5000);
  });

  test.each(['', '# nothing but a comment\n'])('may be empty', (yaml) => {
    expect(loadConfig({ flags: { config: fileWith(yaml) }, environment: {} }).port).toBe(5000);
  });
});

test('a text is read as the type of its setting', () => {
  const environment = {
    CHARTROOM_TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8,127.0.0.1',
    CHARTROOM_REPUBLISH_DELETED: 'true',
    CHARTROOM_MAXIMUM_BLOB_BYTES: '1048576',
    CHARTROOM_FIXED_CHART_TAGS: '*,!dev-*',
  };
  expect(loadConfig({ flags: { 'token-lifetime': '600' }, environment })).toMatchObject({
    trustedProxies: ['10.0.0.0/8', 'fd00::/8', '127.0.0.1'],
    republishDeleted: true,
    maximumBlobBytes: 1048576,
    fixedChartTags: ['*', '!dev-*'],
    tokenLifetime: 600,
  });
});

test('of the public URL, a trailing slash, the default port and capitals are dropped', () => {
  const publicUrl = (text: string) => loadConfig({ flags: { 'public-url': text }, environment: {} }).publicUrl;
  expect(publicUrl('https://charts.example.com/')).toBe('https://charts.example.com');
  expect(publicUrl('HTTPS://Charts.Example.com:443')).toBe('https://charts.example.com');
  expect(publicUrl('http://[::1]:5000/')).toBe('http://[::1]:5000');
});

test('the configuration cannot be changed', () => {
  const config = loadConfig({ flags: {}, environment: {} });
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.fixedChartTags)).toBe(true);
});

describe('the open mode', () => {
  test.each(['127.0.0.1', '127.3.2.1', '::1', '0:0:0:0:0:0:0:1', 'localhost', 'LOCALHOST'])(
    'is allowed on %s',
    (host) => {
      expect(loadConfig({ flags: { auth: 'none', host }, environment: {} }).auth).toBe('none');
    },
  );

  test.each(['0.0.0.0', '::', '10.0.0.1', 'localhost.example.com'])('is refused on %s', (host) => {
    expect(() => loadConfig({ flags: { auth: 'none', host }, environment: {} })).toThrow('--auth is none');
  });
});
