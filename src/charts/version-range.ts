// Ranges of chart versions exactly as Helm reads them (Masterminds semver 3.5.0, `NewConstraint` and `Constraints.Check`).
import { type ChartVersion, parseChartVersion } from './version.ts';
import { precedenceKeyOf } from './version-order.ts';

/**
 * Versions that a text such as `^1.2`, `~1.2.3`, `>=1.0 <2.0` or `1.x || 3.x` stands for.
 *
 * Which versions Helm asks about differs by where it finds them. Of an OCI repository it asks about the tags that are
 * strict SemVer (`_` read as `+`), and takes a text that is a version itself, even `1` or `v1.2`, for a tag and never for
 * a range. Of a classic repository it asks about every entry, lenient ones like `v1.2` too, and there `1.2` is the range
 * 1.2.x. In both it goes from the highest version to the lowest, but takes one that is spelled like the text before all.
 */
export class VersionRange {
  /** as it was written */
  readonly text: string;
  /** One group must hold, and of it every constraint. */
  readonly #groups: readonly Group[];

  constructor(text: string, groups: readonly Group[]) {
    this.text = text;
    this.#groups = groups;
  }

  /**
   * A pre-release is admitted only by a group that names one, of whatever version: `^1.0.0-0` admits 1.5.0-rc.1, `^1.0.0`
   * does not. Helm's `--devel` is the range `>0.0.0-0`: every version of all. Builds make no difference.
   */
  admits(version: ChartVersion): boolean {
    const key = precedenceKeyOf(version);
    return this.#groups.some(
      ({ constraints, admitsPrereleases }) =>
        (admitsPrereleases || !version.prerelease) &&
        constraints.every((constraint) => holds(constraint, version, key)),
    );
  }
}

interface Group {
  readonly constraints: readonly Constraint[];
  readonly admitsPrereleases: boolean;
}

interface Constraint {
  readonly operator: Operator;
  /** Zeros stand for what is open. */
  readonly bound: ChartVersion;
  readonly boundKey: string;
  /** The first number that is a wildcard or absent: `*` leaves open the major, `1` the minor, `1.2` the patch. */
  readonly open: 'major' | 'minor' | 'patch' | undefined;
}

type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~' | '^';

/** Characters; a longer text Helm refuses. */
const MAXIMUM_LENGTH = 512;
const MAXIMUM_GROUPS = 32;

// Helm's expressions, as far as they can be matched in linear time: its own one for a whole group takes exponential time
// where, as here, matching goes back. White space is ASCII's; a "|" among digits is let through, and refused as a version.
const NUMBER = '[0-9|xX*]+';
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const VERSION = `v?(${NUMBER})(?:\\.(${NUMBER}))?(?:\\.(${NUMBER}))?(-${IDENTIFIERS})?(?:\\+${IDENTIFIERS})?`;
const SPACE = '[\\t\\n\\f\\r ]';
const HYPHEN_RANGE = new RegExp(`${SPACE}*(${VERSION})${SPACE}+-${SPACE}+(${VERSION})${SPACE}*`, 'g');
const CONSTRAINT = new RegExp(
  `(?:${SPACE}*,${SPACE}*|${SPACE}+)(=[<>]?|!=|[<>]=?|~>?|\\^)?${SPACE}*(${VERSION})`,
  'gy',
);
const ONLY_SPACE = new RegExp(`^${SPACE}*$`);

/**
 * Undefined when Helm refuses `text` as a range. It refuses the empty text too, and where no version is asked for it takes
 * `*`, which is every version that is no pre-release; a dependency without a version it refuses.
 */
export function parseVersionRange(text: string): VersionRange | undefined {
  if (text.length > MAXIMUM_LENGTH) return undefined;
  const alternatives = withoutHyphenRanges(text).split('||');
  if (alternatives.length > MAXIMUM_GROUPS) return undefined;
  const groups: Group[] = [];
  for (const alternative of alternatives) {
    const constraints = parseConstraints(alternative);
    if (constraints === undefined) return undefined;
    groups.push({ constraints, admitsPrereleases: constraints.some(({ bound }) => bound.prerelease) });
  }
  return new VersionRange(text, groups);
}

/** `1.2 - 3` is `>= 1.2, <= 3`. Each is put where its text stands first, as Helm does, even if that is elsewhere. */
function withoutHyphenRanges(text: string): string {
  let result = text;
  for (const { 0: whole, 1: lowest, 6: highest } of text.matchAll(HYPHEN_RANGE)) {
    result = result.replace(whole, () => `>= ${lowest}, <= ${highest} `);
  }
  return result;
}

