// Makes one frozen Config of flags, environment, file and defaults (first wins), or says everything that is wrong with them.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isMap, isNode, isScalar, LineCounter, parseDocument, stringify } from 'yaml';
import { type Config, findFault, flagNameOf, nearestName, parseText, SETTINGS } from './schema.ts';
import { checkTogether, type Findings, type Given } from './settings-together.ts';
import { yamlFaults } from './yaml-faults.ts';

/** Carries every mistake of a configuration, a line each, so that an operator need not find them one start after the other. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];

  /** @param where of what they are mistakes */
  constructor(mistakes: readonly string[], where: 'configuration' | 'command line' = 'configuration') {
    super([`the ${where} is wrong:`, ...mistakes.map((mistake) => `  ${mistake}`)].join('\n'));
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigInput {
  /** As `parseSettingsFlags` returns them: names without dashes. */
  readonly flags: Readonly<Record<string, string>>;
  /** The variables of this process, unless others are given. */
  readonly environment?: Environment;
}

const CONFIG_VARIABLE = 'CHARTROOM_CONFIG';
const CONFIG_FLAG = 'config';
/** What the command line takes from the environment beside settings: no part of a server's configuration. */
const SERVER_VARIABLE = 'CHARTROOM_SERVER';
const TOKEN_VARIABLE = 'CHARTROOM_TOKEN';
const NOT_SETTINGS = [CONFIG_VARIABLE, SERVER_VARIABLE, TOKEN_VARIABLE];

/** Secrets, and the settings that name a file with them instead; what the secret is called. */
const SECRET_FILES = [
  ['adminPassword', 'adminPasswordFile', 'password'],
  ['ldapBindPassword', 'ldapBindPasswordFile', 'password'],
  ['oidcClientSecret', 'oidcClientSecretFile', 'secret'],
] as const;

/**
 * Kubernetes tells every container about each Service of its namespace in variables, so a Service named "chartroom" or
 * "chartroom-…" brings CHARTROOM_PORT=tcp://10.0.0.1:5000, CHARTROOM_SERVICE_HOST, CHARTROOM_PORT_5000_TCP_ADDR and more.
 * They are told from settings by their form and ignored.
 */
const FROM_KUBERNETES =
  /^CHARTROOM_(\w+_)?(PORT=(tcp|udp|sctp):\/\/.*|SERVICE_(HOST|PORT(_\w+)?)=.*|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=.*)$/s;

/** @throws ConfigError with all mistakes of all sources */
export function loadConfig({ flags, environment = process.env }: ConfigInput): Config {
  const findings: Findings = { mistakes: [], given: new Map(), faulty: new Set() };
  const { mistakes, given, faulty } = findings;
  // A later value replaces an earlier one, so this order is the precedence.
  const all = [
    ...fromFile(flags, environment, mistakes),
    ...fromEnvironment(environment, mistakes),
    ...fromFlags(flags, mistakes),
  ];
  for (const one of all) {
    given.set(one.setting.key, one);
    const fault = findFault(one.setting, one.value);
    if (fault === undefined) continue;
    faulty.add(one.setting.key);
    mistakes.push(`${one.where} ${fault}`);
  }
  // Faulty values are replaced by defaults, so that what depends on several settings can be checked in the same go.
  const values = SETTINGS.map(({ key, default: byDefault }) => {
    const one = given.get(key);
    return [key, one === undefined || faulty.has(key) ? byDefault : one.value];
  });
  const config = structuredClone(Object.fromEntries(values)) as Config;
  const withSecrets = withSecretsOfFiles(config, findings);
  checkTogether(withSecrets, findings);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  // The origin is what the URL means: lower case, no default port, no trailing slash.
  const publicUrl = config.publicUrl === null ? null : new URL(config.publicUrl).origin;
  const complete: Config = { ...withSecrets, publicUrl };
  for (const value of Object.values(complete)) Object.freeze(value);
  return Object.freeze(complete);
}

/** The server that commands are sent to when no flag names one, and the secret that they show it. */
export function commandVariables(environment: Environment = process.env): {
  readonly server: string | undefined;
  readonly token: string | undefined;
} {
  return { server: environment[SERVER_VARIABLE], token: environment[TOKEN_VARIABLE] };
}

/**
 * Reads the settings out of a command line that has no other flags any more.
 * @param alsoFlags the command's own flags, which may have been meant by one that does not exist
 * @throws ConfigError
 */
export function parseSettingsFlags(
  argv: readonly string[],
  alsoFlags: readonly string[] = [],
): { flags: Record<string, string>; positionals: string[] } {
  const options = settingsFlags();
  // Strict parsing would end at the first mistake.
  const parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true });
  const flags: Record<string, string> = {};
  const mistakes: string[] = [];
  for (const token of parsed.tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(options, name)) mistakes.push(unknownFlag(rawName, alsoFlags));
    else if (value === undefined || (!token.inlineValue && value.startsWith('-'))) {
      mistakes.push(`${rawName} has no value; write ${rawName}=<value>`);
    } else flags[name] = value;
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes, 'command line');
  return { flags, positionals: parsed.positionals };
}

/** The options for `parseArgs` of node:util: `--config`, and every setting that has a flag. */
export function settingsFlags(): Record<string, { type: 'string' }> {
  const names = [CONFIG_FLAG, ...SETTINGS.flatMap(({ flagName }) => flagName ?? [])];
  return Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
}

