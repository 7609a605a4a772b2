// The scrub finds every kind of damage, sets aside what is damaged and nothing else, and keeps to its rate.
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  CHECK_INTERVAL,
  recheckDamaged,
  recheckRegularly,
  type ScrubOptions,
  scrubBlobs,
  scrubRegularly,
} from '../../src/lifecycle/scrub-blobs.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import { HOUR } from '../../src/ports/clock.ts';
import { linkBlob } from '../../src/tables/blobs.ts';
import { type DamagedRegistry, damagedRegistry, flip, WEB } from './support/damaged-registry.ts';

const BYTES = Buffer.alloc(300_000, 'sound bytes ');
const NEVER = new AbortController().signal;
const FAST: ScrubOptions = { bytesPerSecond: 1e15, signal: NEVER };

/** A registry with a sound blob and one that the test damages, both due. */
async function withDueBlobs() {
  const registry = await damagedRegistry();
  const sound = await registry.push(Buffer.from('another one'));
  const digest = await registry.push(BYTES);
  registry.clock.advance(CHECK_INTERVAL + 1);
  return { registry, digest, sound };
}

/** One run of both checks, of what is known to be damaged and of the rest. */
async function scrub({ dependencies }: DamagedRegistry, options: Partial<ScrubOptions> = {}) {
  const rechecked = await recheckDamaged(dependencies, { signal: NEVER });
  const { healed, damaged, ...others } = await scrubBlobs(dependencies, { ...FAST, ...options });
  return { ...others, damaged: rechecked.damaged + damaged, healed: rechecked.healed + healed };
}

describe('damage', () => {
  const lost = async (registry: DamagedRegistry, file: string): Promise<void> => {
    await rm(file);
    expect(registry.found).toEqual([]);
  };

  test.each([
    ['a bit at the beginning', flip(0), 'content'],
    ['a bit in the middle', flip(150_000), 'content'],
    ['a bit at the end', flip(299_999), 'content'],
    ['all of it', () => Buffer.alloc(300_000), 'content'],
    ['one byte too few', (bytes: Buffer) => bytes.subarray(1), 'size'],
    ['one byte too many', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')]), 'size'],
    ['no bytes', () => Buffer.alloc(0), 'size'],
  ] as const)('is found, set aside and recorded once: %s', async (_what, change, damage) => {
    const { registry, digest, sound } = await withDueBlobs();
    await using _closing = registry;
    await registry.damage(digest, change);
    expect(await scrub(registry)).toMatchObject({ blobs: 2, damaged: 1, healed: 0, failed: 0 });
    expect([await registry.stored(digest), await registry.aside(digest)]).toEqual([undefined, change(BYTES)]);
    expect(await registry.row(digest)).toMatchObject({ damagedAt: registry.clock.now() });
    expect(await registry.row(sound)).toMatchObject({ checkedAt: registry.clock.now(), damagedAt: null });
    expect(registry.found).toEqual([{ digest, size: 300_000, damage, repositories: [WEB], tags: [] }]);
    expect(await registry.events()).toEqual([{ repository: WEB, detail: JSON.stringify({ damage, tags: [] }) }]);
    expect(await scrub(registry)).toMatchObject({ damaged: 0, healed: 0 });
    expect([registry.found.length, (await registry.events()).length]).toEqual([1, 1]);
  });

  test('a blob whose file is gone is recorded', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    await lost(registry, registry.fileOf(digest));
    expect(await scrub(registry)).toMatchObject({ damaged: 1 });
    expect(registry.found).toMatchObject([{ digest, damage: 'missing' }]);
  });

  test('what cannot be read is recorded, and out of the way of a push', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    await lost(registry, registry.fileOf(digest));
    await mkdir(registry.fileOf(digest));
    expect(await scrub(registry)).toMatchObject({ damaged: 1, failed: 0 });
    expect(registry.found).toMatchObject([{ digest, damage: 'unreadable' }]);
    await registry.push(BYTES);
    expect(await registry.stored(digest)).toEqual(BYTES);
  });

  test('two blobs that were swapped are both recorded', async () => {
    await using registry = await damagedRegistry();
    const [one, two] = [Buffer.from('one of 10b'), Buffer.from('two of 10b')];
    const digests = [await registry.push(one), await registry.push(two)] as const;
    await registry.damage(digests[0], () => two);
    await registry.damage(digests[1], () => one);
    registry.clock.advance(CHECK_INTERVAL + 1);
    expect(await scrub(registry)).toMatchObject({ damaged: 2 });
    expect([await registry.aside(digests[0]), await registry.aside(digests[1])]).toEqual([two, one]);
  });

  test('each repository that has the blob finds it in its audit trail', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    const other = 'other/web' as RepositoryName;
    await registry.database.transaction((tx) => linkBlob(tx, { repository: other, digest, size: 300_000, now: 1 }));
    await registry.damage(digest, flip(1));
    await scrub(registry);
    expect((await registry.events()).map(({ repository }) => repository)).toEqual([other, WEB]);
  });
});

