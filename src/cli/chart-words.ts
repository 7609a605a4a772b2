// How commands show what several answers about charts have in common.
import type { Notice, VersionReference } from './chart-answers.ts';
import { UsageError } from './command.ts';

/** What is to be known before using a version: `deprecated: no longer maintained; use team/web2`. Empty when there is nothing. */
export function warningOf(version: Pick<VersionReference, 'deprecated' | 'yanked' | 'notice'>): string {
  const { deprecated, yanked, notice } = version;
  const said = notice ? shownNotice(notice) : deprecated && !yanked ? 'deprecated' : '';
  return yanked && notice?.kind !== 'yanked' ? ['yanked', ...(said === '' ? [] : [said])].join('; ') : said;
}

function shownNotice({ kind, reason, replacement }: Notice): string {
  const use = replacement === '' ? '' : `use ${replacement}`;
  const more = [reason, use].filter((part) => part !== '').join('; ');
  return more === '' ? kind : `${kind}: ${more}`;
}

/** @throws UsageError when it is none of them */
export function readChoice<Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${option} is "${text}", but must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`);
}
