// The key that signs tokens: a file that only the server's user can read, made at the first start.
import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { StorageUnusable } from '../ports/storage-unusable.ts';

const KEY_BYTES = 32;

/** @throws StorageUnusable when the file is there and is no key */
export async function readSigningKey(path: string): Promise<Buffer> {
  const key = (await readIfPresent(path)) ?? (await createKey(path));
  if (key.length !== KEY_BYTES) {
    throw new StorageUnusable(
      `${path} is no signing key (${key.length} bytes instead of ${KEY_BYTES}): remove it, and everybody logs in again`,
    );
  }
  return key;
}

/** Written aside and then linked, so that a crash leaves no half key, and of two starting servers both use the first one's. */
async function createKey(path: string): Promise<Buffer> {
  const aside = `${path}.${process.pid}.new`;
  const file = await open(aside, 'w', 0o600);
  try {
    await file.writeFile(randomBytes(KEY_BYTES));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(aside, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(aside);
  }
  return await readFile(path);
}

async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
