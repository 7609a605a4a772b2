// Asks the package registry whether a dependency has a known vulnerability: `npm audit`, with a verdict that a build can go by.
import { spawnSync } from 'node:child_process';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * - passed: nothing of severity high or above is known
 * - failed: something is, or npm could not do its work here
 * - skipped: the registry in use cannot be asked, which says nothing about the dependencies
 */
export interface Verdict {
  readonly kind: 'passed' | 'failed' | 'skipped';
  readonly line: string;
}

interface Report {
  readonly message?: string;
  readonly statusCode?: number;
  readonly error?: { readonly code?: string; readonly summary?: string };
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>;
}

/** 77 is what test programs say that could not be run. */
const EXIT_CODES: Readonly<Record<Verdict['kind'], number>> = { passed: 0, failed: 1, skipped: 77 };
const GRAVE = ['high', 'critical'];
/** Mirrors that only hand out packages, and a service that is down. */
const NO_ENDPOINT = [404, 405, 501, 502, 503, 504];
const OFFLINE =
  /\b(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOAUDIT)\b/;

/** @param output what `npm audit --json` prints on standard output */
export function verdictOf(output: string): Verdict {
  const report = parsed(output);
  if (report?.vulnerabilities) {
    const grave = Object.entries(report.vulnerabilities).filter(([, { severity }]) => GRAVE.includes(severity));
    if (grave.length === 0)
      return { kind: 'passed', line: 'no dependency has a known vulnerability that is high or critical' };
    const names = grave.map(([name, { severity }]) => `${name} (${severity})`).join(', ');
    return { kind: 'failed', line: `known vulnerabilities: ${names}: run "npm audit --omit=dev"` };
  }
  const { message = '', statusCode = 0, error } = report ?? {};
  const why = [message, error?.code, error?.summary].filter((text) => text).join(' ') || 'npm audit printed no report';
  if (NO_ENDPOINT.includes(statusCode) || OFFLINE.test(why)) {
    return {
      kind: 'skipped',
      line: `SKIPPED: the package registry in use cannot be asked for advisories (${reasonIn(why)})`,
    };
  }
  return { kind: 'failed', line: `npm audit failed: ${why}` };
}

/** Without the address of the registry. */
function reasonIn(why: string): string {
  return OFFLINE.exec(why)?.[0] ?? /^\d{3} [A-Za-z ]+?(?= - |$)/.exec(why)?.[0] ?? 'no answer';
}

function parsed(output: string): Report | undefined {
  try {
    const report: unknown = JSON.parse(output);
    return typeof report === 'object' && report !== null ? report : undefined;
  } catch {
    return undefined;
  }
}

function main(): void {
  const options = ['audit', '--omit=dev', '--audit-level=high', '--json', '--fetch-retries=1', '--fetch-timeout=30000'];
  const { stdout } = spawnSync('npm', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const { kind, line } = verdictOf(stdout ?? '');
  process.stdout.write(`${line}\n`);
  process.exitCode = EXIT_CODES[kind];
}

if (argv[1] === fileURLToPath(import.meta.url)) main();
