// Paths of the chart API. The slashes in the name of a chart and in the path of a file stay, since proxies may refuse them encoded.
import { UsageError } from './command.ts';
import { pathOf } from './path-of.ts';

/** @throws UsageError when it cannot be the name of one */
export function chartPath(chart: string): string {
  const segments = chart.replace(/^\/+|\/+$/g, '').split('/');
  // "-" ends the name in a path of the API.
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..' || segment === '-')) {
    throw new UsageError(
      `"${chart}" is no name of a chart: write it as "chartroom chart list" shows it, such as team/web`,
    );
  }
  return `/charts/${segments.map(encodeURIComponent).join('/')}`;
}

/** @param version as in Chart.yaml, or its tag */
export function versionPath(chart: string, version: string): string {
  return `${chartPath(chart)}/-${pathOf`/versions/${version}`}`;
}

/** @throws UsageError when the path cannot be one of a file in a chart */
export function filePath(chart: string, version: string, path: string): string {
  const segments = path.split('/');
  if (segments.includes('.') || segments.includes('..')) {
    throw new UsageError(`"${path}" is no path of a file in a chart: write it as "chartroom chart files" shows it`);
  }
  return `${versionPath(chart, version)}/files/${segments.map(encodeURIComponent).join('/')}`;
}
