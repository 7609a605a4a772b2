// What a command of the command line is.
import type { Config } from '../config/schema.ts';

export interface Invocation {
  readonly config: Config;
  readonly positionals: readonly string[];
  /** Names of the command's own switches that were given, without the dashes. */
  readonly switches: ReadonlySet<string>;
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
}

export interface Command {
  /** The words that choose it, such as `user add`. */
  readonly name: string;
  /** What follows the name, as the help shows it. */
  readonly usage: string;
  readonly summary: string;
  /** How many words must follow the name. */
  readonly positionals: number;
  readonly switches?: readonly string[];
  run(invocation: Invocation): Promise<void>;
}

/** The command was not used as it is meant to be; the message says how. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
