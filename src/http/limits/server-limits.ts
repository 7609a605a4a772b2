// What connections may take of the machine. None of it is a setting: what is right follows from the machine, not from taste.
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { getHeapStatistics } from 'node:v8';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const MEBIBYTE = 1024 * 1024;

export interface ServerLimits {
  /** All connections; one address may have half of them. */
  readonly maximumConnections: number;
  /** Within which the head of a request must have come: milliseconds. */
  readonly headTimeout: number;
  /** How often Node looks for heads that are late: milliseconds. */
  readonly headCheckInterval: number;
  /** How long a connection is kept for its next request: milliseconds. */
  readonly keepAliveTimeout: number;
  /** After which a connection is closed on which nothing moves at all: milliseconds. */
  readonly idleTimeout: number;
  /** How often it is looked at who sends and reads slowly: milliseconds. */
  readonly slownessInterval: number;
  /** What of a body must come in each of these intervals. */
  readonly minimumBodyBytes: number;
  /** In how many of them a reader must take a piece of its answer, which has a MiB at the most. */
  readonly intervalsToRead: number;
  /** Bodies that one principal may be sending at a time, but for those that go on with an upload. */
  readonly bodiesAtOnce: number;
  /** bytes of JavaScript objects from which on requests are refused */
  readonly maximumHeap: number;
  /** bytes of the whole process from which on requests are refused */
  readonly maximumMemory: number;
}

/** @param processes that share the memory */
export function serverLimits(processes = 1): ServerLimits {
  return {
    maximumConnections: connectionsFor(openFileLimit(), processes === 1 ? 2 : 3),
    headTimeout: 30 * SECOND,
    headCheckInterval: 10 * SECOND,
    // Longer than proxies keep theirs, mostly a minute: the other way round, a proxy sends a request as its connection is closed.
    keepAliveTimeout: 75 * SECOND,
    // Making a very large blob durable takes a while, in which nothing moves.
    idleTimeout: 10 * MINUTE,
    slownessInterval: MINUTE,
    // 500 bytes a second, which a modem has: Apache asks for as much by default.
    minimumBodyBytes: 30_000,
    // 3.5 KB a second.
    intervalsToRead: 5,
    bodiesAtOnce: 100,
    maximumHeap: heapFor(getHeapStatistics().heap_size_limit),
    maximumMemory: memoryFor(Math.min(constrainedMemory() || Number.POSITIVE_INFINITY, totalmem()) / processes),
  };
}

/** Beyond what one process serves well, and what a flood may take at the most. */
const MANY_CONNECTIONS = 10_000;
/** The database, the log, libraries, and all that is done without a connection. */
const OTHER_FILES = 200;

/** @param each Each connection may have a blob or an upload open as well, and one to another process, where there are several. */
export function connectionsFor(openFiles: number, each = 2): number {
  return Math.max(16, Math.min(MANY_CONNECTIONS, Math.floor((openFiles - OTHER_FILES) / each)));
}

/** Near its limit, V8 does little but collect garbage. */
export function heapFor(limit: number): number {
  return Math.floor(limit * 0.9);
}

/** What an idle server needs, about 170 MiB, and room to work: refusing requests cannot make it fit into less. */
const LEAST_MEMORY = 320 * MEBIBYTE;

/**
 * The rest is for requests that are under way. What else fills the machine or a container's account, above all the file cache,
 * is not looked at: it gives way by itself.
 * @param limit of the container, or of the machine: bytes
 */
export function memoryFor(limit: number): number {
  return Math.max(LEAST_MEMORY, Math.floor(limit * 0.85));
}

/** Node raises its soft limit to the hard one at its start. Where there is no /proc, macOS has the fewest. */
function openFileLimit(): number {
  try {
    const [, soft] = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft ?? 10_240);
  } catch {
    return 10_240;
  }
}