describe('a damaged blob is sound again', () => {
  test('once its content was pushed, and what was set aside goes with the next run', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    await registry.damage(digest, flip(7));
    await scrub(registry);
    await registry.push(BYTES);
    await registry.push(BYTES);
    expect(await registry.row(digest)).toMatchObject({ damagedAt: null });
    expect(await registry.aside(digest)).toBeDefined();
    expect(registry.healed).toEqual([{ digest, size: BYTES.length, by: 'push', repositories: [WEB], tags: [] }]);
    expect(await registry.events('blob.healed')).toEqual([{ repository: WEB, detail: '{"by":"push","tags":[]}' }]);
    expect(await scrub(registry)).toMatchObject({ damaged: 0 });
    expect([await registry.stored(digest), await registry.aside(digest)]).toEqual([BYTES, undefined]);
  });

  test('in the audit trail of whoever pushed it too, where more repositories have it than are named', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    await registry.database.transaction(async (tx) => {
      for (let count = 10; count < 35; count += 1) {
        await linkBlob(tx, { repository: `a/${count}` as RepositoryName, digest, size: BYTES.length, now: 1 });
      }
    });
    await registry.damage(digest, flip(1));
    await scrub(registry);
    await registry.push(BYTES);
    const told = (await registry.events('blob.healed')).map(({ repository }) => repository);
    expect(told).toHaveLength(20);
    expect(told).toContain(WEB);
  });

  test('and is told of, though what came with the push cannot be discarded', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    await registry.damage(digest, flip(1));
    await scrub(registry);
    registry.blobs.discard = async () => {
      throw new Error('the disk does not work');
    };
    await expect(registry.push(BYTES)).rejects.toThrow('the disk does not work');
    expect(await registry.events('blob.healed')).toHaveLength(1);
    expect(registry.healed).toMatchObject([{ digest, by: 'push' }]);
  });

  test('once the operator has put its bytes back', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    await rm(registry.fileOf(digest));
    await scrub(registry);
    const upload = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff' as never;
    const body = async function* () {
      yield BYTES;
    };
    await registry.blobs.complete(upload, 0, body());
    await registry.blobs.commit(upload, digest);
    expect(await scrub(registry)).toMatchObject({ damaged: 0, healed: 1 });
    expect(await registry.row(digest)).toMatchObject({ damagedAt: null, checkedAt: registry.clock.now() });
    expect(registry.healed).toMatchObject([{ digest, by: 'check' }]);
    expect(await registry.events('blob.healed')).toEqual([{ repository: WEB, detail: '{"by":"check","tags":[]}' }]);
  });

  test('but not while what was put back is damaged as well', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    await registry.damage(digest, flip(7));
    await scrub(registry);
    await registry.push(BYTES);
    await registry.damage(digest, flip(8));
    registry.clock.advance(CHECK_INTERVAL + 1);
    expect(await scrub(registry)).toMatchObject({ damaged: 1 });
    expect(await registry.aside(digest)).toEqual(flip(8)(BYTES));
    expect(registry.found).toHaveLength(2);
    expect(registry.healed).toHaveLength(1);
  });
});

test('what nobody wants any more is not reported, and what was set aside of it goes', async () => {
  const { registry, digest } = await withDueBlobs();
  await using _closing = registry;
  await registry.damage(digest, flip(7));
  await scrub(registry);
  await registry.database.transaction(async (tx) => {
    await tx.query('delete from repository_blobs where digest = $1', [digest]);
    await tx.query('delete from blobs where digest = $1', [digest]);
  });
  expect(await scrub(registry)).toMatchObject({ damaged: 0 });
  expect(await registry.aside(digest)).toBeUndefined();
});

