// Many clients, each doing one thing after the other, until the server is gone.
import { setTimeout as wait } from 'node:timers/promises';
import type { Serving } from '../support/chartroom-process.ts';
import { Random } from '../support/random.ts';
import {
  continueUpload,
  deleteManifest,
  deleteTag,
  mountArtifact,
  moveTag,
  pushInChunks,
  tagAgain,
} from './artifact-operations.ts';
import {
  contest,
  deleteVersion,
  publish,
  publishAgain,
  publishClassic,
  publishOther,
  takeYankBack,
  yank,
} from './chart-operations.ts';
import type { Client } from './client.ts';
import { collectGarbage } from './collection.ts';
import { connect, ServerGone } from './connection.ts';
import type { Journal } from './journal.ts';
import type { Model } from './model.ts';

/** How often each is chosen, against the others. */
const OPERATIONS: readonly (readonly [weight: number, operation: (client: Client) => Promise<void>])[] = [
  [5, publish],
  [3, publishClassic],
  [2, publishAgain],
  [2, publishOther],
  [2, deleteVersion],
  [2, yank],
  [1, takeYankBack],
  [4, contest],
  [6, moveTag],
  [2, tagAgain],
  [2, deleteTag],
  [2, deleteManifest],
  [3, mountArtifact],
  [3, pushInChunks],
];
const CHOICES = OPERATIONS.flatMap(([weight, operation]) => Array.from({ length: weight }, () => operation));

interface Round {
  readonly url: string;
  readonly round: number;
  readonly model: Model;
  readonly journal: Journal;
  readonly random: Random;
  readonly clients: number;
}

/** How many requests and answers there are before the server dies, at the most. */
const MAXIMUM_NOTES = 700;
/** However little was done until then: milliseconds. */
const MAXIMUM_WORK = 60_000;
/** milliseconds */
const MAXIMUM_DELAY = 20;

/** Lets clients work until a random moment, then kills the server. @returns how many operations were answered @throws Violation */
export async function workUntilKilled(round: Omit<Round, 'url'>, server: Serving): Promise<number> {
  const { journal, random } = round;
  const clients = runClients({ ...round, url: server.url });
  // A client that was answered wrongly need not wait for the kill.
  await Promise.race([journal.after(1 + random.below(MAXIMUM_NOTES)), wait(MAXIMUM_WORK), clients]);
  await wait(random.next() * MAXIMUM_DELAY);
  await server.stop('SIGKILL');
  return await clients;
}

/** Resolves when all of them have noticed that the server is gone. @returns how many operations were answered @throws Violation when one of them was answered wrongly */
async function runClients({ url, round, model, journal, random, clients }: Round): Promise<number> {
  // The same in every round, so that they meet what earlier rounds left.
  const layers = new Random(1);
  const sharedLayers = Array.from({ length: 6 }, () => layers.bytes(2000));
  const all = Array.from({ length: clients }, (_, index): Client => {
    const name = `c${index}`;
    const connection = connect(url, name, journal);
    return { name, round, connection, model, random: random.fork(), sharedLayers };
  });
  let answered = 0;
  const collector = connect(url, 'collector', journal);
  const running = all.map((client) =>
    untilGone(async () => {
      await resume(client);
      for (;;) {
        await client.random.pick(CHOICES)(client);
        answered += 1;
      }
    }),
  );
  const collecting = async (): Promise<void> => {
    for (;;) if (await collectGarbage(collector)) model.collections += 1;
  };
  await Promise.all([...running, untilGone(collecting)]);
  return answered;
}

/** Goes on with what the client's uploads were when the server died last. */
async function resume(client: Client): Promise<void> {
  const own = [...client.model.uploads.values()].filter(({ repository }) => repository === `chunked/${client.name}`);
  for (const upload of own) await continueUpload(client, upload);
}

async function untilGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ServerGone)) throw error;
  }
}
