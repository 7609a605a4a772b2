// What comes in small pieces is written in large ones; the file is nobody's to close while one is under way.
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GatheredWrites, SyncFailed } from '../../src/adapters/files/gathered-writes.ts';
import { ReusedBuffers } from '../../src/adapters/files/reused-buffers.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';

test('when the disk fails with what it had taken, the end still waits for the write that is under way', async () => {
  await using folder = await temporaryFolder();
  const file = await open(join(folder.path, 'upload'), 'a');
  const syncing = Promise.withResolvers<void>();
  const failing = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  let running = 0;
  let written = 0;
  const slow = {
    write: async (bytes: Uint8Array) => {
      running += 1;
      if (written >= 32 * 1024 * 1024) await release.promise;
      const answer = await file.write(bytes);
      written += answer.bytesWritten;
      running -= 1;
      return answer;
    },
    datasync: async () => {
      syncing.resolve();
      await failing.promise;
    },
  } as unknown as FileHandle;
  const writes = new GatheredWrites(slow, new ReusedBuffers());
  const piece = Buffer.alloc(1024 * 1024, 1);
  for (let count = 0; count < 32; count += 1) await writes.add(piece);
  await syncing.promise;
  await writes.add(Buffer.from('more'));
  expect(running).toBe(1);
  failing.reject(new Error('EIO'));
  await new Promise(setImmediate);
  let isOver = false;
  const end = writes.end().finally(() => {
    isOver = true;
  });
  end.catch(() => undefined);
  await new Promise(setImmediate);
  expect([isOver, running]).toEqual([false, 1]);
  release.resolve();
  await expect(end).rejects.toThrow(SyncFailed);
  expect(running).toBe(0);
  await file.close();
});
