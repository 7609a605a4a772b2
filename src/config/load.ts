// Makes one frozen Config of flags, environment, file and defaults (first wins), or says everything that is wrong with them.
import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Parse } from 'typebox/value';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  stringify,
  visit,
  type YAMLError,
} from 'yaml';
import {
  type Config,
  ConfigSchema,
  findFault,
  flagNameOf,
  nearestName,
  parseText,
  SETTINGS,
  type Setting,
} from './schema.ts';

/** Carries every mistake of a configuration, a line each, so that an operator need not find them one start after the other. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(['the configuration is wrong:', ...mistakes.map((mistake) => `  ${mistake}`)].join('\n'));
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

/** A value that an operator gave to a setting; `where` names it in the operator's own words. */
interface Given {
  readonly setting: Setting;
  readonly value: unknown;
  readonly where: string;
}

/** What the sources say, with everything that is wrong in them. */
interface Findings {
  readonly mistakes: string[];
  /** The value that counts, where one was given. */
  readonly given: Map<keyof Config, Given>;
  readonly faulty: Set<keyof Config>;
}

const CONFIG_VARIABLE = 'CHARTROOM_CONFIG';
const CONFIG_FLAG = 'config';

/**
 * Kubernetes tells every container about each Service of its namespace in variables, so a Service named "chartroom" or
 * "chartroom-…" brings CHARTROOM_PORT=tcp://10.0.0.1:5000, CHARTROOM_SERVICE_HOST, CHARTROOM_PORT_5000_TCP_ADDR and more.
 * They are told from settings by their form and ignored.
 */
const FROM_KUBERNETES =
  /^CHARTROOM_(\w+_)?(PORT=(tcp|udp|sctp):\/\/.*|SERVICE_(HOST|PORT(_\w+)?)=.*|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=.*)$/s;

const NOT_KEY_AND_VALUE = 'this is not of the form "key: value", with a space behind the colon';
const QUOTES_MISSING = 'a value that begins with "!", "*", "&", "@" or "`" must be in quotes';
/** What is wrong in a file that is not YAML. The parser's own messages are not shown: some quote values, so also secrets. */
const YAML_FAULTS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_ALIAS: QUOTES_MISSING,
  BAD_INDENT: 'the line is not indented as it should be, or a bracket before it is not closed',
  BAD_SCALAR_START: QUOTES_MISSING,
  BLOCK_AS_IMPLICIT_KEY: 'a value with ": " in it must be in quotes, and the next setting must not be indented',
  MISSING_CHAR: 'a quote, a bracket, a comma or a colon is missing, here or further up',
  MULTILINE_IMPLICIT_KEY: NOT_KEY_AND_VALUE,
  MULTIPLE_DOCS: 'a second document starts here, but all settings must stand in one',
  TAB_AS_INDENT: 'a tab indents the line; use spaces',
  TAG_RESOLVE_FAILED: QUOTES_MISSING,
  UNEXPECTED_TOKEN: 'something stands here that does not belong to the value; put the whole value in quotes',
};

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
  const config: Config = Parse(ConfigSchema, structuredClone(Object.fromEntries(values)));
  checkOpenMode(config, findings);
  const adminPassword = adminPasswordOf(config, findings);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  // The origin is what the URL means: lower case, no default port, no trailing slash.
  const publicUrl = config.publicUrl === null ? null : new URL(config.publicUrl).origin;
  const complete: Config = { ...config, publicUrl, adminPassword };
  for (const value of Object.values(complete)) Object.freeze(value);
  return Object.freeze(complete);
}

