// `chartroom chart check-lock`: whether what a Chart.lock names can be built with, as CI asks before it builds.
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type CheckedDependency, readLockCheck } from './chart-answers.ts';
import { warningOf } from './chart-words.ts';
import { UsageError } from './command.ts';
import { lineWidth } from './line-width.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { table } from './table.ts';
import { counted } from './words.ts';

const CHART = {
  name: 'chart',
  value: 'FILE',
  summary: 'the Chart.yaml that it belongs to (default: the one beside it)',
};
/** bytes; the API takes no more of both together */
const LARGEST_FILE = 60_000;

export const checkLock = managementCommand({
  name: 'chart check-lock',
  words: ['FILE'],
  summary:
    'check a Chart.lock: it fits Chart.yaml, and its versions are there and not yanked; the exit code is 1 otherwise',
  exitCodes: {
    1: 'something in the lock is not as it should be, or it could not be checked; standard error says which',
  },
  options: [CHART],
  hasAnswer: true,
  run: checkLockFile,
});

async function checkLockFile({ management, words: [path = ''], options }: Call): Promise<Outcome> {
  const given = options.one(CHART.name);
  const lock = readText(path);
  const chart = given === undefined ? chartBeside(path) : readText(given);
  const answer = await management.request('POST', '/lock-check', { lock, ...(chart === undefined ? {} : { chart }) });
  const { ok, inSync, dependencies } = readLockCheck(answer);
  const checked = dependencies.map((dependency) => ({ dependency, fault: faultOf(dependency) }));
  const faults = checked.filter(({ fault }) => fault !== undefined).length;
  const rows = checked.map(({ dependency, fault }) => [
    dependency.name,
    dependency.version,
    dependency.range ?? '',
    dependency.newerAllowed ?? '',
    dependency.newer ?? '',
    fault === undefined ? soundWords(dependency) : `! ${fault}`,
  ]);
  const head = ['NAME', 'LOCKED', 'RANGE', 'NEWER ALLOWED', 'NEWER', 'STATE'];
  return {
    answer,
    notes: chart === undefined ? ['there is no Chart.yaml beside it: whether it fits that is not known'] : [],
    lines: [...(rows.length === 0 ? ['it names no dependencies'] : table(head, rows, lineWidth()))],
    failure: ok ? undefined : failureOf(path, inSync, faults),
  };
}

function failureOf(path: string, inSync: boolean | null, faults: number): string {
  const why = [
    ...(inSync === false
      ? ['it was made for other dependencies than Chart.yaml has (run "helm dependency update")']
      : []),
    ...(faults === 0 ? [] : [`${counted(faults, 'dependency is', 'dependencies are')} not as it should be`]),
  ];
  return `${path} is not good to build with: ${why.join(', and ')}`;
}

function faultOf({ place, found, version, range, inRange }: CheckedDependency): string | undefined {
  if (place === 'here' && found === null) return 'not in this registry, or not for you';
  if (found?.yanked) return warningOf(found);
  return inRange === false ? `${version} is not in ${range}` : undefined;
}

function soundWords({ place, found, location }: CheckedDependency): string {
  if (found) return warningOf(found) || 'ok';
  return place === 'local' ? 'a folder' : `not checked: ${location}`;
}

/** Undefined when there is none, or when the lock is an old one, which belongs to a requirements.yaml. */
function chartBeside(lock: string): string | undefined {
  if (basename(lock) === 'requirements.lock') return undefined;
  const path = join(dirname(lock), 'Chart.yaml');
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? readText(path) : undefined;
}

/** @throws UsageError */
function readText(path: string): string {
  try {
    if (statSync(path).size <= LARGEST_FILE) return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`${resolve(path)} cannot be read (${code})`);
  }
  throw new UsageError(
    `${resolve(path)} has more than ${LARGEST_FILE} bytes, which no Chart.lock and no Chart.yaml has`,
  );
}
