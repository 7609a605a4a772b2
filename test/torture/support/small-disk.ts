// A small disk of its own: a tmpfs, where this user may mount one.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Lets another program's file take all room but so many bytes; with undefined, that file goes. */
  leave(bytes: number | undefined): void;
}

/** Whether a disk can be mounted here: by root on Linux, unless the container forbids it. */
export function maySmallDisks(): boolean {
  try {
    mountSmallDisk(1)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}

/** @param size MiB */
export function mountSmallDisk(size: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'chartroom-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  const other = join(path, 'of-another-program');
  return {
    path,
    leave: (bytes) => {
      if (existsSync(other)) rmSync(other);
      if (bytes === undefined) return;
      const output = execFileSync('df', ['--output=avail', '-B1', path], { encoding: 'utf8' });
      const free = Number(output.trim().split('\n').at(-1));
      try {
        writeFileSync(other, Buffer.alloc(Math.max(0, free - bytes)));
      } catch (error) {
        // The server was faster to take some of it.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    // Also while a process has files open there.
    [Symbol.dispose]: () => {
      execFileSync('umount', ['--lazy', path]);
      rmdirSync(path);
    },
  };
}