/** The settings as YAML, for a person to check; of a secret only whether it is set. */
export function describeConfig(config: Config): string {
  const values = SETTINGS.map(({ key, secret }) => [key, secret && config[key] !== null ? '(set)' : config[key]]);
  return stringify(Object.fromEntries(values), { lineWidth: 0 });
}

function fromFlags(flags: ConfigInput['flags'], mistakes: string[]): Given[] {
  return Object.entries(flags).flatMap(([name, text]) => {
    const setting = SETTINGS.find(({ flagName }) => flagName === name);
    if (setting !== undefined) return { setting, value: parseText(setting, text), where: `--${name}` };
    if (name !== CONFIG_FLAG) mistakes.push(unknownFlag(`--${name}`));
    return [];
  });
}

/** The value is left out, since it may be a secret. */
function unknownFlag(rawName: string, alsoFlags: readonly string[] = []): string {
  const secret = SETTINGS.find((setting) => setting.secret && rawName === `--${flagNameOf(setting.key)}`);
  if (secret !== undefined) {
    return `${rawName} is no flag, since everyone on the machine could read the secret; set ${secret.environmentName}`;
  }
  const names = [...alsoFlags, ...Object.keys(settingsFlags()).map((name) => `--${name}`)];
  return `${rawName} is not a flag${suggestion(rawName, names)}`;
}

function fromEnvironment(environment: Environment, mistakes: string[]): Given[] {
  return Object.entries(environment).flatMap(([name, text]) => {
    if (text === undefined || !name.startsWith('CHARTROOM_') || FROM_KUBERNETES.test(`${name}=${text}`)) return [];
    const setting = SETTINGS.find(({ environmentName }) => environmentName === name);
    if (setting !== undefined) return { setting, value: parseText(setting, text), where: name };
    const names = [...NOT_SETTINGS, ...SETTINGS.map(({ environmentName }) => environmentName)];
    if (!NOT_SETTINGS.includes(name)) mistakes.push(`${name} is not a setting${suggestion(name, names)}`);
    return [];
  });
}

function suggestion(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

function fromFile(flags: ConfigInput['flags'], environment: Environment, mistakes: string[]): Given[] {
  const path = flags[CONFIG_FLAG] ?? environment[CONFIG_VARIABLE] ?? '';
  if (path === '') return [];
  const where = flags[CONFIG_FLAG] === undefined ? CONFIG_VARIABLE : `--${CONFIG_FLAG}`;
  const lines = new LineCounter();
  const text = readText(path, where, mistakes);
  const document = parseDocument(text ?? '', { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const lineOf = (offset: number) => `${path} line ${lines.linePos(offset).line}`;
  const faults = yamlFaults(document);
  // One slip can confuse the parser for several lines, so only the first is told, and values are not looked at.
  for (const { offset, fault } of faults.slice(0, 1)) mistakes.push(`${lineOf(offset)}: ${fault}`);
  if (faults.length > 0 || !isMap(document.contents)) return [];
  const keys = SETTINGS.map((setting) => setting.key);
  const linesByKey = new Map<string, string>();
  return document.contents.items.flatMap(({ key: keyNode, value: valueNode }): Given[] => {
    const key = isScalar(keyNode) ? String(keyNode.value) : '?';
    const line = lineOf(isNode(keyNode) ? (keyNode.range?.[0] ?? 0) : 0);
    const where = `${key} in ${line}`;
    const setting = SETTINGS.find((candidate) => candidate.key === key);
    const earlier = linesByKey.get(key);
    linesByKey.set(key, line);
    if (earlier !== undefined) mistakes.push(`${where} is already set in ${earlier}`);
    else if (setting === undefined) mistakes.push(`${where} is not a setting${suggestion(key, keys)}`);
    else return [{ setting, value: isNode(valueNode) ? valueNode.toJS(document) : null, where }];
    return [];
  });
}

/** Text of a file that a setting names; undefined, with a mistake, when it cannot be read. */
function readText(path: string, where: string, mistakes: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const why =
      code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a directory' : `cannot be read (${String(code)})`;
    mistakes.push(`${where} names the file ${resolve(path)}, which ${why}`);
    return undefined;
  }
}

/** The configuration with every secret that stands in a file of its own. */
function withSecretsOfFiles(config: Config, { mistakes, given, faulty }: Findings): Config {
  const secrets = SECRET_FILES.flatMap(([key, fileKey, what]): [string, string | null][] => {
    const path = config[fileKey];
    const where = given.get(fileKey)?.where;
    if (path === null || where === undefined) return [];
    const isGivenTwice = config[key] !== null || faulty.has(key);
    // What depends on it is not looked at.
    const text = isGivenTwice ? undefined : readText(path, where, mistakes)?.replace(/\r?\n$/, '');
    if (isGivenTwice) mistakes.push(`${given.get(key)?.where} and ${where} are both set; keep one of them`);
    const setting = SETTINGS.find((candidate) => candidate.key === key);
    const fault = setting && text !== undefined && findFault(setting, text);
    if (fault) mistakes.push(`the ${what} in the file that ${where} names ${fault}`);
    if (fault || text === undefined) faulty.add(key);
    return [[key, text ?? null]];
  });
  return { ...config, ...Object.fromEntries(secrets) };
}
