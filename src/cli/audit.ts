// `chartroom audit …`: who did what, and what was refused.
import { systemClock } from '../ports/clock.ts';
import { type AuditEvent, readAuditEvent, type Scope } from './answers.ts';
import { type GivenOptions, type Option, UsageError } from './command.ts';
import { itemsOf } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { readPast } from './moments.ts';
import { printJson } from './print.ts';
import { shownScope } from './scope-syntax.ts';
import { table } from './table.ts';

const LIMIT = 'limit';
const DEFAULT_LIMIT = 50;
const LARGEST_PAGE = 1000;
/** Filters that the API takes as they are. */
const TEXTS = ['actor', 'kind', 'repository', 'outcome', 'address'] as const;
const TIMES = ['from', 'to'] as const;

const FILTERS: readonly Option[] = [
  { name: 'actor', value: 'NAME', summary: 'only what this user, robot or other caller did' },
  {
    name: 'kind',
    value: 'KIND',
    summary: 'only events of this kind, such as chart.published, or user for all of users',
  },
  { name: 'repository', value: 'PATH', summary: 'only what concerns this repository, or those below this path' },
  { name: 'outcome', value: 'allowed|refused', summary: 'only what was allowed, or refused' },
  { name: 'address', value: 'IP', summary: 'only what came from this address' },
  { name: 'from', value: 'TIME', summary: 'only from then on: 2027-01-31, 2027-01-31T14:00 (UTC), or 24h ago as 24h' },
  { name: 'to', value: 'TIME', summary: 'only before then' },
];

export const auditCommands = [
  managementCommand({
    name: 'audit list',
    summary: 'show the last events, the newest at the end',
    options: [...FILTERS, { name: LIMIT, value: 'N', summary: `how many (default: ${DEFAULT_LIMIT})` }],
    hasAnswer: true,
    run: listEvents,
  }),
  managementCommand({
    name: 'audit export',
    summary: 'print all events as JSON, one in a line, the newest first',
    options: FILTERS,
    run: exportEvents,
  }),
];

async function listEvents({ management, options }: Call): Promise<Outcome> {
  const limit = readLimit(options);
  const filter = { ...filterOf(options), limit: String(Math.min(limit, LARGEST_PAGE)) };
  const items: unknown[] = [];
  for await (const item of itemsOf(management, '/audit', filter)) {
    items.push(item);
    if (items.length === limit) break;
  }
  const rows = items.map((item) => cellsOf(readAuditEvent(item))).reverse();
  const head = ['TIME', 'ACTOR', 'EVENT', 'OUTCOME', 'REPOSITORY', 'FROM', 'WITH', 'DETAIL'];
  return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows) };
}

/** Page by page, so that neither side holds many at once. */
async function exportEvents({ management, options }: Call): Promise<Outcome> {
  for await (const item of itemsOf(management, '/audit', filterOf(options))) printJson(item);
  return { lines: [] };
}

function cellsOf(event: AuditEvent): readonly string[] {
  const { at, actor, actorKind, kind, outcome, repository, tag, digest, clientAddress, credential, detail } = event;
  return [
    at.replace(/\.\d+Z$/, 'Z'),
    // A robot may have the name of a person.
    actorKind === 'robot' || actorKind === 'workload' ? `${actorKind} ${actor}` : actor,
    kind,
    outcome,
    tag === null ? repository : `${repository}:${tag}`,
    clientAddress,
    credential,
    Object.entries(digest === null ? detail : { ...detail, digest })
      .map(([name, value]) => `${name}=${shownDetail(name, value)}`)
      .join(' '),
  ];
}

/** Times in details are milliseconds since 1970, and the root is an empty path. */
function shownDetail(name: string, value: unknown): string {
  if (name === 'namespace' && value === '') return '/';
  if (name === 'scopes' && Array.isArray(value)) return value.map((scope) => shownScope(scope as Scope)).join(' ');
  if (typeof value === 'number' && name.endsWith('At')) return new Date(value).toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function filterOf(options: GivenOptions): Readonly<Record<string, string | undefined>> {
  const outcome = options.one('outcome');
  if (outcome !== undefined && outcome !== 'allowed' && outcome !== 'refused') {
    throw new UsageError(`"${outcome}" is no outcome: use allowed or refused`);
  }
  const now = systemClock.now();
  const times = TIMES.map((name) => {
    const text = options.one(name);
    return [name, text === undefined ? undefined : readPast(text, now)] as const;
  });
  return { ...Object.fromEntries(TEXTS.map((name) => [name, options.one(name)])), ...Object.fromEntries(times) };
}

function readLimit(options: GivenOptions): number {
  const text = options.one(LIMIT) ?? String(DEFAULT_LIMIT);
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--${LIMIT} is "${text}", but must be a whole number from 1 to 999999`);
}