/** Constraints stand behind white space or one comma; for the first one that comma is put there. */
function parseConstraints(text: string): readonly Constraint[] | undefined {
  const list = `,${text}`;
  const constraints: Constraint[] = [];
  let end = 0;
  for (const match of list.matchAll(CONSTRAINT)) {
    const constraint = constraintOf(match);
    if (constraint === undefined) return undefined;
    constraints.push(constraint);
    end = match.index + match[0].length;
  }
  return ONLY_SPACE.test(list.slice(end)) ? constraints : undefined;
}

function constraintOf(match: RegExpExecArray): Constraint | undefined {
  const [, operator, version = '', major, minor, patch, prerelease = ''] = match;
  const open = isOpen(major) ? 'major' : isOpen(minor) ? 'minor' : isOpen(patch) ? 'patch' : undefined;
  const bound = parseChartVersion(boundTextOf());
  if (bound === undefined) return undefined;
  return { operator: operatorOf(operator), bound, boundKey: precedenceKeyOf(bound), open };

  function boundTextOf(): string {
    switch (open) {
      case 'major':
        return `0.0.0${prerelease}`;
      case 'minor':
        return `${major}.0.0${prerelease}`;
      case 'patch':
        return `${major}.${minor}.0${prerelease}`;
      case undefined:
        return version;
    }
  }
}

function isOpen(number: string | undefined): boolean {
  return number === undefined || number === 'x' || number === 'X' || number === '*';
}

function operatorOf(text: string | undefined): Operator {
  switch (text) {
    case '!=':
    case '>':
    case '<':
    case '>=':
    case '<=':
    case '~':
    case '^':
      return text;
    case '=>':
      return '>=';
    case '=<':
      return '<=';
    case '~>':
      return '~';
    default:
      return '=';
  }
}

/** @param key the precedence key of `version`, which is a release or met by a group that admits pre-releases */
function holds(constraint: Constraint, version: ChartVersion, key: string): boolean {
  const { operator, boundKey, open } = constraint;
  switch (operator) {
    case '=':
      return open === undefined ? key === boundKey : isAboutEqual(constraint, version, key);
    case '!=':
      return isOther(constraint, version, key);
    case '>':
      return isGreater(constraint, version, key);
    case '<':
      return key < boundKey;
    case '>=':
      return key >= boundKey;
    case '<=':
      return open === undefined ? key <= boundKey : !isBeyond(constraint, version);
    case '~':
      return isAboutEqual(constraint, version, key);
    case '^':
      return isCompatible(constraint, version, key);
  }
}

/** `~1.2.3` is >=1.2.3 <1.3.0, `~1` is 1.x; `~0.0.0` and `~*` are all. */
function isAboutEqual({ bound, boundKey, open }: Constraint, version: ChartVersion, key: string): boolean {
  if (key < boundKey) return false;
  if (open !== 'minor' && open !== 'patch' && bound.numbers.every((number) => number === 0n)) return true;
  return sameMajor(bound, version) && (open === 'minor' || sameMinor(bound, version));
}

function isOther({ bound, boundKey, open }: Constraint, version: ChartVersion, key: string): boolean {
  if (!sameMajor(bound, version)) return true;
  if (open === 'minor') return false;
  if (!sameMinor(bound, version)) return true;
  if (open === 'patch') return bound.prereleaseIdentifiers.join('.') !== version.prereleaseIdentifiers.join('.');
  return key !== boundKey;
}

/** `>11` begins at 12.0.0, not at 11.0.1. */
function isGreater({ bound, boundKey, open }: Constraint, version: ChartVersion, key: string): boolean {
  if ((open === 'minor' || open === 'patch') && sameMajor(bound, version)) {
    return open === 'patch' && version.numbers[1] > bound.numbers[1];
  }
  return key > boundKey;
}

/** `<=11` ends before 12.0.0, not at 11.0.0. */
function isBeyond({ bound, open }: Constraint, version: ChartVersion): boolean {
  if (!sameMajor(bound, version)) return version.numbers[0] > bound.numbers[0];
  return open !== 'minor' && version.numbers[1] > bound.numbers[1];
}

/** The first number that is not zero stays: `^1.2.3` is >=1.2.3 <2.0.0, `^0.2` is 0.2.x, `^0.0.3` is 0.0.3, `^0` is 0.x. */
function isCompatible({ bound, boundKey, open }: Constraint, version: ChartVersion, key: string): boolean {
  if (key < boundKey || !sameMajor(bound, version)) return false;
  if (bound.numbers[0] > 0n || open === 'minor') return true;
  if (!sameMinor(bound, version)) return false;
  return bound.numbers[1] > 0n || open === 'patch' || bound.numbers[2] === version.numbers[2];
}

function sameMajor(one: ChartVersion, other: ChartVersion): boolean {
  return one.numbers[0] === other.numbers[0];
}

function sameMinor(one: ChartVersion, other: ChartVersion): boolean {
  return one.numbers[1] === other.numbers[1];
}
