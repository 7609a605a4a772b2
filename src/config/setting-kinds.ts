// The kinds of settings that there are: texts, numbers, choices and lists, each with the words that say what is allowed.

import { isIP, isIPv4 } from 'node:net';
import type { TSchema } from 'typebox';
import { Type } from '../json-schemas.ts';

/** `expected` completes the sentence "the setting must be …". */
export type Wording = { readonly description: string; readonly expected: string };

/** Why a list must start with an including pattern: `["!dev-*"]` reads like "all but dev-*" and would fix nothing at all. */
const PATTERN_LIST =
  'a list of tag patterns such as ["*", "!dev-*"], the first one without "!" (a list of exclusions alone would fix no tag)';

export function wording(description: string, expected: string): Wording {
  return { description, expected };
}

/** An integer from `from` to `to`, both inclusive; `of` is its unit. */
export function wholeNumber(options: {
  readonly of?: string;
  readonly from: number;
  readonly to: number;
  readonly default: number;
  readonly description: string;
}) {
  const { of, from, to, description } = options;
  const range = to === Number.MAX_SAFE_INTEGER ? `, ${from} or more` : ` from ${from} to ${to}`;
  return Type.Integer({
    minimum: from,
    maximum: to,
    default: options.default,
    ...wording(description, `a whole number${of ? ` of ${of}` : ''}${range}`),
  });
}

export function choice<const Values extends string[]>(
  values: readonly [...Values],
  options: { readonly default: Values[number]; readonly description: string },
) {
  const expected = `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
  return Type.Enum(values, { default: options.default, ...wording(options.description, expected) });
}

export function orNull<const Schema extends TSchema>(schema: Schema, options: Wording & { readonly secret?: boolean }) {
  return Type.Union([schema, Type.Null()], { default: null, ...options });
}

/** The path of a file; null for none. */
export function filePath(description: string) {
  return orNull(Type.String({ pattern: /^(?!~)[^\0]+$/ }), wording(description, 'the path of a file, without "~"'));
}

/** A text that is shown nowhere; null for none. */
export function secret(description: string) {
  const pattern = /^\P{Cc}+$/u;
  return orNull(Type.String({ pattern }), { ...wording(description, 'a text without line breaks'), secret: true });
}

/** Globs with `*` and `?`; a leading `!` excludes; the last one that matches a tag decides. */
export function tagPatterns(options: { readonly default: string[]; readonly description: string }) {
  const pattern = Type.String({
    pattern: /^!?[A-Za-z0-9_.*?-]{1,128}$/,
    ...wording('', 'a tag in which "*" and "?" stand for any characters, and "_" for the "+" of a version'),
  });
  return Type.Refine(
    Type.Array(pattern, { default: options.default, ...wording(options.description, PATTERN_LIST) }),
    (patterns) => !patterns[0]?.startsWith('!'),
  );
}

export function isHost(text: string): boolean {
  return isIP(text) !== 0 || (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text) && !/^[\d.]+$/.test(text));
}

export function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#@\\\s]+\/?$/i.test(text) && URL.canParse(text);
}

export function isAddressRange(text: string): boolean {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  return isIP(address) !== 0 && Number(length ?? 0) <= (isIPv4(address) ? 32 : 128);
}
