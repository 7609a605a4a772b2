// Every setting an operator can make: its type, default and meaning, and from these its names and what is allowed in it.

import type { Static, TSchema } from 'typebox';
import { Type } from '../json-schemas.ts';
import { LOGIN_SETTINGS } from './login-settings.ts';
import { findMisfit, fits } from './misfit.ts';
import {
  choice,
  filePath,
  isAddressRange,
  isHost,
  isOrigin,
  orNull,
  secret,
  tagPatterns,
  type Wording,
  wholeNumber,
  wording,
} from './setting-kinds.ts';

/** The one source of settings: names, defaults, checks and messages all follow from an entry here. */
export const ConfigSchema = Type.Object({
  host: Type.Refine(
    Type.String({
      default: '127.0.0.1',
      ...wording(
        'The address to listen on; 0.0.0.0 or :: for all.',
        'an IP address or a host name, without a port, such as 127.0.0.1 or 0.0.0.0',
      ),
    }),
    isHost,
  ),
  port: wholeNumber({ from: 0, to: 65535, default: 5000, description: 'The port to listen on; 0 takes any free one.' }),
  publicUrl: orNull(
    Type.Refine(Type.String(), isOrigin),
    wording(
      'The URL that clients use, when a proxy stands in front.',
      'an http or https URL without path, query or password, such as https://charts.example.com',
    ),
  ),
  trustedProxies: Type.Array(
    Type.Refine(
      Type.String(wording('', 'an IP address or a range of them, such as 10.0.0.7 or 10.0.0.0/8')),
      isAddressRange,
    ),
    {
      default: [],
      ...wording(
        'The proxies whose X-Forwarded-* headers are believed.',
        'a list of IP addresses or ranges, such as ["10.0.0.0/8"]',
      ),
    },
  ),
  dataDir: Type.String({
    default: './data',
    // A "~" that no shell has expanded would become a directory of that name.
    pattern: /^(?!~)[^\0]+$/,
    ...wording('The directory that holds everything that is stored.', 'the path of a directory, without "~"'),
  }),
  auth: choice(['accounts', 'none'], {
    default: 'accounts',
    description: 'Who may use the registry: users with a password, or everyone on this machine.',
  }),
  adminPassword: secret('The password of the user "admin", which the first start creates.'),
  adminPasswordFile: filePath('The file that holds the password of "admin".'),
  tokenLifetime: wholeNumber({
    of: 'seconds',
    from: 60,
    to: 3600,
    default: 300,
    description: 'How long a token is good that a client fetches.',
  }),
  chartVersions: choice(['lenient', 'strict'], {
    default: 'lenient',
    description: 'Whether chart versions that are not strict SemVer 2, such as v1.2, are taken.',
  }),
  fixedChartTags: tagPatterns({ default: ['*'], description: 'The chart versions that never change once published.' }),
  fixedTags: tagPatterns({ default: [], description: 'The tags of all other artifacts that never change.' }),
  republishDeleted: Type.Boolean({
    default: false,
    ...wording('Whether a deleted chart version may be published again with other content.', 'true or false'),
  }),
  indexUrls: choice(['tgz', 'oci'], {
    default: 'tgz',
    description: 'Where the index.yaml of a classic Helm repository leads: to its .tgz files, or to oci:// addresses.',
  }),
  maximumBlobBytes: wholeNumber({
    of: 'bytes',
    from: 1,
    to: Number.MAX_SAFE_INTEGER,
    default: 10 * 1024 ** 3,
    description: 'The size of the largest blob that is taken.',
  }),
  requestsPerMinute: wholeNumber({
    of: 'requests',
    from: 0,
    to: 10_000_000,
    default: 12_000,
    description:
      'How many requests a minute are taken from one principal, or from one address without a login; 0 for any number.',
  }),
  processes: wholeNumber({
    of: 'processes',
    from: 1,
    to: 64,
    default: 1,
    description: 'How many processes answer requests; one of them alone writes.',
  }),
  garbageGracePeriod: wholeNumber({
    of: 'seconds',
    from: 60,
    to: 30 * 24 * 3600,
    default: 3600,
    description:
      'How long, in seconds, what nothing refers to any more is kept before garbage collection takes it away: 60 to 2592000 (30 days). A push that takes longer than that from its first layer to its manifest has to send its layers again.',
  }),
  keepUntaggedManifests: Type.Boolean({
    default: false,
    ...wording('Whether garbage collection leaves manifests that nothing refers to.', 'true or false'),
  }),
  scrubBytesPerSecond: wholeNumber({
    of: 'bytes',
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    default: 4 * 1024 ** 2,
    description: 'How fast stored blobs are read again to find damaged ones; 0 for never.',
  }),
  auditDays: wholeNumber({
    of: 'days',
    from: 1,
    to: 36_500,
    default: 365,
    description: 'How long the audit trail is kept.',
  }),
  allowedPrivateHosts: Type.Array(
    Type.Refine(
      Type.String(
        wording('', 'a host name, an IP address or a range of addresses, such as gitlab.example.com or 10.0.0.0/8'),
      ),
      (text) => isHost(text) || isAddressRange(text),
    ),
    {
      default: [],
      ...wording(
        'The hosts of a private network that may be asked for what the API names, such as keys of issuers.',
        'a list of host names, IP addresses or ranges, such as ["gitlab.example.com", "10.0.0.0/8"]',
      ),
    },
  ),
  logLevel: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'How much is logged.',
  }),
  ...LOGIN_SETTINGS,
});

