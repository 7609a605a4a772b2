// `chartroom search`: charts by their texts.
import { readFoundChart } from './chart-answers.ts';
import { lineWidth } from './line-width.ts';
import { notUnderstood, withQuery } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { table } from './table.ts';

/** What stands behind that is hardly what was meant. */
const MOST = 50;

export const search = managementCommand({
  name: 'search',
  words: ['WORD...'],
  summary: `find charts by name, description, keywords, maintainers, versions and README: the best ${MOST} first`,
  hasAnswer: true,
  run: searchCharts,
});

async function searchCharts({ management, words }: Call): Promise<Outcome> {
  const answer = await management.request('GET', withQuery('/search', { q: words.join(' '), limit: String(MOST) }));
  const { items, corrected } = answer as { readonly items?: unknown; readonly corrected?: unknown };
  if (!Array.isArray(items)) throw notUnderstood();
  const rows = items
    .map(readFoundChart)
    .map(({ chart, version, deprecated, description, snippet }) => [
      chart,
      version,
      `${deprecated ? '(deprecated) ' : ''}${snippet ?? description ?? ''}`,
    ]);
  if (rows.length === 0)
    return { answer, notes: [`no chart has ${words.length === 1 ? 'this word' : 'all of these words'}`], lines: [] };
  const notes = corrected === true ? ['no chart has these very words; these have words that are near to them'] : [];
  return { answer, notes, lines: table(['CHART', 'NEWEST', 'TEXT'], rows, lineWidth()) };
}
