// Takes over the signing key of an older Chartroom, rotates it, and prints what was done to the disk, in order. Runs in a
// process of its own.
import fileSystem, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join, relative } from 'node:path';

const [folder = ''] = process.argv.slice(2);
const steps: string[] = [];
const { link, open, rename, rm, writeFile } = fileSystem;
const named = (path: unknown): string =>
  (relative(folder, String(path)) || '.').replace(/\.[0-9a-f-]{36}\.new$/, '.ASIDE');

await writeFile(join(folder, 'token-signing.key'), Buffer.alloc(32));

/** What is done with a handle is recorded once it has succeeded. */
function record(handle: FileHandle, method: 'sync' | 'writeFile', step: string): void {
  const original = Reflect.get(handle, method) as (...parameters: unknown[]) => Promise<unknown>;
  Object.defineProperty(handle, method, {
    async value(...parameters: unknown[]) {
      const result = await original.apply(handle, parameters);
      steps.push(step);
      return result;
    },
  });
}

fileSystem.open = async (path, ...parameters): Promise<FileHandle> => {
  const handle = await open(path, ...parameters);
  record(handle, 'sync', `sync ${named(path)}`);
  record(handle, 'writeFile', `write ${named(path)}`);
  return handle;
};
fileSystem.link = async (from, to) => {
  await link(from, to);
  steps.push(`link ${named(from)} ${named(to)}`);
};
fileSystem.rename = async (from, to) => {
  await rename(from, to);
  steps.push(`rename ${named(from)} ${named(to)}`);
};
fileSystem.rm = async (path, options) => {
  await rm(path, options);
  steps.push(`remove ${named(path)}`);
};
syncBuiltinESMExports();

// Imported only now, so that it gets the recording functions.
const { openSigningKeys, rotateSigningKey } = await import('../../src/adapters/signing-keys-file.ts');

const clock = { now: () => 0 };
(await openSigningKeys(folder, clock))[Symbol.dispose]();
const takenOver = steps.splice(0);
await rotateSigningKey(folder, { clock, acceptOldFor: 60 });
process.stdout.write(JSON.stringify({ takenOver, rotated: steps }));
