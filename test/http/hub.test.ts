// What "helm search hub" and people get: charts found by words, each caller its own, and a page for each of them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pushChart } from '../support/artifacts.ts';
import { MANAGER } from '../support/manager.ts';
import { startRegistry } from '../support/start-registry.ts';
import { addUser } from './api/support/people.ts';

const SEARCH = '/api/chartsvc/v1/charts/search';
const DESCRIPTION = 'Serves pages to the whole team';

const registry = await startRegistry();
let reader = '';
afterAll(() => registry[Symbol.asyncDispose]());

beforeAll(async () => {
  await registry.accounts.namespaces.setVisibility({ path: 'open', visibility: 'public' }, MANAGER);
  reader = await addUser(registry, 'reader', { team: 'reader' });
  const files = { 'README.md': '# About\n\nIt speaks to the lighthouse.' };
  const chartYaml = `apiVersion: v2\nname: web\nversion: 1.2.0\ndescription: ${DESCRIPTION}\nappVersion: "9"\n`;
  await pushChart(registry, 'team/web', { name: 'web', version: '1.2.0', chartYaml, files });
  await pushChart(registry, 'open/lamp', { name: 'lamp', version: '2.0.0', files });
  const old = 'apiVersion: v2\nname: old\nversion: 1.0.0\ndeprecated: true\ndescription: lighthouse\n';
  await pushChart(registry, 'open/old', { name: 'old', version: '1.0.0', chartYaml: old });
});

const search = async (words: string, as?: string) => {
  const answer = await registry.request('GET', `${SEARCH}?q=${encodeURIComponent(words)}`, { as });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
  const { data } = (await answer.json()) as { readonly data: readonly { readonly id: string }[] };
  return data;
};

test('helm gets the fields that it reads', async () => {
  expect(await search('web', reader)).toEqual([
    {
      id: 'team/web',
      artifactHub: { packageUrl: `${registry.url}/charts/team/web` },
      attributes: { description: DESCRIPTION, repo: { name: 'team', url: `${registry.url}/team` } },
      relationships: { latestChartVersion: { data: { version: '1.2.0', app_version: '9' } } },
    },
  ]);
});

test('the words of a README find its chart, and a typo is forgiven', async () => {
  expect((await search('lighthouse', reader)).map(({ id }) => id).toSorted()).toEqual(['open/lamp', 'team/web']);
  expect((await search('lighthuose', reader)).map(({ id }) => id).toSorted()).toEqual(['open/lamp', 'team/web']);
});

test('nobody finds what is not public, and a deprecated chart is not offered', async () => {
  expect((await search('lighthouse', undefined)).map(({ id }) => id)).toEqual(['open/lamp']);
  expect((await search('web', undefined)).map(({ id }) => id)).toEqual([]);
});

test('without a word everything is found that the caller may read', async () => {
  expect((await search('', reader)).map(({ id }) => id)).toEqual(['open/lamp', 'team/web']);
});

test('a wrong password is refused, since an answer without private charts would mislead', async () => {
  const answer = await registry.request('GET', `${SEARCH}?q=web`, { as: 'reader:wrong' });
  expect(answer.status).toBe(401);
});

test('a push is found at once, and a deleted chart no more', async () => {
  await pushChart(registry, 'open/zebra', { name: 'zebra', version: '1.0.0' });
  expect((await search('zebra', undefined)).map(({ id }) => id)).toEqual(['open/zebra']);
  await registry.request('DELETE', '/v2/open/zebra/manifests/1.0.0');
  expect(await search('zebra', undefined)).toEqual([]);
});

test('the page that helm names says what to type, to those who may read the chart', async () => {
  const page = await registry.request('GET', '/charts/team/web', { as: reader });
  expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const text = await page.text();
  expect(text).toContain(`team/web 1.2.0\n${DESCRIPTION}\n`);
  expect(text).toContain(`helm repo add team ${registry.url}/team`);
  expect((await registry.request('GET', '/charts/team/web', { as: undefined })).status).toBe(401);
  expect((await registry.request('GET', '/charts/team/none', { as: reader })).status).toBe(404);
});

test('the search of the API tells where the words were found, and gives pages', async () => {
  const first = await registry.request('GET', '/api/v1/search?q=lighthouse&limit=1', { as: reader });
  const { items, corrected, next } = (await first.json()) as {
    readonly items: readonly { readonly chart: string; readonly snippet: string | null }[];
    readonly corrected: boolean;
    readonly next: string;
  };
  const second = await registry.request('GET', next, { as: reader });
  const rest = (await second.json()) as { readonly items: readonly { readonly chart: string }[] };
  expect(
    [...items, ...rest.items]
      .map(({ chart }) => chart)
      .toSorted()
      .slice(0, 2),
  ).toEqual(['open/lamp', 'open/old']);
  expect([items.length, corrected]).toEqual([1, false]);
  expect(items[0]?.snippet).toContain('lighthouse');
  const misspelt = await registry.request('GET', '/api/v1/search?q=lighthuose', { as: reader });
  expect(await misspelt.json()).toMatchObject({ corrected: true });
  for (const query of ['', '?q=', `?q=${'x'.repeat(300)}`, '?q=web&cursor=nonsense']) {
    expect((await registry.request('GET', `/api/v1/search${query}`, { as: reader })).status, query).toBe(400);
  }
});
