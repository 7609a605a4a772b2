// What clients did, in order, kept so that a failing round can be read and repeated.
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The rounds before the failing one matter only in what they left. */
const MAXIMUM_LINES = 50_000;

export class Journal {
  readonly #name: string;
  #lines: string[] = [];
  #left = 0;
  #reached: (() => void) | undefined;

  /** @param name of the file, without folder and ending */
  constructor(name: string) {
    this.#name = name;
  }

  note(line: string): void {
    this.#lines.push(line);
    this.#left -= 1;
    if (this.#left === 0) this.#reached?.();
    if (this.#lines.length > 2 * MAXIMUM_LINES) this.#lines = this.#lines.slice(-MAXIMUM_LINES);
  }

  /** Resolves when so many more lines were noted: a moment that does not depend on how fast the machine is. */
  async after(lines: number): Promise<void> {
    this.#left = lines;
    await new Promise<void>((resolve) => {
      this.#reached = resolve;
    });
  }

  /** Runs something; when it fails, the journal goes to a file, and the error says where. */
  async keepOnFailure<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const path = join(tmpdir(), `chartroom-torture-${this.#name}.log`);
      await writeFile(path, `${[...this.#lines, String(error)].join('\n')}\n`);
      throw new Error(`${error instanceof Error ? error.message : error}\nwhat clients did: ${path}`, { cause: error });
    }
  }
}
