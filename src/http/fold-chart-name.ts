// Folds the slashes of a chart's name, and of the path of a file in it, so that each is one path segment of the chart API.

const CHARTS = '/api/v1/charts/';
/** Of a chart, for people: `/charts/team/web`. */
const PAGE = /^\/charts\/([^?]+)/;
/** Ends the chart's name, in which no segment can be "-". */
const END_OF_NAME = '/-/';
const FILE = /^(versions\/[^/]+\/files\/)(.+)$/;

/**
 * `/api/v1/charts/team/web/-/versions/1.2.0/files/templates/a.yaml` becomes
 * `/api/v1/charts/team%2Fweb/-/versions/1.2.0/files/templates%2Fa.yaml`; all else stays as it is. A client can send `%2F` by
 * itself, so what the name may be is decided by `parseRepositoryName` alone.
 */
export function foldChartName(url: string): string {
  if (!url.startsWith(CHARTS)) return url.replace(PAGE, (_, name: string) => `/charts/${folded(name)}`);
  const queryStart = url.indexOf('?');
  const path = url.slice(CHARTS.length, queryStart === -1 ? undefined : queryStart);
  const query = queryStart === -1 ? '' : url.slice(queryStart);
  // What is no chart's begins with a segment that no name has.
  if (path.startsWith('-/')) return url;
  const end = path.indexOf(END_OF_NAME);
  if (end === -1) return `${CHARTS}${folded(path)}${query}`;
  const rest = path.slice(end + END_OF_NAME.length);
  const [, before = rest, file = ''] = FILE.exec(rest) ?? [];
  return `${CHARTS}${folded(path.slice(0, end))}${END_OF_NAME}${before}${folded(file)}${query}`;
}

function folded(path: string): string {
  return path.replaceAll('/', '%2F');
}
