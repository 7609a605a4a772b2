// Where a chart may be published, and under which tag: the rules that keep one chart findable by its name and version.
import { RegistryError } from '../oci/error.ts';
import { matchesGlob } from '../oci/glob.ts';
import { pushCommand, type RegistryAddress } from '../oci/registry-address.ts';
import { lastSegment, parentOf, type RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { ChartMetadata } from './chart-yaml.ts';
import { tagOfVersion } from './version.ts';

/**
 * Helm appends the chart's name to the address it is given, so a chart lies in the repository that ends in its name.
 * @param address of this registry, for the corrected command
 * @throws RegistryError WRONG_REPOSITORY
 */
export function requireMatchingRepository(
  repository: RepositoryName,
  metadata: ChartMetadata,
  address: RegistryAddress,
): void {
  const segment = lastSegment(repository);
  if (segment === metadata.name) return;
  throw new RegistryError(
    'WRONG_REPOSITORY',
    `repository "${repository}" ends in "${segment}", but the chart is called "${metadata.name}": run ${pushCommand(address, metadata, parentOf(repository))}`,
  );
}

/** @throws RegistryError TAG_INVALID */
export function requireMatchingTag(tag: Tag, metadata: ChartMetadata): void {
  const expected = tagOfVersion(metadata.version);
  if (tag === expected) return;
  throw new RegistryError(
    'TAG_INVALID',
    `tag "${tag}" is not the version of this chart: Chart.yaml says ${metadata.name} ${metadata.version}, so its tag is "${expected}"; published charts are found by version, not by floating tags`,
  );
}

/**
 * Whether the last of `patterns` that fits `tag` is one that includes it. In a pattern "*" stands for any characters, "?" for
 * one; a leading "!" makes it exclude. Without a pattern that fits the answer is no.
 */
export function matchesPatterns(tag: string, patterns: readonly string[]): boolean {
  const last = patterns.findLast((pattern) => matchesGlob(tag, pattern.startsWith('!') ? pattern.slice(1) : pattern));
  return last !== undefined && !last.startsWith('!');
}

/**
 * The repository that probably was meant when the last two segments are equal (`team/web` for `team/web/web`): someone gave
 * helm push the chart's name although it appends it.
 */
export function repositoryWithoutRepeatedName(
  repository: RepositoryName,
  metadata: ChartMetadata,
): RepositoryName | undefined {
  const parent = parentOf(repository) as RepositoryName | '';
  if (parent === '' || lastSegment(repository) !== metadata.name) return undefined;
  return lastSegment(parent) === metadata.name ? parent : undefined;
}
