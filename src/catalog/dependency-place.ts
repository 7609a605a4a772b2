// Where the "repository" of a dependency leads: to a chart of this registry, or somewhere else.
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';

export type DependencyPlace =
  /** A chart of this registry, if there is one of that name. */
  | { readonly kind: 'here'; readonly repository: RepositoryName }
  /** Another registry or chart repository. */
  | { readonly kind: 'elsewhere' }
  /** The name that a repository has on somebody's machine (`@team`, `alias:team`): only there is known where it leads. */
  | { readonly kind: 'alias' }
  /** A folder beside the chart, or in its charts/. */
  | { readonly kind: 'local' };

const ALL = '-/all';

/**
 * @param location as Chart.yaml or Chart.lock has it: `oci://host/team`, `https://host/team`, `@team`, `file://../common`
 * @param hosts by which this registry is known, with the port where it is not the scheme's own; lower case
 */
export function placeOf(
  { name, location }: { readonly name: string; readonly location: string },
  hosts: readonly string[],
): DependencyPlace {
  if (location.startsWith('@') || location.startsWith('alias:')) return { kind: 'alias' };
  if (location === '' || location.startsWith('file:')) return { kind: 'local' };
  const [, scheme = '', rest = ''] = /^(oci|https?):\/\/(.*)$/i.exec(location) ?? [];
  // As for HTTP, of which the default ports are known.
  const url = URL.parse(`${scheme.toLowerCase() === 'http' ? 'http' : 'https'}://${rest}`);
  if (!url || !hosts.includes(url.host)) return { kind: 'elsewhere' };
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  const isOfAll = path === ALL && scheme.toLowerCase() !== 'oci';
  const repository = readName(path === '' || isOfAll ? name : `${path}/${name}`);
  return repository === undefined ? { kind: 'elsewhere' } : { kind: 'here', repository };
}

function readName(text: string): RepositoryName | undefined {
  try {
    return parseRepositoryName(text);
  } catch {
    return undefined;
  }
}
