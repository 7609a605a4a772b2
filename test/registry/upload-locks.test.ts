// One request at a time writes to an upload: the newest one, for which those before it make room.
import { expect, test } from 'vitest';
import type { UploadId } from '../../src/ports/blob-store.ts';
import { UploadLocks, UploadTakenOver, untilTakenOver } from '../../src/registry/upload-locks.ts';

const ONE = 'one' as UploadId;
const OTHER = 'other' as UploadId;

test('whoever comes second tells the first one to stop, and waits until that lets go', async () => {
  const locks = new UploadLocks();
  const steps: string[] = [];
  const first = await locks.acquire(ONE);
  first.takenOver.addEventListener('abort', () => steps.push('first is told'));
  const second = locks.acquire(ONE).then((lock) => {
    steps.push('second has it');
    return lock;
  });
  await turns(10);
  steps.push('first lets go');
  await first[Symbol.asyncDispose]();
  const { takenOver } = await second;
  await (await second)[Symbol.asyncDispose]();
  expect(steps).toEqual(['first is told', 'first lets go', 'second has it']);
  expect(takenOver.aborted).toBe(false);
});

test('locks of two uploads know nothing of each other', async () => {
  const locks = new UploadLocks();
  await using one = await locks.acquire(ONE);
  await using other = await locks.acquire(OTHER);
  expect([one, other].map(({ takenOver }) => takenOver.aborted)).toEqual([false, false]);
});

test('of 50 at once never two have it: the first has it, then the last, and those between give up', async () => {
  const locks = new UploadLocks();
  const served: number[] = [];
  let holders = 0;
  let most = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, async (_, index) => {
      await using _lock = await locks.acquire(ONE);
      holders += 1;
      most = Math.max(most, holders);
      await turns(5);
      served.push(index);
      holders -= 1;
    }),
  );
  expect(most).toBe(1);
  expect(served).toEqual([0, 49]);
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  expect(reasons).toHaveLength(48);
  expect(reasons.every((reason) => reason instanceof UploadTakenOver)).toBe(true);
});

test('it is let go when what it protects throws, and by those who gave up', async () => {
  const locks = new UploadLocks();
  const failing = async (): Promise<void> => {
    await using _lock = await locks.acquire(ONE);
    throw new Error('the line broke');
  };
  await Promise.allSettled([failing(), failing(), failing()]);
  const lock = await Promise.race([locks.acquire(ONE), turns(100).then(() => 'waits for ever')]);
  expect(lock).not.toBe('waits for ever');
});

test('who asks between the end of the first and the turn of the second takes over from the second', async () => {
  const locks = new UploadLocks();
  const served: string[] = [];
  const hold = async (name: string): Promise<void> => {
    await using _lock = await locks.acquire(ONE);
    served.push(name);
  };
  const first = await locks.acquire(ONE);
  const second = hold('second');
  const released = first[Symbol.asyncDispose]();
  const third = hold('third');
  const outcomes = await Promise.allSettled([released, second, third]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(served).toEqual(['third']);
});

test('a body passes whole when nobody takes over', async () => {
  const { signal } = new AbortController();
  expect(await gather(untilTakenOver(chunks('ab', 'cde'), signal, undefined))).toBe('abcde');
});

test('a body ends when somebody takes over, also when nothing comes any more, and its next piece is not lost sight of', async () => {
  const taking = new AbortController();
  const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
  const body = async function* () {
    yield Buffer.from('ab');
    await broken;
  };
  const seen: string[] = [];
  const reading = (async () => {
    for await (const chunk of untilTakenOver(body(), taking.signal, 10)) seen.push(String(chunk));
  })();
  await turns(5);
  taking.abort(new UploadTakenOver());
  await expect(reading).rejects.toThrow(UploadTakenOver);
  expect(seen).toEqual(['ab']);
  // Would be an unhandled rejection, which fails the test run.
  breakOff(new Error('the line broke'));
  await turns(5);
});

test('a body of which all announced bytes have come is not stopped', async () => {
  const taking = new AbortController();
  const bytes: string[] = [];
  for await (const chunk of untilTakenOver(chunks('ab', 'cde'), taking.signal, 5)) {
    bytes.push(String(chunk));
    if (bytes.length === 2) taking.abort(new UploadTakenOver());
  }
  expect(bytes).toEqual(['ab', 'cde']);
  expect(await gather(untilTakenOver(chunks(), taking.signal, 0))).toBe('');
});

test('a body that is left off is told to end, and its error comes out', async () => {
  const { signal } = new AbortController();
  let isToldToEnd = false;
  const body = async function* () {
    try {
      yield Buffer.from('ab');
      throw new Error('the line broke');
    } finally {
      isToldToEnd = true;
    }
  };
  for await (const _chunk of untilTakenOver(body(), signal, undefined)) break;
  expect(isToldToEnd).toBe(true);
  await expect(gather(untilTakenOver(body(), signal, undefined))).rejects.toThrow('the line broke');
});

async function* chunks(...texts: readonly string[]): AsyncIterable<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<string> {
  const gathered: Uint8Array[] = [];
  for await (const chunk of source) gathered.push(chunk);
  return Buffer.concat(gathered).toString();
}

/** Lets everything else that is ready run. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
