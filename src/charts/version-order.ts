// Texts whose byte order is the order of chart versions, so that a database sorts and cuts by SemVer with a plain index.
import { type ChartVersion, LARGEST_NUMBER } from './version.ts';

// What a text is made of, in this order:
//   major, minor and patch, each as its count of digits (a letter, `a` for one) and its digits: `a1b12a0` for 1.12.0
//   `-` and the pre-release identifiers, or `~` when there are none: a pre-release comes before its release
//   and for equal precedence only: the build identifiers, `0` or `1` for strict, and the version as it is spelled
// An identifier is `0`, count and digits when it is a number, else `1`, the word and `!`; a list of them ends with `!`.
// "!" is below all that a version may have, so whatever is the beginning of something longer comes before it.

const RELEASE = '~';
const PRERELEASE = '-';
const END = '!';

/**
 * A text that is bytewise below that of another version when Helm orders this one first; all of it is printable ASCII.
 * Versions of equal precedence (other build, other spelling) keep one order too, which Helm leaves to chance: without a
 * build first, then by build, the lenient spelling before the strict one. No two spellings have the same text.
 */
export function sortKeyOf(version: ChartVersion): string {
  const { buildIdentifiers, strict, text } = version;
  return `${precedenceKeyOf(version)}${listOf(buildIdentifiers)}${strict ? '1' : '0'}${text}`;
}

/** Whether a text has the form of a sort key: that of some version, or one between those of two. */
export function isSortKey(text: string): boolean {
  return /^(?:[a-t][0-9]{1,20}){3}[-~][!-~]+$/.test(text);
}

/**
 * The part of the sort key that is the same for versions of equal precedence, and otherwise ordered as they are (SemVer
 * 2.0.0, section 11; a pre-release number of 2^64 or more is ordered as a word, as Helm does).
 */
export function precedenceKeyOf({ numbers, prerelease, prereleaseIdentifiers }: ChartVersion): string {
  return `${sortPrefixOf(...numbers)}${prerelease ? `${PRERELEASE}${listOf(prereleaseIdentifiers)}` : RELEASE}`;
}

/**
 * How the sort keys of all versions of one major (`1n`), of one major and minor (`1n, 12n`), or of one major, minor and
 * patch begin, and of no other version. They are all above this text and below this text with "~~" behind it.
 *
 * @param numbers each below 2^64
 */
export function sortPrefixOf(...numbers: readonly bigint[]): string {
  return numbers.map(numberOf).join('');
}

function listOf(identifiers: readonly string[]): string {
  return `${identifiers.map(identifierOf).join('')}${END}`;
}

function identifierOf(identifier: string): string {
  const isNumber = /^(?:0|[1-9][0-9]{0,19})$/.test(identifier) && BigInt(identifier) <= LARGEST_NUMBER;
  return isNumber ? `0${numberOf(BigInt(identifier))}` : `1${identifier}${END}`;
}

function numberOf(number: bigint): string {
  const digits = number.toString();
  return `${String.fromCharCode('a'.charCodeAt(0) + digits.length - 1)}${digits}`;
}
