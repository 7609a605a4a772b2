// Puts what requests cost, by how much there is, into a table and a picture.
import { rounded, table } from './report.ts';

export interface MeasuredCost {
  readonly request: string;
  readonly counted: 'versions' | 'repositories';
  readonly count: number;
  readonly milliseconds: number;
}

/** Markdown */
export function costTable(measured: readonly MeasuredCost[]): string {
  const columns = columnsOf(measured);
  const byRequest = Map.groupBy(measured, ({ request }) => request);
  const rows = [...byRequest].map(([request, costs]) => [
    request,
    ...columns.map((column) => rounded(costs.find((cost) => nameOf(cost) === column)?.milliseconds ?? Number.NaN)),
  ]);
  return table(['ms, median', ...columns], rows);
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM, LABELS] = [900, 520, 70, 40, 50, 230];

/** SVG: a curve for each request, over the numbers of versions; both axes are logarithmic. */
export function costPicture(measured: readonly MeasuredCost[]): string {
  const shown = measured.filter(({ counted }) => counted === 'versions');
  const most = Math.max(...shown.map(({ count }) => count));
  const times = shown.map(({ milliseconds }) => milliseconds);
  const [least, longest] = [Math.min(...times) / 1.3, Math.max(...times) * 1.3];
  const x = (count: number): number => LEFT + ((WIDTH - LEFT - LABELS) * Math.log(count)) / Math.log(most);
  const y = (time: number): number =>
    HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * Math.log(time / least)) / Math.log(longest / least);
  const ticks = [...new Set(shown.map(({ count }) => count))].map(
    (count) =>
      `  <text x="${x(count).toFixed(1)}" y="${HEIGHT - 25}" text-anchor="middle">${count.toLocaleString('en')}</text>`,
  );
  const byRequest = [...Map.groupBy(shown, ({ request }) => request)];
  const ends = byRequest.toSorted(([, one], [, other]) => y(lastOf(one)) - y(lastOf(other)));
  let above = 0;
  const curves = ends.map(([request, costs], index) => {
    const points = costs.map(({ count, milliseconds }) => `${x(count).toFixed(1)},${y(milliseconds).toFixed(1)}`);
    above = Math.max(y(lastOf(costs)) + 4, above + 16);
    const color = `hsl(${Math.round((index * 360) / ends.length)} 60% 45%)`;
    return `  <polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>
  <text x="${WIDTH - LABELS + 12}" y="${above.toFixed(1)}" fill="${color}">${request}: ${rounded(lastOf(costs))} ms</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">
  <title>The median time to an answer, by the number of versions of the chart</title>
  <style>svg { background: #fff; color: #222 } @media (prefers-color-scheme: dark) { svg { background: #15181c; color: #ddd } }</style>
  <text x="${LEFT}" y="22" fill="currentColor" font-weight="bold">median time to an answer, by versions of the chart (logarithmic)</text>
  <g fill="currentColor">
${ticks.join('\n')}
  </g>
${curves.join('\n')}
</svg>
`;
}

function lastOf(costs: readonly MeasuredCost[]): number {
  return costs.at(-1)?.milliseconds ?? Number.NaN;
}

function columnsOf(measured: readonly MeasuredCost[]): readonly string[] {
  return [...new Set(measured.map(nameOf))];
}

function nameOf({ count, counted }: MeasuredCost): string {
  return `${count.toLocaleString('en')} ${count === 1 ? counted.replace(/ies$|s$/, (end) => (end === 'ies' ? 'y' : '')) : counted}`;
}
