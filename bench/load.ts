// Sends one kind of request again and again with wrk, and says how many were answered.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OCI_MANIFEST } from '../src/oci/media-types.ts';

const SCRIPT = join(import.meta.dirname, 'wrk.lua');

interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** The header of every request; undefined for none. */
  readonly authorization?: string | undefined;
  /** A file with a header on each line, one for each request. */
  readonly authorizations?: string | undefined;
  /** Others of every request, each as a line. */
  readonly headers?: readonly string[] | undefined;
}

export interface Answers {
  readonly count: number;
  readonly perSecond: number;
  /** Of the time that an answer took: milliseconds. */
  readonly median: number;
}

interface Printed {
  readonly requests: number;
  readonly microseconds: number;
  readonly median: number;
  readonly refused: number;
  readonly broken: number;
}

/** @throws Error when an answer was no success: then it was not what was to be measured */
export async function sendLoad(load: Load): Promise<Answers> {
  const { url, connections, seconds, authorization, authorizations, headers: others = [] } = load;
  // Distribution has no OCI manifest for a client that does not name the type, as all do.
  const headers = [
    `Accept: ${OCI_MANIFEST}`,
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ...others,
  ];
  const file = authorizations === undefined ? [] : ['--', authorizations];
  // Longer than anybody waits: 32 requests, each of which costs a slow hash.
  const words = [
    '--timeout=60s',
    '--threads=1',
    `--connections=${connections}`,
    `--duration=${seconds}s`,
    `--script=${SCRIPT}`,
  ];
  const { stdout } = await promisify(execFile)('wrk', [
    ...words,
    ...headers.map((header) => `--header=${header}`),
    url,
    ...file,
  ]).catch((cause: unknown) => {
    throw new Error('wrk cannot be run: install it first, on Debian with "apt-get install wrk"', { cause });
  });
  const printed = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Printed;
  if (printed.refused > 0 || printed.broken > 0 || printed.requests === 0) {
    throw new Error(`${url} did not always succeed: ${JSON.stringify(printed)}`);
  }
  const perSecond = printed.requests / (printed.microseconds / 1_000_000);
  return { count: printed.requests, perSecond, median: printed.median / 1000 };
}
