// Lists of charts, and of the namespaces that hold them: of what somebody may read, and no word of anything else.
import { parentOf, type RepositoryName } from '../oci/repository-name.ts';
import type { ChartDirectory } from './chart-directory.ts';
import type { ChartSummaries, ChartSummary } from './chart-summaries.ts';

export type MayRead = (repository: RepositoryName) => boolean;

export interface ChartNamespace {
  /** Empty for the root. */
  readonly path: string;
  /** How many charts lie in it, without the namespaces below it. */
  readonly charts: number;
}

/** In byte order, behind `after`; those of one namespace, or with undefined of all. */
export async function listCharts(
  { directory, summaries }: { readonly directory: ChartDirectory; readonly summaries: ChartSummaries },
  page: { readonly namespace: string | undefined; readonly after: string; readonly limit: number },
  mayRead: MayRead,
): Promise<readonly ChartSummary[]> {
  const names = await directory.names();
  const { namespace, limit } = page;
  const prefix = namespace === undefined || namespace === '' ? '' : `${namespace}/`;
  const found: ChartSummary[] = [];
  for (let index = firstBehind(names, page.after, prefix); index < names.length; index += 1) {
    const name = names[index];
    if (name === undefined || !name.startsWith(prefix) || found.length >= limit) break;
    if ((namespace !== undefined && parentOf(name) !== namespace) || !mayRead(name)) continue;
    const summary = await summaries.of(name);
    if (summary) found.push(summary);
  }
  return found;
}

/** Those with at least one chart, in byte order, behind `after`; undefined is before all of them. */
export async function listChartNamespaces(
  directory: ChartDirectory,
  page: { readonly after: string | undefined; readonly limit: number },
  mayRead: MayRead,
): Promise<readonly ChartNamespace[]> {
  const { after, limit } = page;
  const counts = new Map<string, number>();
  for (const name of await directory.names()) {
    const path = parentOf(name);
    if ((after === undefined || path > after) && mayRead(name)) counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  return [...counts]
    .map(([path, charts]) => ({ path, charts }))
    .sort((one, other) => (one.path < other.path ? -1 : 1))
    .slice(0, limit);
}

/** The place of the first name that is behind `after` and not before `prefix`. */
function firstBehind(names: readonly string[], after: string, prefix: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const name = names[middle] ?? '';
    if (name > after && name >= prefix) high = middle;
    else low = middle + 1;
  }
  return low;
}
