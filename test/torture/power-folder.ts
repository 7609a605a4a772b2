// A folder under the layer: replays a journal, and makes the folder that is found when the power was cut at its end.
//
// It promises no more than POSIX does: bytes are there once their file was synced, names once their folder was. Of everything else
// any part may be there. A rename happens whole or not at all, and no later change of a name comes without the earlier ones of it.
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Random } from '../support/random.ts';
import { PowerFile } from './power-file.ts';
import type { FolderStep } from './power-journal.ts';

type Entry = PowerFile | 'folder';
type Names = Map<string, Entry>;

/** A change of names: each path with what it leads to afterwards; undefined for nothing. */
interface NameChange {
  readonly paths: readonly (readonly [path: string, entry: Entry | undefined])[];
}

/** What a sync is of, so that a test can leave out all of one kind. */
export type SyncKind = 'blob' | 'database' | 'key' | 'folder of blobs' | 'data folder';

class PowerFolder {
  readonly #folder: string;
  readonly #ignored: ReadonlySet<SyncKind>;
  /** As programs see them. */
  readonly #names: Names;
  readonly #syncedNames: Names;
  readonly #byInode = new Map<bigint, PowerFile>();
  #pending: NameChange[] = [];

  constructor(folder: string, names: Names, ignored: readonly SyncKind[]) {
    this.#folder = folder;
    this.#names = new Map(names);
    this.#syncedNames = new Map(names);
    this.#ignored = new Set(ignored);
  }

  replay(steps: Iterable<FolderStep>): void {
    for (const step of steps) this.#replay(step);
  }

  /** Files, by path, as programs see them while the power is on. */
  contents(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#names].flatMap(([path, entry]) => (entry === 'folder' ? [] : [[path, entry.contents()]])));
  }

  /** Puts in the place of the folder what is left of it. @param share how much of what was not synced is there all the same */
  async cutPower(random: Random, share: number): Promise<void> {
    for (const change of [...this.#pending]) if (random.chance(share)) this.#settle(change);
    await rm(this.#folder, { recursive: true, force: true });
    const folders = [...this.#syncedNames].filter(([, entry]) => entry === 'folder').map(([path]) => path);
    const reached = new Set<string>();
    for (const path of folders.toSorted((one, other) => one.length - other.length)) {
      if (path !== this.#folder && !reached.has(dirname(path))) continue;
      await mkdir(path, { recursive: true, mode: 0o750 });
      reached.add(path);
    }
    for (const [path, entry] of this.#syncedNames) {
      if (entry === 'folder' || !reached.has(dirname(path))) continue;
      await writeFile(path, entry.contentsAfterCut(random, share));
      await chmod(path, entry.mode);
    }
  }

  #replay(step: FolderStep): void {
    switch (step.kind) {
      case 'open':
        this.#open(step);
        return;
      case 'write':
        this.#file(step.inode).change({ kind: 'write', offset: step.offset, data: step.data });
        return;
      case 'truncate':
        this.#file(step.inode).change({ kind: 'truncate', length: step.length });
        return;
      case 'sync-file':
        if (!this.#ignored.has(kindOf(step.path))) this.#file(step.inode).sync();
        return;
      case 'sync-folder':
        if (!this.#ignored.has(/\/blobs\b/.test(step.path) ? 'folder of blobs' : 'data folder'))
          this.#syncFolder(step.path);
        return;
      case 'rename':
        this.#change([step.from, undefined], [step.to, this.#names.get(step.from)]);
        return;
      case 'link':
        this.#change([step.to, this.#names.get(step.from)]);
        return;
      case 'unlink':
        this.#change([step.path, undefined]);
        return;
      case 'mkdir':
        this.#change([step.path, 'folder']);
        return;
      default:
        throw step satisfies never;
    }
  }

  #open({ inode, path, mode, isCut }: Extract<FolderStep, { kind: 'open' }>): void {
    let file = this.#names.get(path);
    if (file === 'folder') throw new Error(`${path} is a folder`);
    if (!file) {
      file = new PowerFile(mode);
      this.#change([path, file]);
    }
    if (isCut) file.change({ kind: 'truncate', length: 0 });
    this.#byInode.set(inode, file);
  }

  #file(inode: bigint): PowerFile {
    const file = this.#byInode.get(inode);
    if (!file) throw new Error(`the journal names the file ${inode}, which was not opened`);
    return file;
  }

  #change(...paths: NameChange['paths']): void {
    const change = { paths };
    apply(this.#names, change);
    this.#pending.push(change);
  }

  #syncFolder(folder: string): void {
    for (const change of [...this.#pending]) {
      if (change.paths.some(([path]) => dirname(path) === folder)) this.#settle(change);
    }
  }

  /** Makes a change last, and before it whatever was done earlier to the same names. */
  #settle(change: NameChange): void {
    const at = this.#pending.indexOf(change);
    if (at === -1) return;
    for (const earlier of this.#pending.slice(0, at)) {
      const isOfSame = earlier.paths.some(([path]) => change.paths.some(([other]) => other === path));
      if (isOfSame) this.#settle(earlier);
    }
    apply(this.#syncedNames, change);
    this.#pending.splice(this.#pending.indexOf(change), 1);
  }
}

/** A folder as it is on a disk, with everything in it synced; it is there. @param ignored syncs that are forgotten, to see that this is noticed */
export async function readPowerFolder(folder: string, ignored: readonly SyncKind[] = []): Promise<PowerFolder> {
  const names: Names = new Map();
  names.set(folder, 'folder');
  for (const found of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name);
    if (path.endsWith('-shm')) continue;
    const entry = found.isDirectory()
      ? 'folder'
      : new PowerFile((await stat(path)).mode & 0o7777, await readFile(path));
    names.set(path, entry);
  }
  return new PowerFolder(folder, names, ignored);
}

function apply(names: Names, { paths }: NameChange): void {
  for (const [path, entry] of paths) {
    if (entry === undefined) names.delete(path);
    else names.set(path, entry);
  }
}

function kindOf(path: string): SyncKind {
  if (/chartroom\.db(?:-wal|-journal)?$/.test(path)) return 'database';
  return /\/(?:uploads|blobs)\//.test(path) ? 'blob' : 'key';
}
