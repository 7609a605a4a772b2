// The answer to a question that has two.
import { type GivenOptions, UsageError } from './command.ts';

/** @returns undefined when the option was not given @throws UsageError when it is neither true nor false */
export function readTrueOrFalse(options: GivenOptions, name: string): boolean | undefined {
  const text = options.one(name);
  if (text === undefined || text === 'true' || text === 'false')
    return text === undefined ? undefined : text === 'true';
  throw new UsageError(`--${name} is "${text}", but must be true or false`);
}

export function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