describe('which blobs, and when', () => {
  test('those that were not pushed or checked for a week, the longest unchecked first', async () => {
    await using registry = await damagedRegistry();
    const digests = [];
    for (const text of ['a', 'bb', 'ccc']) {
      digests.push(await registry.push(Buffer.from(text)));
      registry.clock.advance(1000);
    }
    const sizes: number[] = [];
    const walk = async () => {
      sizes.length = 0;
      let before = 0;
      await scrub(registry, {
        onProgress: ({ bytes }) => {
          sizes.push(bytes - before);
          before = bytes;
        },
      });
      return [...sizes];
    };
    expect(await walk()).toEqual([]);
    registry.clock.advance(CHECK_INTERVAL - 1000);
    expect(await walk()).toEqual([1, 2]);
    expect(await walk()).toEqual([]);
    registry.clock.advance(1000);
    expect(await walk()).toEqual([3]);
    registry.clock.advance(CHECK_INTERVAL + 1);
    const last = await walk();
    // The first two were checked at the same moment.
    expect([last.at(-1), last.toSorted()]).toEqual([3, [1, 2, 3]]);
  });

  test('a run that is stopped records what it has checked, and the next one goes on behind it', async () => {
    await using registry = await damagedRegistry();
    for (const text of ['a', 'bb', 'ccc']) {
      await registry.push(Buffer.from(text));
      registry.clock.advance(1);
    }
    registry.clock.advance(CHECK_INTERVAL);
    const stopping = new AbortController();
    const onProgress = ({ blobs }: { readonly blobs: number }): void => {
      if (blobs === 2) stopping.abort();
    };
    expect(await scrub(registry, { signal: stopping.signal, onProgress })).toMatchObject({ blobs: 2, bytes: 3 });
    expect(await scrub(registry)).toMatchObject({ blobs: 1, bytes: 3 });
  });

  test('checks are written many at a time', async () => {
    await using registry = await damagedRegistry();
    for (let index = 0; index < 250; index += 1) await registry.push(Buffer.from(`${index}`));
    registry.clock.advance(CHECK_INTERVAL + 1);
    let transactions = 0;
    const database = {
      ...registry.database,
      transaction: (work: never) => {
        transactions += 1;
        return registry.database.transaction(work);
      },
    };
    const run = scrubBlobs({ ...registry.dependencies, database } as typeof registry.dependencies, FAST);
    expect(await run).toMatchObject({ blobs: 250, damaged: 0 });
    expect(transactions).toBe(2);
  });

  test('a disk that is not there is no damage to each blob: the run ends, and says so', async () => {
    await using registry = await damagedRegistry();
    for (let index = 0; index < 120; index += 1) await registry.push(Buffer.from(`${index}`));
    registry.clock.advance(CHECK_INTERVAL + 1);
    for await (const digest of registry.blobs.list()) await registry.blobs.delete(digest);
    await expect(scrub(registry)).rejects.toThrow(
      /^100 blobs were found damaged .* is the disk sound, and the right one/,
    );
    expect(registry.found).toHaveLength(100);
  });

  test('a blob that cannot be checked is told of, and keeps no other from being checked', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    const refusal = Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    const blobs = Object.create(registry.blobs, {
      examine: {
        value: async (each: typeof digest) => {
          if (each === digest) throw refusal;
          return await registry.blobs.examine(each);
        },
      },
    });
    for (const method of ['listSetAside', 'size'] as const) blobs[method] = registry.blobs[method].bind(registry.blobs);
    const progress = await scrubBlobs({ ...registry.dependencies, blobs }, FAST);
    expect(progress).toMatchObject({ blobs: 1, damaged: 0, failed: 1 });
    expect([registry.failures, registry.found]).toEqual([[refusal], []]);
    expect(await registry.stored(digest)).toEqual(BYTES);
  });
});

const SILENT = { error: () => undefined };

