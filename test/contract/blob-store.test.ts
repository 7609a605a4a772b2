// The port BlobStore, on every adapter; and what the disk alone must do.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { BlobDamaged } from '../../src/oci/blob-damaged.ts';
import { digestOf, encodedOf } from '../../src/oci/digest.ts';
import { type StoredBytes, UnreadableBytes } from '../../src/ports/blob-store.ts';
import { blobPath } from '../support/blob-path.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';
import { blobStoreContract, list, newUpload, put, type TestedBlobStore } from './blob-store.contract.ts';
import { largeBlobsContract } from './large-blobs.contract.ts';
import { setAsideContract } from './set-aside.contract.ts';

const STORES: readonly { readonly name: string; readonly open: () => Promise<TestedBlobStore> }[] = [
  { name: 'disk', open: openDisk },
];

for (const { name, open } of STORES) {
  describe(name, () => blobStoreContract(open));
  describe(`${name}: large blobs`, () => largeBlobsContract(open));
  describe(`${name}: damaged blobs`, () => setAsideContract(open));
}

describe('disk', () => {
  test('what is committed is synced before it has its name, and its folder after it', async () => {
    const { steps, upload, blob } = await traceOfCommit();
    const lastWrite = steps.lastIndexOf(`write ${upload}`);
    expect(steps.slice(lastWrite)).toEqual([
      `write ${upload}`,
      `sync ${upload}`,
      `link ${upload} ${blob}`,
      `sync ${dirname(blob)}`,
    ]);
  });

  test('every folder that a new store makes is synced into the one above it', async () => {
    const { steps } = await traceOfCommit();
    const made = steps.flatMap((step) => (step.startsWith('make ') ? [step.slice('make '.length)] : []));
    expect(made).toContain('blobs/sha256/00');
    expect(made).toContain('blobs/sha512/ff');
    const unsynced = made.filter((path) => {
      const afterwards = steps.slice(steps.indexOf(`make ${path}`));
      return !afterwards.includes(`sync ${path === '.' ? '..' : dirname(path)}`);
    });
    expect(unsynced).toEqual([]);
  });

  test('files are for the server and its group, and for nobody else', async () => {
    await using folder = await temporaryFolder();
    const store = await openDiskBlobStore(folder.path);
    const upload = newUpload();
    await store.append(upload, 0, Readable.from([Buffer.from('bytes')]));
    const paths = await readdir(folder.path, { recursive: true });
    const modes = await Promise.all(paths.map(async (path) => (await stat(join(folder.path, path))).mode));
    expect(paths).toContain(`uploads/${upload}`);
    expect(paths.filter((_, index) => ((modes[index] ?? 0) & 0o007) !== 0)).toEqual([]);
  });

  test('files that are no blobs and no uploads are not listed', async () => {
    await using folder = await temporaryFolder();
    const store = await openDiskBlobStore(folder.path);
    await writeFile(join(folder.path, 'blobs/sha256/00/README'), 'not a blob');
    await writeFile(join(folder.path, 'blobs/sha256', `.nfs${'0'.repeat(60)}`), 'not a blob');
    await writeFile(join(folder.path, 'uploads/README'), 'not an upload');
    expect(await list(store)).toEqual([]);
    for await (const upload of store.listUploads()) throw new Error(`${upload} is listed`);
  });

  test('what is no file cannot be read, and is set aside like everything else', async () => {
    await using folder = await temporaryFolder();
    const store = await openDiskBlobStore(folder.path);
    for (let round = 0; round < 2; round += 1) {
      const digest = await put(store, Buffer.from('bytes'));
      const [path = ''] = await readdir(join(folder.path, 'blobs'), { recursive: true }).then((paths) =>
        paths.filter((each) => each.endsWith(encodedOf(digest))),
      );
      await rm(join(folder.path, 'blobs', path));
      await mkdir(join(folder.path, 'blobs', path, 'within'), { recursive: true });
      await expect(store.open(digest)).rejects.toThrow(BlobDamaged);
      const stored = await store.examine(digest);
      await expect(readAll(stored)).rejects.toThrow(UnreadableBytes);
      expect(await store.setAside(digest, stored?.mark ?? '')).toBe(true);
      expect(await store.examine(digest)).toBeUndefined();
    }
    expect(await readdir(join(folder.path, 'damaged'))).toHaveLength(1);
  });

  test('an upload whose bytes cannot take the place of what is there stands where it stood, and leaves nothing', async () => {
    await using folder = await temporaryFolder();
    const store = await openDiskBlobStore(folder.path);
    const bytes = Buffer.from('bytes');
    const upload = newUpload();
    await store.complete(upload, 0, Readable.from([bytes]));
    const place = blobPath(folder.path, digestOf(bytes));
    // No file can be renamed to a folder.
    await mkdir(place);
    await expect(store.commit(upload, digestOf(bytes))).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await store.received(upload)).toBe(bytes.length);
    await rm(place, { recursive: true });
    await store.commit(upload, digestOf(bytes));
    await store.discard(upload);
    expect(await readdir(join(folder.path, 'uploads'))).toEqual([]);
  });

  test('a store whose folder is gone says that it cannot be written to', async () => {
    await using folder = await temporaryFolder();
    const store = await openDiskBlobStore(folder.path);
    await rm(join(folder.path, 'uploads'), { recursive: true });
    await expect(store.checkWritable()).rejects.toThrow('uploads');
  });

  // Only Linux has a device on which there is never any room.
  test.runIf(process.platform === 'linux')(
    'when the disk is full, the body is told to end, and the error comes out',
    async () => {
      await using folder = await temporaryFolder();
      const store = await openDiskBlobStore(folder.path);
      const upload = newUpload();
      await symlink('/dev/full', join(folder.path, 'uploads', upload));
      let isToldToEnd = false;
      const body = async function* () {
        try {
          yield Buffer.from('some bytes');
          yield Buffer.from('never asked for');
        } finally {
          isToldToEnd = true;
        }
      };
      await expect(store.complete(upload, 0, body())).rejects.toMatchObject({
        trouble: 'full',
        cause: { code: 'ENOSPC' },
      });
      expect(isToldToEnd).toBe(true);
      expect(await openFilesBelow('/dev/full')).toEqual([]);
    },
  );

  // Only Linux tells a process which files it has open.
  test.runIf(process.platform === 'linux')('no file stays open, however an upload or a download ends', async () => {
    await using folder = await temporaryFolder();
    const store = await openDiskBlobStore(folder.path);
    const upload = newUpload();
    const bytes = Buffer.alloc(4_000_000);
    await store.complete(upload, 0, oneThenFail(bytes)).catch(() => undefined);
    for await (const _chunk of store.read(upload)) break;
    await store.commit(upload, digestOf(bytes));
    await store.commit(upload, digestOf(bytes)).catch(() => undefined);
    const body = await store.open(digestOf(bytes));
    if (body.kind === 'stream') for await (const _chunk of body.stream) break;
    const kept = await store.open(digestOf(bytes));
    expect(await openFilesBelow(folder.path)).not.toEqual([]);
    if (kept.kind === 'stream') kept.stream.destroy();
    await vi.waitFor(async () => expect(await openFilesBelow(folder.path)).toEqual([]));
  });
});

