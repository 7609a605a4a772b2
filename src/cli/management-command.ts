// A command that is a request to the management API: what all of them have in common.
import {
  CheckFailed,
  type Command,
  type ExitCodes,
  type GivenOptions,
  type Option,
  UsageError,
  usageOf,
} from './command.ts';
import { CONNECTION_OPTIONS, openManagement } from './connection.ts';
import type { Management } from './management.ts';
import { printContent, printJson, printLine, printNote } from './print.ts';

const JSON_OPTION = 'json';

export interface Call {
  readonly management: Management;
  readonly words: readonly string[];
  readonly options: GivenOptions;
}

/** What a command has to say. */
export interface Outcome {
  /** Lines on standard output: what is now true, or what was asked for. */
  readonly lines: readonly string[];
  /** Lines on standard error, where standard output is for something else. */
  readonly notes?: readonly string[];
  /** What the API answered, for --json in place of all lines. */
  readonly answer?: unknown;
  /** A file, in place of lines. */
  readonly content?: Uint8Array;
  /** What a check has found to be wrong, for the exit code; said when all else has been. */
  readonly failure?: string | undefined;
}

interface ManagementCommand {
  readonly name: string;
  readonly words?: readonly string[];
  readonly summary: string;
  readonly options?: readonly Option[];
  /** Whether the outcome has an answer, which --json prints. */
  readonly hasAnswer?: true;
  /** Whether it does nothing without one of its options. */
  readonly needsOption?: true;
  readonly exitCodes?: ExitCodes;
  run(call: Call): Promise<Outcome>;
}

export function managementCommand(definition: ManagementCommand): Command {
  const {
    name,
    words = [],
    summary,
    options = [],
    hasAnswer = false,
    needsOption = false,
    exitCodes,
    run,
  } = definition;
  const json = { name: JSON_OPTION, summary: 'print the answer of the management API, for scripts' };
  return {
    name,
    words,
    summary,
    options,
    commonOptions: [...(hasAnswer ? [json] : []), ...CONNECTION_OPTIONS],
    ...(exitCodes === undefined ? {} : { exitCodes }),
    run: async (invocation) => {
      if (needsOption && !options.some((option) => invocation.options.has(option.name))) {
        throw new UsageError(`usage: ${usageOf({ name, words, options })}, with at least one option`);
      }
      await using management = await openManagement(invocation);
      const outcome = await run({ ...invocation, management });
      if (invocation.options.has(JSON_OPTION)) printJson(outcome.answer, 2);
      else if (outcome.content) printContent(outcome.content);
      else printLines(outcome, hasAnswer);
      if (outcome.failure !== undefined) throw new CheckFailed(outcome.failure);
    },
  };
}

function printLines({ lines, notes = [] }: Outcome, hasAnswer: boolean): void {
  const isEmpty = hasAnswer && lines.length === 0;
  for (const note of isEmpty && notes.length === 0 ? ['there is nothing to show'] : notes) printNote(note);
  for (const line of lines) printLine(line);
}
