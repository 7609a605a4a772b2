// The SigningKeys in a file of the data folder that only the server's user can read, made at the first start.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../ports/clock.ts';
import { codeOf, isMissing } from '../ports/file-errors.ts';
import type { SigningKey, SigningKeys } from '../ports/signing-keys.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { syncFolder } from './files/folders.ts';

/** Of the data folder. */
export const SIGNING_KEYS_FILE = 'token-signing-keys.json';
/** The one key of a Chartroom that knew no rotation: its 32 bytes. */
const LEGACY_FILE = 'token-signing.key';
const KEY_BYTES = 32;
/** How often a server looks whether another process has rotated: milliseconds. */
const WATCH_INTERVAL = 1_000;

interface StoredKey extends SigningKey {
  /** Milliseconds since 1970, here and below; ISO 8601 in the file, which an operator may look into. */
  readonly createdAt: number;
  /** Undefined for the one that signs. */
  readonly acceptedUntil?: number;
}

interface KeyFile {
  readonly keys: readonly StoredKey[];
  /** The one of `keys` that signs. */
  readonly current: StoredKey;
  /** Of the user to whom the file belongs. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Another one after every change. */
  readonly version: string;
}

/**
 * The keys of a data folder, which are made when there are none, or taken over from the file of an older Chartroom.
 * A rotation by another process is noticed within two seconds.
 * @throws StorageUnusable when a file is there and holds no keys
 */
export async function openSigningKeys(folder: string, clock: Clock): Promise<SigningKeys> {
  return new WatchedKeys(join(folder, SIGNING_KEYS_FILE), await readOrCreate(folder, clock), clock);
}

/**
 * Makes another key the one that signs.
 * @param options.acceptOldFor for how many seconds those before it are accepted still, at most; 0: they end at once
 * @throws StorageUnusable when another rotation is under way, or a file is there and holds no keys
 */
