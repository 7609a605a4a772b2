// How often a chart was pulled.
import { Type } from '../../json-schemas.ts';
import { DAY } from '../../ports/clock.ts';
import type { Routes } from '../server.ts';
import { readableChart } from './chart-request.ts';
import { ChartName, ChartPath } from './chart-schemas.ts';
import type { Management } from './management.ts';
import { shownTime, strict, text } from './schemas.ts';

const USUAL_DAYS = 30;
const MAXIMUM_DAYS = 366;

const Pulls = strict(
  {
    chart: ChartName,
    total: Type.Integer({ description: 'On these days together.' }),
    days: Type.Array(
      strict({ day: Type.String({ description: 'Such as 2026-11-23, in UTC.' }), pulls: Type.Integer() }),
      {
        description: 'The oldest first, today last.',
      },
    ),
    versions: Type.Array(strict({ version: Type.String(), pulls: Type.Integer() }), {
      description: 'Those that were pulled most on these days; at most 100.',
    }),
  },
  { title: 'Pulls', description: 'How often the archives of a chart were fetched; some seconds late.' },
);
const GET = {
  ...{ operationId: 'getPulls', tags: ['charts'], summary: 'Say how often a chart was pulled, by day and by version' },
  params: ChartPath,
  querystring: strict({
    days: Type.Optional(
      Type.Integer({
        ...{ minimum: 1, maximum: MAXIMUM_DAYS, default: USUAL_DAYS },
        description: 'Of how many days, today included.',
      }),
    ),
    version: Type.Optional(text(256, 'Only of this version.')),
  }),
  response: { 200: Pulls },
};

export function chartPullRoute(app: Routes, { catalog }: Management): void {
  app.get(
    '/charts/:chart/-/pulls',
    { config: { access: 'reader', refuses: [404] }, schema: GET },
    async (request, reply) => {
      const repository = readableChart(request, reply);
      const { days = USUAL_DAYS, version } = request.query;
      const pulls = await catalog.readPulls(repository, { days, version });
      return {
        chart: repository,
        total: pulls.total,
        days: pulls.days.map(({ day, pulls: count }) => ({ day: shownTime(day * DAY).slice(0, 10), pulls: count })),
        versions: pulls.versions.map(({ version: pulled, pulls: count }) => ({ version: pulled, pulls: count })),
      };
    },
  );
}
