// A crash at each step of setting a blob aside, also when it is pushed again at that moment: nothing that was acknowledged is lost.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CHECK_INTERVAL, recheckDamaged, scrubBlobs } from '../../src/lifecycle/scrub-blobs.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { type DamagedRegistry, damagedRegistry, flip } from './support/damaged-registry.ts';

const BYTES = Buffer.from('the only blob');
const OPTIONS = { bytesPerSecond: 1e15, signal: new AbortController().signal };

/** @returns where the process died, or how the check has ended */
async function checkUntil(folder: string, steps: number, mode: 'check' | 'push'): Promise<string> {
  const program = join(import.meta.dirname, 'support', 'stopped-check.ts');
  const running = promisify(execFile)(process.execPath, [program, folder, `${steps}`, mode]);
  return await running.then(
    ({ stdout }) => stdout,
    (error: { readonly signal?: string; readonly stdout: string }) => {
      if (error.signal !== 'SIGKILL') throw error;
      return error.stdout;
    },
  );
}

/** Runs the check again and again on new folders, each time a step further, to its end. @returns what the last step was, each time */
async function crashAtEachStep(
  mode: 'check' | 'push',
  expectAfterwards: (registry: DamagedRegistry, digest: Digest) => Promise<void>,
): Promise<readonly string[]> {
  const ends: string[] = [];
  for (let steps = 0; ends.at(-1)?.startsWith('ended') !== true; steps += 1) {
    await using registry = await damagedRegistry();
    const digest = await registry.push(BYTES);
    await registry.damage(digest, flip(3));
    ends.push(await checkUntil(registry.path, steps, mode));
    registry.clock.advance(CHECK_INTERVAL + 1);
    await recheckDamaged(registry.dependencies, OPTIONS);
    await scrubBlobs(registry.dependencies, OPTIONS);
    await expectAfterwards(registry, digest);
    await recheckDamaged(registry.dependencies, OPTIONS);
    await scrubBlobs(registry.dependencies, OPTIONS);
    await expectAfterwards(registry, digest);
  }
  return ends;
}

test('wherever a crash breaks it off, the damaged blob is on record afterwards, once, and out of the way', async () => {
  const ends = await crashAtEachStep('check', async (registry, digest) => {
    expect((await registry.row(digest)).damagedAt).not.toBeNull();
    expect([await registry.stored(digest), await registry.aside(digest)]).toEqual([undefined, flip(3)(BYTES)]);
    expect(await registry.events()).toHaveLength(1);
  });
  expect(ends).toEqual(['rename', 'transaction', 'ended: damaged']);
}, 60_000);

test('when it is pushed again just before it is moved, its new bytes are there afterwards, wherever a crash breaks it off', async () => {
  const ends = await crashAtEachStep('push', async (registry, digest) => {
    expect([(await registry.row(digest)).damagedAt, await registry.stored(digest)]).toEqual([null, BYTES]);
    expect([await registry.aside(digest), await registry.events()]).toEqual([undefined, []]);
  });
  expect(ends).toEqual(['rename', 'link', 'remove', 'ended: changed']);
}, 60_000);