export async function rotateSigningKey(
  folder: string,
  options: { readonly clock: Clock; readonly acceptOldFor: number },
): Promise<{ readonly id: string }> {
  await readOrCreate(folder, options.clock);
  const path = join(folder, SIGNING_KEYS_FILE);
  // Made by one at a time and gone with the rename: it is also the lock of a rotation, from before it reads to when it is done.
  const aside = `${path}.new`;
  const file = await openAlone(aside);
  const created = createKey(options.clock);
  try {
    try {
      const { keys, owner } = await readKeys(path);
      await giveTo(file, owner, path);
      await writeKeys(file, [created, ...stillAccepted(keys, options)]);
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolder(folder);
  return { id: created.id };
}

class WatchedKeys implements SigningKeys {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #interval: NodeJS.Timeout;
  #file: KeyFile;
  #isReading = false;

  constructor(path: string, file: KeyFile, clock: Clock) {
    this.#path = path;
    this.#file = file;
    this.#clock = clock;
    this.#interval = setInterval(() => void this.#readAgain(), WATCH_INTERVAL).unref();
  }

  current(): SigningKey {
    return this.#file.current;
  }

  find(id: string): SigningKey | undefined {
    const key = this.#file.keys.find((each) => each.id === id);
    return key && isAccepted(key, this.#clock.now()) ? key : undefined;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#interval);
  }

  async #readAgain(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      if ((await stateOf(this.#path)).version !== this.#file.version) this.#file = await readKeys(this.#path);
    } catch {
      // Without the file, or with one that is damaged, a running server goes on with the keys that it has. The next start
      // makes a new file, or says what is wrong with this one.
    } finally {
      this.#isReading = false;
    }
  }
}

async function readOrCreate(folder: string, clock: Clock): Promise<KeyFile> {
  const path = join(folder, SIGNING_KEYS_FILE);
  const legacyPath = join(folder, LEGACY_FILE);
  const isThere = (await readIfPresent(path)) !== undefined;
  const legacySecret = await readIfPresent(legacyPath);
  if (!isThere) {
    if (legacySecret && legacySecret.length !== KEY_BYTES) {
      throw unusable(legacyPath, `is no signing key (${legacySecret.length} bytes instead of ${KEY_BYTES})`);
    }
    await createFile(path, createKey(clock, legacySecret));
  }
  const file = await readKeys(path);
  if (legacySecret) {
    // Whoever made the file may not have come to this, and the old key must not go before the new file is sure to stay.
    await syncFolder(folder);
    await rm(legacyPath, { force: true });
  }
  await syncFolder(folder);
  return file;
}

/** Written aside and then linked, so that a crash leaves no half file, and of two starting servers both use the first one's. */
async function createFile(path: string, key: StoredKey): Promise<void> {
  const aside = `${path}.${randomUUID()}.new`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await writeKeys(file, [key]);
  } finally {
    await file.close();
  }
  try {
    await link(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(aside);
  }
}

function createKey(clock: Clock, secret: Uint8Array = randomBytes(KEY_BYTES)): StoredKey {
  const id = createHash('sha256').update(secret).digest('hex').slice(0, 16);
  return { id, secret, createdAt: clock.now() };
}

/** An end that was set before is never put off. */
function stillAccepted(
  keys: readonly StoredKey[],
  { clock, acceptOldFor }: { readonly clock: Clock; readonly acceptOldFor: number },
): readonly StoredKey[] {
  const now = clock.now();
  const end = now + acceptOldFor * 1000;
  return keys
    .map((key) => ({ ...key, acceptedUntil: Math.min(key.acceptedUntil ?? end, end) }))
    .filter((key) => isAccepted(key, now));
}

function isAccepted({ acceptedUntil }: StoredKey, now: number): boolean {
  return acceptedUntil === undefined || acceptedUntil > now;
}

async function openAlone(aside: string): Promise<FileHandle> {
  try {
    return await open(aside, 'wx', 0o600);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new StorageUnusable(
      `another rotation of the signing key is under way: try again in a moment; if it was cut off, remove ${aside} first`,
    );
  }
}

/** Whoever rotates may be root; the server, which has to read the file, need not be. */
async function giveTo(file: FileHandle, owner: KeyFile['owner'], path: string): Promise<void> {
  if ((await file.stat()).uid === owner.uid) return;
  try {
    await file.chown(owner.uid, owner.gid);
  } catch (cause) {
    throw new StorageUnusable(
      `${path} belongs to another user (number ${owner.uid}): rotate as that user, or as root`,
      {
        cause,
      },
    );
  }
}

async function writeKeys(file: FileHandle, keys: readonly StoredKey[]): Promise<void> {
  const written = keys.map(({ id, secret, createdAt, acceptedUntil }) => ({
    id,
    secret: Buffer.from(secret).toString('base64url'),
    createdAt: new Date(createdAt).toISOString(),
    ...(acceptedUntil === undefined ? {} : { acceptedUntil: new Date(acceptedUntil).toISOString() }),
  }));
  await file.writeFile(`${JSON.stringify({ keys: written }, undefined, 2)}\n`);
  await file.sync();
}

async function readKeys(path: string): Promise<KeyFile> {
  // First, so that what changes meanwhile is read again.
  const state = await stateOf(path);
  const keys = parseKeys(path, await readFile(path, 'utf8'));
  const [current, ...others] = keys.filter(({ acceptedUntil }) => acceptedUntil === undefined);
  if (!current || others.length > 0) throw damaged(path, 'not exactly one is without an end');
  return { ...state, keys, current };
}

async function stateOf(path: string): Promise<Pick<KeyFile, 'owner' | 'version'>> {
  const { uid, gid, ino, size, mtimeNs } = await stat(path, { bigint: true });
  return { owner: { uid: Number(uid), gid: Number(gid) }, version: `${ino} ${size} ${mtimeNs}` };
}

function parseKeys(path: string, text: string): readonly StoredKey[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // Without the cause, which would quote the file.
    throw damaged(path, 'it is not JSON');
  }
  if (!isRecord(content) || !Array.isArray(content.keys)) throw damaged(path, 'it has no list "keys"');
  return content.keys.map((entry: unknown, index) => {
    const key = isRecord(entry) ? parseKey(entry) : undefined;
    if (!key) throw damaged(path, `number ${index + 1} in it is none`);
    return key;
  });
}

/** Undefined when it is none. */
function parseKey({ id, secret, createdAt, acceptedUntil }: Readonly<Record<string, unknown>>): StoredKey | undefined {
  const [begin, end] = [timeOf(createdAt), timeOf(acceptedUntil)];
  if (typeof id !== 'string' || id === '' || typeof secret !== 'string' || begin === undefined) return undefined;
  // 32 bytes in base64url, without padding.
  if (!/^[\w-]{43}$/.test(secret) || (acceptedUntil !== undefined && end === undefined)) return undefined;
  const key = { id, secret: Buffer.from(secret, 'base64url'), createdAt: begin };
  return end === undefined ? key : { ...key, acceptedUntil: end };
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function damaged(path: string, why: string): StorageUnusable {
  return unusable(path, `holds no signing keys (${why})`);
}

function unusable(path: string, what: string): StorageUnusable {
  return new StorageUnusable(`${path} ${what}: remove it, and everybody logs in again`);
}

async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
