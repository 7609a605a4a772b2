// Commits a blob to a new disk store, and prints what was done to the disk, in order. Runs in a process of its own.
import fileSystem, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { relative } from 'node:path';
import type { UploadId } from '../../src/ports/blob-store.ts';

const [folder = ''] = process.argv.slice(2);
const steps: string[] = [];
const paths = new WeakMap<object, string>();
const { link, mkdir, open, rename } = fileSystem;
const named = (path: unknown): string => relative(folder, String(path)) || '.';

/** Records a call of a file handle once it has succeeded. */
function record(handle: object, method: 'sync' | 'datasync' | 'write', step: string): void {
  const original = Reflect.get(handle, method) as (...parameters: unknown[]) => Promise<unknown>;
  Object.defineProperty(handle, method, {
    async value(this: object, ...parameters: unknown[]) {
      const result = await original.apply(this, parameters);
      steps.push(`${step} ${paths.get(this)}`);
      return result;
    },
  });
}

const probe = await open(import.meta.filename);
const handles: object = Object.getPrototypeOf(probe);
await probe.close();
record(handles, 'sync', 'sync');
record(handles, 'datasync', 'sync');
record(handles, 'write', 'write');

fileSystem.open = async (path, ...parameters): Promise<FileHandle> => {
  const handle = await open(path, ...parameters);
  paths.set(handle, named(path));
  return handle;
};
fileSystem.rename = async (from, to) => {
  await rename(from, to);
  steps.push(`rename ${named(from)} ${named(to)}`);
};
fileSystem.link = async (from, to) => {
  await link(from, to);
  steps.push(`link ${named(from)} ${named(to)}`);
};
const recordingMkdir = async (path: string, options: { recursive?: boolean; mode: number }) => {
  await mkdir(path, options);
  steps.push(`make ${named(path)}`);
};
fileSystem.mkdir = recordingMkdir as typeof mkdir;
syncBuiltinESMExports();

// Imported only now, so that it gets the recording functions.
const { openDiskBlobStore } = await import('../../src/adapters/disk-blob-store.ts');
const { digestOf } = await import('../../src/oci/digest.ts');
const { blobPath } = await import('../support/blob-path.ts');

async function* body(): AsyncIterable<Buffer> {
  yield Buffer.from('some ');
  yield Buffer.from('bytes');
}

const upload = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff' as string as UploadId;
const digest = digestOf(Buffer.from('some bytes'));
const store = await openDiskBlobStore(folder);
await store.complete(upload, 0, body());
await store.commit(upload, digest);
process.stdout.write(JSON.stringify({ steps, upload: `uploads/${upload}`, blob: blobPath('', digest) }));
