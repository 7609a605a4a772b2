// The command line: which flags there are, and what an operator reads who mistypes one.
import { expect, test } from 'vitest';
import { ConfigError, loadConfig, parseSettingsFlags, settingsFlags } from '../../src/config/load.ts';
import { SETTINGS } from '../../src/config/schema.ts';

function mistakesIn(...argv: readonly string[]): readonly string[] {
  try {
    parseSettingsFlags(argv);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

test('flags may stand before and behind the command, with a space or an equals sign', () => {
  expect(
    parseSettingsFlags(['--port', '80', 'serve', '--host=::1', '--republish-deleted', 'true', '--config=x']),
  ).toEqual({
    flags: { port: '80', host: '::1', 'republish-deleted': 'true', config: 'x' },
    positionals: ['serve'],
  });
});

test('of a flag that is repeated the last counts', () => {
  expect(parseSettingsFlags(['--port', '80', '--port', '81']).flags).toEqual({ port: '81' });
});

test('behind two dashes there are no flags', () => {
  expect(parseSettingsFlags(['--', '--port'])).toEqual({ flags: {}, positionals: ['--port'] });
});

test('all mistakes in flags are told at once', () => {
  expect(
    mistakesIn('serve', '--prot', '80', '-p', '--publicUrl=x', '--host', '--port=1', '--republish-deleted'),
  ).toEqual([
    '--prot is not a flag; did you mean --port?',
    '-p is not a flag',
    '--publicUrl is not a flag; did you mean --public-url?',
    '--host has no value; write --host=<value>',
    '--republish-deleted has no value; write --republish-deleted=<value>',
  ]);
});

test('flags that were parsed elsewhere are checked too', () => {
  expect(() => loadConfig({ flags: { prot: '80' }, environment: {} })).toThrow(
    '--prot is not a flag; did you mean --port?',
  );
});

test('every setting has a variable, and every one but a secret a flag', () => {
  const names = SETTINGS.map(({ key, environmentName, flagName }) => [key, environmentName, flagName]);
  expect(names).toContainEqual(['publicUrl', 'CHARTROOM_PUBLIC_URL', 'public-url']);
  expect(names).toContainEqual(['dataDir', 'CHARTROOM_DATA_DIR', 'data-dir']);
  expect(names).toContainEqual(['adminPassword', 'CHARTROOM_ADMIN_PASSWORD', undefined]);
  const withoutFlag = SETTINGS.filter(({ flagName }) => flagName === undefined);
  expect(withoutFlag.map(({ key }) => key)).toEqual(['adminPassword', 'ldapBindPassword', 'oidcClientSecret']);
  expect(Object.keys(settingsFlags())).toHaveLength(SETTINGS.length - withoutFlag.length + 1);
  expect(settingsFlags().config).toEqual({ type: 'string' });
});