type Values = Static<typeof ConfigSchema>;

export type Config = {
  readonly [Key in keyof Values]: Values[Key] extends readonly (infer Item)[] ? readonly Item[] : Values[Key];
};

/** What the schema says about one setting. */
export interface Setting extends Wording {
  readonly key: keyof Config;
  /** `CHARTROOM_FOO_BAR` for `fooBar`. */
  readonly environmentName: string;
  /** `foo-bar` for `fooBar`. Undefined for a secret: everyone on the machine can read flags in the list of processes. */
  readonly flagName: string | undefined;
  readonly secret: boolean;
  readonly isNullable: boolean;
  readonly default: unknown;
  readonly schema: TSchema;
}

type SettingOptions = Wording & { readonly default: unknown; readonly secret?: boolean };

/** All settings, in the order of the schema. */
export const SETTINGS: readonly Setting[] = Object.entries(ConfigSchema.properties).map(([key, schema]) => {
  const { secret = false, ...options }: SettingOptions = { ...wording('', ''), default: undefined, ...schema };
  return {
    key: key as keyof Config,
    environmentName: `CHARTROOM_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`,
    flagName: secret ? undefined : flagNameOf(key),
    secret,
    isNullable: fits(schema, null),
    default: options.default,
    description: options.description,
    expected: options.expected,
    schema,
  };
});

export function flagNameOf(key: string): string {
  return key.replace(/[A-Z]/g, '-$&').toLowerCase();
}

/** The name that someone who wrote `name` may have meant, if any is close: a few letters off, or one within the other. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  // public_url, public-url and PublicUrl are all publicUrl.
  const bare = (text: string) => text.toLowerCase().replace(/^chartroom_|[^a-z0-9]/g, '');
  const wanted = bare(name);
  const limit = Math.max(2, wanted.length / 3);
  const distances = names.map((candidate) => ({ candidate, distance: editDistance(wanted, bare(candidate)) }));
  const nearest = distances.sort((one, other) => one.distance - other.distance)[0];
  if (nearest !== undefined && nearest.distance <= limit) return nearest.candidate;
  return wanted.length < 3 ? undefined : names.find((candidate) => bare(candidate).includes(wanted));
}

/** The number of letters to insert, remove or replace (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/**
 * Reads a setting's value from the text of an environment variable or a flag: lists are comma separated, nothing stands for
 * null. A text that does not fit the type is returned as it is, for `findFault` to refuse.
 */
export function parseText({ schema, isNullable }: Setting, text: string): unknown {
  if (isNullable && text === '') return null;
  if (Type.IsArray(schema)) {
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
  if (Type.IsBoolean(schema)) return text === 'true' ? true : text === 'false' ? false : text;
  if (Type.IsInteger(schema)) return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  return text;
}

/** Says what is wrong with a value, as the end of a sentence that starts with the setting's name. Never shows a secret. */
export function findFault(setting: Setting, value: unknown): string | undefined {
  const { schema, secret, expected } = setting;
  const misfit = findMisfit(schema, value);
  if (misfit === undefined) return undefined;
  const { item: index } = misfit;
  if (index !== undefined && Array.isArray(value) && Type.IsArray(schema)) {
    const item: unknown = value[index];
    const { expected: expectedItem } = schema.items as Wording;
    const hint = fitsAsText(schema.items, item) ? ' (in quotes)' : '';
    return `has ${shown(item)} as item ${index + 1}, which must be ${expectedItem}${hint}`;
  }
  let hint = '';
  if (fitsAsText(schema, value)) hint = ' (in quotes)';
  else if (fitsWithoutQuotes(setting, value)) hint = ' (without quotes)';
  return secret ? `must be ${expected}${hint}` : `is ${shown(value)}, but must be ${expected}${hint}`;
}

function fitsAsText(schema: TSchema, value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'boolean') && fits(schema, String(value));
}

function fitsWithoutQuotes(setting: Setting, value: unknown): boolean {
  return typeof value === 'string' && !Type.IsArray(setting.schema) && fits(setting.schema, parseText(setting, value));
}

function shown(value: unknown): string {
  if (value === null || value === '') return 'empty';
  // A URL may have a password in it.
  const text = JSON.stringify(value).replace(/\/\/.*@/, '//…@');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
