// Ranges of versions as they stand in Chart.yaml and in queries.
import { parseChartVersion } from '../charts/version.ts';
import { parseVersionRange, type VersionRange } from '../charts/version-range.ts';
import { RegistryError } from '../oci/error.ts';
import { quoted } from '../oci/quoted.ts';

/** Holds for every version, and names a pre-release, so that whatever it is joined with admits those. */
const ANY_PRERELEASE = '>=0.0.0-0';

/** @param withPrereleases whether they are admitted though the range names none @throws RegistryError REQUEST_INVALID */
export function readRange(text: string, withPrereleases = false): VersionRange {
  const range = parseVersionRange(text);
  if (!range) {
    throw new RegistryError(
      'REQUEST_INVALID',
      `${quoted(text)} is no range of versions: write it like "^1.2", "~1.2.3", ">=1.0 <2.0" or "1.x"`,
    );
  }
  if (!withPrereleases) return range;
  const groups = text.split('||').map((group) => `${group}, ${ANY_PRERELEASE}`);
  return parseVersionRange(groups.join('||')) ?? range;
}

/** Whether a version is the one that the text names, or in the range that it is. */
export function rangeAdmits(text: string, versionText: string): boolean {
  if (text === versionText) return true;
  const version = parseChartVersion(versionText);
  return version !== undefined && (parseVersionRange(text)?.admits(version) ?? false);
}
