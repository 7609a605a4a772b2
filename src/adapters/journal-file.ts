// The Journal in two files of the data folder: the lines, and up to where they count. Beside them is each journal that a database was rebuilt from.
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from '../ports/file-errors.ts';
import type { Journal, JournalPosition } from '../ports/journal.ts';
import { exists, statOf, syncFolder } from './files/folders.ts';
import { onDisk } from './files/on-disk.ts';
import { textLines } from './files/text-lines.ts';
import { writeDurably } from './files/whole-files.ts';
import { writeAll } from './files/write-all.ts';

const FOLDER = 'journal';
const LINES = 'registry.jsonl';
const POSITION = 'position.json';
/** The journal before one that was begun anew, of which it is not known how far it came. */
const FORMER = 'registry-former';
/** Bytes that are always worth keeping, before it is looked at how many of them are new. */
const SHORT = 16 * 1024 * 1024;
/** Characters that are written at once, or one line that has more. */
const PIECE = 64 * 1024;

interface State extends JournalPosition {
  /** How many bytes of the lines count; what is behind them was cut off. */
  readonly bytes: number;
  /** How many there were when the journal was begun. */
  readonly firstBytes: number;
}

/** Takes no room: a server whose disk is full starts as well. */
export async function openJournal(dataDir: string): Promise<Journal> {
  const folder = join(dataDir, FOLDER);
  // What a crash left of one that was to be put in its place only takes room; it is in nobody's way where it cannot be removed.
  await rm(join(folder, `${LINES}.new`), { force: true }).catch(() => undefined);
  return new JournalFile(folder, await readState(folder));
}

export async function hasJournal(dataDir: string): Promise<boolean> {
  return await exists(join(dataDir, FOLDER, LINES));
}

/** The lines, oldest first; none when there is no journal. */
export async function* readJournalLines(dataDir: string): AsyncIterable<string> {
  const stream = createReadStream(join(dataDir, FOLDER, LINES));
  try {
    await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject));
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  yield* textLines(stream);
}

/** Keeps the lines of now under another name, which no server writes to. */
export async function keepJournalAs(dataDir: string, name: string): Promise<void> {
  await link(join(dataDir, FOLDER, LINES), join(dataDir, FOLDER, name));
  await syncFolder(join(dataDir, FOLDER));
}

class JournalFile implements Journal {
  readonly #folder: string;
  #state: State | undefined;

  constructor(folder: string, state: State | undefined) {
    this.#folder = folder;
    this.#state = state;
  }

  get position(): JournalPosition | undefined {
    return this.#state;
  }

  get bytes(): number {
    return this.#state?.bytes ?? 0;
  }

  get isLong(): boolean {
    return this.#state !== undefined && this.#state.bytes > 2 * this.#state.firstBytes + SHORT;
  }

  async append(lines: readonly string[], position: JournalPosition): Promise<void> {
    const state = this.#state;
    if (!state) throw new Error('a journal is begun before something is added to it');
    await onDisk(async () => {
      const bytes = lines.length > 0 ? await this.#write(lines, state.bytes) : state.bytes;
      await this.#note({ ...position, bytes, firstBytes: state.firstBytes });
    });
  }

  /** @returns where they end */
  async #write(lines: readonly string[], from: number): Promise<number> {
    const file = await open(join(this.#folder, LINES), 'r+');
    try {
      // What was cut off the last time is in the way.
      await file.truncate(from);
      let end = from;
      for (const text of textsIn(lines)) {
        const bytes = Buffer.from(text);
        await writeAll(file, bytes, end);
        end += bytes.length;
      }
      await file.sync();
      return end;
    } catch (error) {
      // Half of the lines are of no use, and take room that there is not.
      await file.truncate(from).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
  }

  async replace(
    batches: AsyncIterable<readonly string[]>,
    position: JournalPosition,
    keepsFormer: boolean,
  ): Promise<void> {
    const [path, note] = [join(this.#folder, LINES), join(this.#folder, POSITION)];
    const [aside, noteAside] = [`${path}.new`, `${note}.new`];
    await onDisk(async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      try {
        const { bytes } = await writeDurably(aside, textsOf(batches));
        const state = { ...position, bytes, firstBytes: bytes };
        await writeNote(noteAside, state);
        if (keepsFormer) await this.#keepFormer();
        // Between the two renames the position would be that of other lines.
        await rm(note, { force: true });
        await syncFolder(this.#folder);
        await rename(aside, path);
        this.#state = undefined;
        await syncFolder(this.#folder);
        await rename(noteAside, note);
        this.#state = state;
      } catch (error) {
        // What failed first is to be told.
        for (const half of [aside, noteAside]) await rm(half, { force: true }).catch(() => undefined);
        throw error;
      }
      await syncFolder(dirname(this.#folder));
    });
  }

  async #keepFormer(): Promise<void> {
    const lines = join(this.#folder, LINES);
    const former = await statOf(lines);
    if (!former) return;
    const at = this.#state?.at;
    const name = at === undefined ? FORMER : `registry-until-${new Date(at).toISOString().replaceAll(':', '-')}`;
    for (let number = 1; ; number += 1) {
      const kept = join(this.#folder, `${name}${number === 1 ? '' : `-${number}`}.jsonl`);
      const other = await statOf(kept);
      if (!other) return await link(lines, kept);
      // A try before this one, which failed later, has kept it.
      if (other.ino === former.ino) return;
    }
  }

  async #note(state: State): Promise<void> {
    const path = join(this.#folder, POSITION);
    const aside = `${path}.new`;
    await writeNote(aside, state);
    await rename(aside, path);
    this.#state = state;
  }
}

/** Nothing of it stays when that fails. */
async function writeNote(path: string, state: State): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    // Not synced: when a power cut takes it, or leaves an older one, what was followed before is followed again.
    await file.writeFile(`${JSON.stringify(state)}\n`);
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
}

/** Short lines together, and never long ones, which would be in memory twice. */
function* textsIn(lines: readonly string[]): Iterable<string> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

async function* textsOf(batches: AsyncIterable<readonly string[]>): AsyncIterable<string> {
  for await (const lines of batches) yield* textsIn(lines);
}

/** Undefined when the journal has to be begun anew. */
async function readState(folder: string): Promise<State | undefined> {
  try {
    const state = JSON.parse(await readFile(join(folder, POSITION), 'utf8')) as Partial<State> | null;
    const { event, at, bytes, firstBytes } = state ?? {};
    if (![event, at, bytes, firstBytes].every((value) => Number.isSafeInteger(value))) return undefined;
    const file = await open(join(folder, LINES), 'r');
    try {
      return (await file.stat()).size < Number(bytes) ? undefined : (state as State);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}
