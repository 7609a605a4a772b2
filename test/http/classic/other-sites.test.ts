// Pages of other sites publish and delete nothing, though a browser may remember the password for a classic repository.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { archiveOf, indexOf, refusalOf, upload, uploadForm } from './support/uploads.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  await upload(registry, 'team', { name: 'web', version: '1.0.0' });
});
afterAll(() => registry[Symbol.asyncDispose]());

test.each([
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { origin: 'https://evil.example' },
  { origin: 'null' },
])('%o', async (headers) => {
  const evil = await archiveOf({ name: 'evil', version: '1.0.0' });
  const answers = [
    await registry.request('POST', '/api/team/charts', {
      body: evil,
      headers: { ...headers, 'content-type': 'text/plain' },
    }),
    await uploadForm(registry, '/api/team/charts', { chart: evil }, { headers }),
    await uploadForm(registry, '/api/team/prov', { prov: evil }, { headers }),
    await registry.request('DELETE', '/api/team/charts/web/1.0.0', { headers }),
  ];
  for (const answer of answers) {
    expect(await refusalOf(answer)).toEqual([
      403,
      expect.stringContaining('a page of another site may change nothing'),
    ]);
  }
  expect(Object.keys(await indexOf(registry, '/team/index.yaml', { headers }))).toEqual(['web']);
});

test('a page of this server, and whatever is no page, may', async () => {
  for (const [index, headers] of [{ origin: registry.url }, { 'sec-fetch-site': 'none' }, {}].entries()) {
    const chart = await archiveOf({ name: 'own', version: `1.${index}.0` });
    expect((await uploadForm(registry, '/api/team/charts', { chart }, { headers })).status).toBe(201);
  }
});