async function readAll(stored: StoredBytes | undefined): Promise<void> {
  for await (const _piece of stored?.read() ?? []);
}

async function* oneThenFail(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes;
  throw new Error('the line broke');
}

async function openFilesBelow(folder: string): Promise<readonly string[]> {
  const numbers = await readdir('/proc/self/fd');
  // One of them was the listing's own and is closed by now.
  const paths = await Promise.all(numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(folder));
}

async function openDisk(): Promise<TestedBlobStore> {
  const folder = await temporaryFolder();
  return {
    store: await openDiskBlobStore(folder.path),
    reopen: () => openDiskBlobStore(folder.path),
    damage: async (digest, bytes) => {
      const aside = join(folder.path, 'spoiled');
      await writeFile(aside, bytes);
      await rename(aside, blobPath(folder.path, digest));
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

interface Trace {
  /** What the store did to the disk, in order; paths are below its folder. */
  readonly steps: readonly string[];
  readonly upload: string;
  readonly blob: string;
}

/** Runs a commit in a process of its own, whose calls of the file system are recorded. */
async function traceOfCommit(): Promise<Trace> {
  await using folder = await temporaryFolder();
  const program = join(import.meta.dirname, 'trace-commit.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, join(folder.path, 'data')]);
  return JSON.parse(stdout) as Trace;
}