/** Reads the settings out of the command line of a command that has no other flags. @throws ConfigError */
export function parseSettingsFlags(argv: readonly string[]): { flags: Record<string, string>; positionals: string[] } {
  const options = settingsFlags();
  // Strict parsing would end at the first mistake.
  const parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true });
  const flags: Record<string, string> = {};
  const mistakes: string[] = [];
  for (const token of parsed.tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(options, name)) mistakes.push(unknownFlag(rawName));
    else if (value === undefined || (!token.inlineValue && value.startsWith('-'))) {
      mistakes.push(`${rawName} has no value; write ${rawName}=<value>`);
    } else flags[name] = value;
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
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
function unknownFlag(rawName: string): string {
  const secret = SETTINGS.find((setting) => setting.secret && rawName === `--${flagNameOf(setting.key)}`);
  if (secret !== undefined) {
    return `${rawName} is no flag, since everyone on the machine could read the secret; set ${secret.environmentName}`;
  }
  const names = Object.keys(settingsFlags()).map((name) => `--${name}`);
  return `${rawName} is not a flag${suggestion(rawName, names)}`;
}

function fromEnvironment(environment: Environment, mistakes: string[]): Given[] {
  return Object.entries(environment).flatMap(([name, text]) => {
    if (text === undefined || !name.startsWith('CHARTROOM_') || FROM_KUBERNETES.test(`${name}=${text}`)) return [];
    const setting = SETTINGS.find(({ environmentName }) => environmentName === name);
    if (setting !== undefined) return { setting, value: parseText(setting, text), where: name };
    const names = [CONFIG_VARIABLE, ...SETTINGS.map(({ environmentName }) => environmentName)];
    if (name !== CONFIG_VARIABLE) mistakes.push(`${name} is not a setting${suggestion(name, names)}`);
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

/** All that keeps a file from being `key: value` lines in plain YAML, in the file's order. */
function yamlFaults(document: Document.Parsed): { readonly offset: number; readonly fault: string }[] {
  const faults = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    offset: pos[0],
    fault: YAML_FAULTS[code] ?? 'this is not valid YAML',
  }));
  // Aliases and anchors are legal, but in this file they are globs and passwords that lack their quotes.
  visit(document, (_key, node) => {
    if (isAlias(node) || (isNode(node) && 'anchor' in node && node.anchor !== undefined)) {
      faults.push({ offset: node.range?.[0] ?? 0, fault: QUOTES_MISSING });
    }
  });
  if (document.contents !== null && !isMap(document.contents)) {
    faults.push({ offset: document.contents.range[0], fault: NOT_KEY_AND_VALUE });
  }
  return faults.sort((one, other) => one.offset - other.offset);
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

function checkOpenMode(config: Config, { mistakes, given, faulty }: Findings): void {
  if (config.auth !== 'none') return;
  const isGiven = { publicUrl: config.publicUrl !== null, trustedProxies: config.trustedProxies.length > 0 };
  const forOthers = (['publicUrl', 'trustedProxies'] as const).flatMap(
    (key) => (isGiven[key] ? given.get(key) : undefined) ?? [],
  );
  if (forOthers.length > 0) {
    const names = forOthers.map(({ where }) => where).join(' and ');
    mistakes.push(
      `${given.get('auth')?.where} is none, so no one needs a password and only this machine is answered: ` +
        `${names} must not be set with it`,
    );
  }
  if (faulty.has('host') || isLoopback(config.host)) return;
  mistakes.push(
    `${given.get('auth')?.where} is none, so no one needs a password, which is allowed on this machine only: ` +
      `${given.get('host')?.where} is "${config.host}", but must then be 127.0.0.1, ::1 or localhost`,
  );
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  return host.toLowerCase() === 'localhost' || loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** The administrator's password, from wherever it is given. */
function adminPasswordOf(config: Config, { mistakes, given, faulty }: Findings): string | null {
  const path = config.adminPasswordFile;
  const where = given.get('adminPasswordFile')?.where;
  if (path === null || where === undefined) return config.adminPassword;
  if (config.adminPassword !== null || faulty.has('adminPassword')) {
    mistakes.push(`${given.get('adminPassword')?.where} and ${where} are both set; keep one of them`);
    return null;
  }
  const password = readText(path, where, mistakes)?.replace(/\r?\n$/, '');
  const setting = SETTINGS.find(({ key }) => key === 'adminPassword');
  const fault = setting && password !== undefined && findFault(setting, password);
  if (fault) mistakes.push(`the password in the file that ${where} names ${fault}`);
  return password ?? null;
}
