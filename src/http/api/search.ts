// The search over charts by their texts.

import { MAXIMUM_SEARCH_TEXT } from '../../catalog/search-query.ts';
import { Type } from '../../json-schemas.ts';
import { readableBy } from '../reader.ts';
import { requestPath } from '../request-path.ts';
import type { Routes } from '../server.ts';
import { Chart, shownSummary } from './charts.ts';
import type { Management } from './management.ts';
import { listQuery } from './paging.ts';
import { strict } from './schemas.ts';

const USUAL = 20;

const FoundChart = strict(
  {
    ...Chart.properties,
    snippet: Type.Union([Type.String(), Type.Null()], {
      description: 'Of the text in which it was found; null when that is its name.',
    }),
  },
  { title: 'FoundChart', description: 'A chart, as its newest version has it.' },
);

const SEARCH = {
  operationId: 'searchCharts',
  tags: ['charts'],
  summary: 'Search the charts that the caller may read, the best first',
  description:
    'By name, namespace, description, keywords, maintainers, versions and README. All words must be found, also as beginnings; "two words" in quotation marks must follow one another. Where nothing has the words as they are typed, words that are near to them are tried.',
  querystring: listQuery({
    q: Type.String({ minLength: 1, maxLength: MAXIMUM_SEARCH_TEXT, description: 'What to search for.' }),
  }),
  response: {
    200: strict(
      {
        items: Type.Array(FoundChart),
        corrected: Type.Boolean({ description: 'Whether these have other words, near to those that were typed.' }),
        next: Type.Optional(Type.String({ description: 'The address of the next page; absent on the last one.' })),
      },
      { description: 'A page of what was found.' },
    ),
  },
};

export function searchRoute(app: Routes, { catalog, search }: Management): void {
  app.get('/search', { config: { access: 'reader' }, schema: SEARCH }, async (request) => {
    const mayRead = readableBy(request);
    const { q, cursor, limit = USUAL } = request.query;
    const { charts, isCorrected, next } = await search.find(q, { cursor, limit }, mayRead);
    const items = [];
    for (const { repository, snippet = null } of charts) {
      const summary = await catalog.summarize(repository);
      if (summary) items.push({ ...shownSummary(summary), snippet });
    }
    const query = new URLSearchParams({ q, limit: String(limit), cursor: next ?? '' });
    const address = next === undefined ? {} : { next: `${requestPath(request.originalUrl)}?${query}` };
    return { items, corrected: isCorrected, ...address };
  });
}
