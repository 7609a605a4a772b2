// Chart versions as Helm reads them (Masterminds semver 3.5.0, `NewVersion` and `StrictNewVersion`) and as tags carry them.

/** A text that Helm accepts as a chart's version. */
export interface ChartVersion {
  /** as it stands in Chart.yaml: the name that the version is published under */
  readonly text: string;
  /** whether it is SemVer 2 to the letter; Helm offers no other version to a range (`helm pull --version '>=1.0.0'`) */
  readonly strict: boolean;
  readonly prerelease: boolean;
  /** what Helm orders it as: `1.15.0` for `v1.15.0`, `1.0.0` for `1.0` */
  readonly strictForm: string;
  /** major, minor and patch, each below 2^64 */
  readonly numbers: readonly [bigint, bigint, bigint];
  /** `rc`, `1` of `1.0.0-rc.1+7`; empty when it is no pre-release */
  readonly prereleaseIdentifiers: readonly string[];
  /** `7` of `1.0.0-rc.1+7`; no part of the precedence */
  readonly buildIdentifiers: readonly string[];
}

/** bytes; all characters that a version may have are one byte long */
const MAXIMUM_LENGTH = 256;
/** Helm reads numbers as uint64. */
export const LARGEST_NUMBER = 2n ** 64n - 1n;
const LENIENT =
  /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/** Undefined when Helm does not accept `text` as a version; `v1.15.0`, `1.0` and `01.2.3` it does accept. */
export function parseChartVersion(text: string): ChartVersion | undefined {
  const match = text.length > MAXIMUM_LENGTH ? null : LENIENT.exec(text);
  if (!match) return undefined;
  const [, major = '', minor, patch, prerelease, build] = match;
  const numbers = [BigInt(major), BigInt(minor ?? '0'), BigInt(patch ?? '0')] as const;
  if (numbers.some((number) => number > LARGEST_NUMBER)) return undefined;
  // A leading zero is let through in the three numbers (calendar versions have them) but never in a pre-release.
  const prereleaseIdentifiers = prerelease?.split('.') ?? [];
  if (prereleaseIdentifiers.some((identifier) => /^0[0-9]+$/.test(identifier))) return undefined;
  const ending = `${prerelease === undefined ? '' : `-${prerelease}`}${build === undefined ? '' : `+${build}`}`;
  const strictForm = `${numbers.join('.')}${ending}`;
  return {
    text,
    strict: text === strictForm,
    prerelease: prerelease !== undefined,
    strictForm,
    numbers,
    prereleaseIdentifiers,
    buildIdentifiers: build?.split('.') ?? [],
  };
}

/** A tag has no "+", so Helm writes "_" for it; no version has a "_", so the way back is unique. */
export function tagOfVersion(version: string): string {
  return version.replaceAll('+', '_');
}

export function versionOfTag(tag: string): string {
  return tag.replaceAll('_', '+');
}
