// The files in config/, which operators copy from, are what the schema says.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeConfig, loadConfig } from '../../src/config/load.ts';
import { SETTINGS } from '../../src/config/schema.ts';

const REFERENCE = 'config/chartroom.yaml';
const EXAMPLES = 'config/examples';

test('config/chartroom.yaml has every setting with its default, in the order of the schema', () => {
  const values: unknown = parse(readFileSync(REFERENCE, 'utf8'));
  const defaults = SETTINGS.map((setting) => [setting.key, setting.default]);
  expect(Object.entries(values ?? {})).toEqual(defaults);
});

test('loading config/chartroom.yaml gives what no file gives', () => {
  const fromFile = loadConfig({ flags: { config: REFERENCE }, environment: {} });
  expect(fromFile).toEqual(loadConfig({ flags: {}, environment: {} }));
});

test.each(SETTINGS.map(({ key }) => key))('config/chartroom.yaml explains %s right above it', (key) => {
  const lines = readFileSync(REFERENCE, 'utf8').split('\n');
  const line = lines.findIndex((text) => text.startsWith(`${key}:`));
  expect(lines[line - 1]).toMatch(/^# \S/);
});

test.each(SETTINGS.map((setting) => [setting.key, setting]))(
  '%s says what it is and what it takes',
  (_key, setting) => {
    expect(setting.description).toMatch(/\S.*\.$/);
    expect(setting.expected).not.toBe('');
  },
);

test.each(readdirSync(EXAMPLES))('config/examples/%s is a good configuration', (name) => {
  const path = `${EXAMPLES}/${name}`;
  // Examples name files that are only on the operator's machine.
  const config = loadConfig({ flags: { config: path }, environment: { CHARTROOM_ADMIN_PASSWORD_FILE: '' } });
  const values: unknown = parse(readFileSync(path, 'utf8'));
  expect(config).toMatchObject({ ...(values ?? {}), adminPasswordFile: null });
});

test('a described configuration can be loaded again', () => {
  const config = loadConfig({ flags: { config: `${EXAMPLES}/laptop-open-mode.yaml` }, environment: {} });
  expect(parse(describeConfig(config))).toEqual(config);
});
