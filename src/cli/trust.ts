// `chartroom trust …`: rules by which jobs and services of elsewhere log in with their identity tokens.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readTrustRule, type TrustRule } from './answers.ts';
import { type GivenOptions, type Option, UsageError } from './command.ts';
import { allItems } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { shownTime } from './moments.ts';
import { pathOf } from './path-of.ts';
import { readRole } from './roles.ts';
import { shownPath } from './shown-path.ts';
import { facts, table } from './table.ts';

const CLAIM = 'claim';
const KEYS = 'keys';
const ROLE = 'role';
/** Options that are members of a rule, as they are. */
const TEXTS = ['issuer', 'audience', 'namespace'] as const;

const OPTIONS: readonly Option[] = [
  { name: 'issuer', value: 'URL', summary: 'who signs the identity tokens, exactly as they name it ("iss")' },
  { name: 'audience', value: 'TEXT', summary: 'what they are asked for in the job ("aud"), such as this host' },
  {
    name: CLAIM,
    value: 'NAME=PATTERN',
    summary: 'what they must say, such as repository=acme/charts; "*" stands for any characters; once for each claim',
    isRepeated: true,
  },
  { name: ROLE, value: 'ROLE', summary: 'what they give: reader, writer or maintainer' },
  { name: 'namespace', value: 'PATH', summary: 'and where; "/" is everything' },
];

const KEYS_OPTION: Option = {
  name: KEYS,
  value: 'FILE',
  summary: 'the JWK set of an issuer that this registry cannot ask for its keys',
};

export const trustCommands = [
  managementCommand({
    name: 'trust add',
    words: ['NAME'],
    summary: 'let jobs or services of elsewhere in by their identity tokens',
    options: [...OPTIONS.map((option): Option => ({ ...option, isRequired: true })), KEYS_OPTION],
    hasAnswer: true,
    run: addRule,
  }),
  managementCommand({ name: 'trust list', summary: 'list the rules', hasAnswer: true, run: listRules }),
  managementCommand({
    name: 'trust show',
    words: ['NAME'],
    summary: 'show a rule',
    hasAnswer: true,
    run: async ({ management, words: [name = ''] }) => {
      const answer = await management.request('GET', pathOf`/trust-rules/${name}`);
      return { answer, lines: ruleLines(readTrustRule(answer)) };
    },
  }),
  managementCommand({
    name: 'trust set',
    words: ['NAME'],
    summary: 'change a rule, which ends what was given out under it; its claims are replaced, all of them',
    options: [...OPTIONS, { ...KEYS_OPTION, summary: `${KEYS_OPTION.summary}; empty for one that it can` }],
    hasAnswer: true,
    needsOption: true,
    run: async (call) => await changeRule(call, settingsOf(call.options)),
  }),
  managementCommand({
    name: 'trust disable',
    words: ['NAME'],
    summary: 'trust nobody by a rule, and end what was given out under it',
    hasAnswer: true,
    run: async (call) => await changeRule(call, { disabled: true }),
  }),
  managementCommand({
    name: 'trust enable',
    words: ['NAME'],
    summary: 'trust again by a disabled rule',
    hasAnswer: true,
    run: async (call) => await changeRule(call, { disabled: false }),
  }),
  managementCommand({
    name: 'trust remove',
    words: ['NAME'],
    summary: 'remove a rule, which ends what was given out under it',
    run: async ({ management, words: [name = ''] }) => {
      await management.request('DELETE', pathOf`/trust-rules/${name}`);
      return { lines: [`removed the rule ${name}`] };
    },
  }),
];

async function addRule({ management, words: [name = ''], options }: Call): Promise<Outcome> {
  const answer = await management.request('POST', '/trust-rules', { name, ...settingsOf(options) });
  return { answer, lines: [meaningOf(readTrustRule(answer))] };
}

async function changeRule({ management, words: [name = ''] }: Call, change: object): Promise<Outcome> {
  const answer = await management.request('PATCH', pathOf`/trust-rules/${name}`, change);
  return { answer, lines: [meaningOf(readTrustRule(answer))] };
}

async function listRules({ management }: Call): Promise<Outcome> {
  const items = await allItems(management, '/trust-rules');
  const rows = items
    .map(readTrustRule)
    .map(({ name, role, namespace, issuer, claims, disabled }) => [
      name,
      `${role} of ${shownPath(namespace)}`,
      issuer,
      claimTexts(claims).join(' '),
      stateOf(disabled),
    ]);
  const head = ['NAME', 'GIVES', 'ISSUER', 'CLAIMS', 'STATE'];
  return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows) };
}

function ruleLines(rule: TrustRule): readonly string[] {
  return facts([
    ['name', rule.name],
    ['gives', `${rule.role} of ${shownPath(rule.namespace)}`],
    ['issuer', rule.issuer],
    ['audience', rule.audience],
    ...claimTexts(rule.claims).map((text): readonly [string, string] => ['claim', text]),
    ['keys', rule.keys === null ? 'as the issuer publishes them' : 'as given with the rule'],
    ['state', stateOf(rule.disabled)],
    ['added', shownTime(rule.createdAt)],
  ]);
}

function meaningOf({ name, role, namespace, issuer, audience, claims, disabled }: TrustRule): string {
  if (disabled)
    return `the rule ${name} is disabled, and trusts nobody: "chartroom trust enable ${name}" takes that back`;
  const who = `identity tokens of ${issuer} for the audience ${audience} with ${claimTexts(claims).join(' and ')}`;
  return `the rule ${name} makes ${role} of ${shownPath(namespace)} whoever has ${who}`;
}

function stateOf(disabled: boolean): string {
  return disabled ? 'disabled' : 'active';
}

function claimTexts(claims: TrustRule['claims']): readonly string[] {
  return Object.entries(claims).map(([name, pattern]) => `${name}=${pattern}`);
}

/** What the options say, and nothing about the rest. */
function settingsOf(options: GivenOptions): object {
  const texts = TEXTS.flatMap((name) => (options.has(name) ? [[name, options.one(name)] as const] : []));
  const claims = options.all(CLAIM).map(readClaim);
  const keys = options.one(KEYS);
  const role = options.one(ROLE);
  return {
    ...Object.fromEntries(texts),
    ...(role === undefined ? {} : { role: readRole(role) }),
    ...(claims.length === 0 ? {} : { claims: Object.fromEntries(claims) }),
    ...(keys === undefined ? {} : { keys: keys === '' ? null : readKeys(keys) }),
  };
}

function readClaim(text: string): readonly [name: string, pattern: string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new UsageError(`"${text}" is no claim: write NAME=PATTERN, such as repository=acme/charts`);
}

function readKeys(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is no JSON' : `cannot be read (${codeOf(error)})`;
    throw new UsageError(`--${KEYS} names ${resolve(path)}, which ${why}`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
