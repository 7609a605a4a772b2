// What a command of the command line is.
import type { Config } from '../config/schema.ts';

export interface Option {
  /** without the dashes */
  readonly name: string;
  /** What the help calls its value; a switch has none. */
  readonly value?: string;
  readonly summary: string;
  readonly isRequired?: true;
  /** Every value counts, and not only the last one. */
  readonly isRepeated?: true;
  /** Taken in order to be refused with a reason; the help does not show it. */
  readonly isHidden?: true;
}

export interface Command {
  /** The words that choose it, such as `user add`. */
  readonly name: string;
  /**
   * What the words behind its name are, as the help calls them. Each must be there, but for those in brackets; `WORD...` at the
   * end stands for one or more.
   */
  readonly words: readonly string[];
  readonly summary: string;
  /** Its own, beside the settings. */
  readonly options: readonly Option[];
  /** Those that it has in common with other commands. */
  readonly commonOptions: readonly Option[];
  /** What its exit codes other than 0 mean, where there is more to say than that it could not be done. */
  readonly exitCodes?: ExitCodes;
  run(invocation: Invocation): Promise<void>;
}

/** The meaning of each code, as the help puts it. */
export type ExitCodes = Readonly<{ 1: string; 2?: string }>;

export interface Invocation {
  readonly words: readonly string[];
  readonly options: GivenOptions;
  readonly settings: GivenSettings;
}

interface GivenSettings {
  /** The names of the settings' flags that were given, without the dashes. */
  readonly flags: readonly string[];
  /** Reads them all. @throws ConfigError */
  load(): Config;
}

/** The options that were given, by their names. */
export class GivenOptions {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  /** @param values those of a switch are empty texts */
  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value that counts: the last one. */
  one(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

/** The command was not used as it is meant to be; the message says how. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** What was to be checked is not as it should be; the message says what. */
export class CheckFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CheckFailed';
  }
}

/** All was done that was asked for, and there is damage that somebody has to see to; the message says what. */
export class DamageFound extends CheckFailed {
  constructor(message: string) {
    super(message);
    this.name = 'DamageFound';
  }
}

/** How a command is called, without the options that it has in common with others. */
export function usageOf({ name, words, options }: Pick<Command, 'name' | 'words' | 'options'>): string {
  const shown = options.map((option) => {
    const call = `${callOf(option)}${option.isRepeated ? ' ...' : ''}`;
    return option.isRequired ? call : `[${call}]`;
  });
  return ['chartroom', name, ...words, ...shown].join(' ');
}

/** `--expires TIME` */
export function callOf({ name, value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}