describe('what is known to be damaged', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is looked at again at the start and every hour, however long the check of the rest takes, or without it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using registry = await damagedRegistry();
    const digest = await registry.push(BYTES);
    await registry.damage(digest, flip(7));
    registry.clock.advance(CHECK_INTERVAL + 1);
    await scrub(registry);
    let ended = (): void => undefined;
    const noting =
      <Result>(run: () => Promise<Result>) =>
      async () => {
        const result = await run();
        ended();
        return result;
      };
    const nextRun = () =>
      new Promise<void>((resolve) => {
        ended = resolve;
      });
    let run = nextRun();
    await using _rechecks = recheckRegularly({ ...registry.dependencies, noting }, SILENT);
    await run;
    expect(registry.healed).toEqual([]);
    await copyFile(await soundCopy(registry), registry.fileOf(digest));
    run = nextRun();
    vi.advanceTimersByTime(HOUR);
    await run;
    expect(registry.healed).toMatchObject([{ digest, by: 'check' }]);
    expect(await registry.row(digest)).toMatchObject({ damagedAt: null });
    // What was set aside of it goes an hour later.
    run = nextRun();
    vi.advanceTimersByTime(HOUR);
    await run;
    expect([await registry.stored(digest), await registry.aside(digest)]).toEqual([BYTES, undefined]);
  });

  /** As of a backup. */
  async function soundCopy(registry: DamagedRegistry): Promise<string> {
    const path = join(registry.path, 'copy');
    await writeFile(path, BYTES);
    return path;
  }

  test('is not the business of the check of the rest', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    await registry.damage(digest, flip(7));
    await scrub(registry);
    registry.clock.advance(CHECK_INTERVAL + 1);
    expect(await scrubBlobs(registry.dependencies, FAST)).toMatchObject({ blobs: 1 });
  });
});

describe('the rate', () => {
  test('so many bytes take so much time, and pauses are short', async () => {
    const { registry } = await withDueBlobs();
    await using _closing = registry;
    const began = registry.clock.now();
    const pauses: number[] = [];
    const pause = async (milliseconds: number): Promise<void> => {
      pauses.push(milliseconds);
      registry.clock.advance(milliseconds);
    };
    const { bytes } = await scrub(registry, { bytesPerSecond: 100_000, pause });
    expect(bytes).toBe(300_011);
    const seconds = (registry.clock.now() - began) / 1000;
    expect(seconds).toBeGreaterThan(2.9);
    expect(seconds).toBeLessThan(3.1);
    expect(Math.max(...pauses)).toBeLessThan(1500);
  });

  test('the time that reading takes counts', async () => {
    const { registry } = await withDueBlobs();
    await using _closing = registry;
    const pauses: number[] = [];
    const pause = async (milliseconds: number): Promise<void> => {
      pauses.push(milliseconds);
      // The disk is slower than the rate.
      registry.clock.advance(milliseconds + 10_000);
    };
    await scrub(registry, { bytesPerSecond: 100_000, pause });
    expect(pauses.reduce((sum, each) => sum + each, 0)).toBeLessThan(3100);
    expect(Math.max(...pauses)).toBeLessThan(1500);
  });

  test('a clock that is set back by a day makes no long pause', async () => {
    const { registry } = await withDueBlobs();
    await using _closing = registry;
    const pauses: number[] = [];
    const pause = async (milliseconds: number): Promise<void> => {
      pauses.push(milliseconds);
      registry.clock.advance(pauses.length === 1 ? -24 * 60 * 60_000 : milliseconds);
    };
    await scrub(registry, { bytesPerSecond: 100_000, pause });
    expect(Math.max(...pauses)).toBeLessThan(3000);
  });

  test('with 0 nothing is read', async () => {
    const { registry, digest } = await withDueBlobs();
    await using _closing = registry;
    await registry.damage(digest, flip(1));
    const runs: unknown[] = [];
    const noting = <Result>(run: () => Promise<Result>) => {
      runs.push(run);
      return run;
    };
    await scrubRegularly({ ...registry.dependencies, noting }, 0, SILENT)[Symbol.asyncDispose]();
    expect([runs, await registry.stored(digest)]).toEqual([[], flip(1)(BYTES)]);
  });

  test('the end of the server does not wait for a pause', async () => {
    const { registry } = await withDueBlobs();
    await using _closing = registry;
    const errors: unknown[] = [];
    const dependencies = { ...registry.dependencies, noting: <Result>(run: () => Promise<Result>) => run };
    const running = scrubRegularly(dependencies, 1, { error: (fields) => errors.push(fields) });
    await running[Symbol.asyncDispose]();
    expect(errors).toEqual([]);
  });
});
