// Takes the words behind a command's name apart: its own options, the settings' flags, and the rest.
import { parseArgs } from 'node:util';
import { ConfigError, loadConfig, parseSettingsFlags, settingsFlags } from '../config/load.ts';
import { type Command, GivenOptions, type Invocation, UsageError, usageOf } from './command.ts';

/**
 * @throws ConfigError for flags that do not exist or lack their value
 * @throws UsageError when words or options are missing, or there are too many words
 */
export function parseWords(command: Command, words: readonly string[]): Invocation {
  const { options, rest, mistakes } = takeOptions(command, words);
  const { flags, positionals } = parseSettings(command, rest, mistakes);
  const isComplete = command.options.every(({ name, isRequired }) => !isRequired || options.has(name));
  if (!isComplete || !fits(command, positionals.length) || positionals.includes('')) {
    throw new UsageError(`usage: ${usageOf(command)}`);
  }
  return {
    words: positionals,
    options,
    settings: { flags: Object.keys(flags), load: () => loadConfig({ flags }) },
  };
}

function fits({ words }: Command, count: number): boolean {
  const needed = words.filter((word) => !word.startsWith('[')).length;
  const maximum = words.at(-1)?.endsWith('...') ? Number.POSITIVE_INFINITY : words.length;
  return count >= needed && count <= maximum;
}

function takeOptions(
  command: Command,
  words: readonly string[],
): { readonly options: GivenOptions; readonly rest: readonly string[]; readonly mistakes: readonly string[] } {
  const own = new Map([...command.options, ...command.commonOptions].map((option) => [option.name, option]));
  const types = [...own.values()].map(({ name, value }) => [name, typeOf(value)] as const);
  const config = { ...settingsFlags(), ...Object.fromEntries(types) };
  const { tokens } = parseArgs({
    args: [...words],
    options: config,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const mistakes: string[] = [];
  const taken = new Set<number>();
  for (const token of tokens) {
    const option = token.kind === 'option' ? own.get(token.name) : undefined;
    if (token.kind !== 'option' || !option) continue;
    taken.add(token.index);
    if (token.value !== undefined && !token.inlineValue) taken.add(token.index + 1);
    const mistake = valueMistake(token, option.value !== undefined);
    if (mistake !== undefined) mistakes.push(mistake);
    values.set(option.name, [...(values.get(option.name) ?? []), token.value ?? '']);
  }
  return { options: new GivenOptions(values), rest: words.filter((_, index) => !taken.has(index)), mistakes };
}

function typeOf(value: string | undefined): { readonly type: 'string' | 'boolean' } {
  return { type: value === undefined ? 'boolean' : 'string' };
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function valueMistake({ rawName, value, inlineValue }: OptionToken, takesValue: boolean): string | undefined {
  if (!takesValue) return value === undefined ? undefined : `${rawName} takes no value`;
  const isMissing = value === undefined || (!inlineValue && value.startsWith('-'));
  return isMissing ? `${rawName} has no value; write ${rawName}=<value>` : undefined;
}

/** What is wrong with any of the flags is said at once. */
function parseSettings(
  { options, commonOptions }: Command,
  rest: readonly string[],
  mistakes: readonly string[],
): ReturnType<typeof parseSettingsFlags> {
  const own = [...options, ...commonOptions].map(({ name }) => `--${name}`);
  try {
    const parsed = parseSettingsFlags(rest, own);
    if (mistakes.length === 0) return parsed;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError([...mistakes, ...error.mistakes], 'command line');
  }
  throw new ConfigError(mistakes, 'command line');
}
