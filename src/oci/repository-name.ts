// Repository names (OCI Distribution Spec, "Pulling manifests").
import { RegistryError } from './error.ts';

declare const repositoryName: unique symbol;
/** One or more lower-case path segments, joined by "/": `team/charts/web`. */
export type RepositoryName = string & { readonly [repositoryName]: true };

const MAXIMUM_LENGTH = 255;
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** @throws RegistryError NAME_INVALID */
export function parseRepositoryName(text: string): RepositoryName {
  if (text.length > MAXIMUM_LENGTH) {
    throw new RegistryError(
      'NAME_INVALID',
      `the repository name has ${text.length} characters, at most ${MAXIMUM_LENGTH} are allowed`,
    );
  }
  if (!NAME.test(text)) {
    throw new RegistryError(
      'NAME_INVALID',
      `"${text}" is not a repository name: lower-case letters and digits, joined by single ".", "_", "__" or "-", in segments separated by "/"`,
    );
  }
  return text as RepositoryName;
}

/** The last segment, which for a chart's repository is the chart's name. */
export function lastSegment(name: RepositoryName): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** All but the last segment; the empty string for a repository at the root. */
export function parentOf(name: RepositoryName): string {
  const slash = name.lastIndexOf('/');
  return slash === -1 ? '' : name.slice(0, slash);
}

/** Every path that contains the repository, widest first: `''`, `team`, `team/charts`, `team/charts/web`. */
export function enclosingPaths(name: RepositoryName): readonly string[] {
  const segments = name.split('/');
  return ['', ...segments.map((_, index) => segments.slice(0, index + 1).join('/'))];
}
