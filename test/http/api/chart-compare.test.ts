// What lies between two versions, before somebody upgrades. How charts are compared, test/charts/compare says.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { publish } from './support/charts.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const LOGO = Buffer.from([1, 0, 2, 0xff]) as unknown as string;
const WEB = '/charts/team/web/-/compare';

interface Comparison {
  readonly breaking: readonly { readonly kind: string; readonly path: string }[];
  readonly files: readonly Readonly<Record<string, unknown>>[];
  readonly [part: string]: unknown;
}

beforeAll(async () => {
  await publish(registry, 'team/web', '1.0.0', {
    metadata: { dependencies: [{ name: 'redis', version: '^1', repository: 'https://charts.example.com' }] },
    files: {
      'values.yaml': '# how many\nreplicas: 1\nport: 80\nold: true\n',
      'templates/web.yaml': 'image: nginx:1.26\nkind: Pod\n',
      'values.schema.json': '{"type":"object"}',
      'files/logo': LOGO,
      'files/same': LOGO,
    },
  });
  await publish(registry, 'team/web', '2.0.0+7', {
    files: {
      'values.yaml': '# how many there are\nreplicas: 2\nport: "80"\nnew: 1\n',
      'templates/web.yaml': 'image: nginx:1.27\nkind: Pod\n',
      'templates/more.yaml': 'kind: Service\n',
      'values.schema.json': '{"type":"object","required":["new"]}',
      'files/logo': Buffer.from([1, 0, 3, 0xff]) as unknown as string,
      'files/same': LOGO,
    },
  });
});

test('every part is compared, and what may break is named', async () => {
  const { body } = await api.send<Comparison>('GET', `${WEB}?from=1.0.0&to=2.0.0_7`);
  expect(body).toMatchObject({
    ...{ from: { name: 'web', version: '1.0.0' }, to: { name: 'web', version: '2.0.0+7' }, equal: false, cut: [] },
    metadata: { dependencies: { removed: [{ name: 'redis', version: '^1' }] } },
    values: {
      compared: true,
      added: [{ path: 'new', value: { type: 'number', value: 1 } }],
      removed: [{ path: 'old' }],
      changed: [{ path: 'replicas', fromComment: 'how many', toComment: 'how many there are' }],
      retyped: [{ path: 'port', from: { type: 'number', value: 80 }, to: { type: 'string', value: '80' } }],
    },
    schema: { compared: true, change: 'changed', changes: [{ path: 'new', keyword: 'required' }] },
    images: {
      added: [],
      removed: [],
      changed: [{ repository: expect.stringMatching(/nginx$/), from: 'nginx:1.26', to: 'nginx:1.27' }],
    },
  });
  const kinds = new Set(body.breaking.map(({ kind }) => kind));
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      'value-removed',
      'value-retyped',
      'default-changed',
      'dependency-removed',
      'new-major-version',
    ]),
  );
  expect(body.files.map(({ change, path }) => `${change} ${path}`)).toEqual([
    ...['added templates/more.yaml', 'changed templates/web.yaml', 'changed values.yaml', 'changed values.schema.json'],
    ...['changed Chart.yaml', 'changed files/logo'],
  ]);
  expect(body.files[1]).toMatchObject({
    diff: { shown: true, text: '@@ -1,2 +1,2 @@\n-image: nginx:1.26\n+image: nginx:1.27\n kind: Pod', addedLines: 1 },
  });
  expect(body.files.at(-1)).toMatchObject({ diff: { shown: false } });
});

test('the other way round is another comparison, and a version equals itself', async () => {
  const { body } = await api.send<Comparison>('GET', `${WEB}?from=2.0.0%2B7&to=1.0.0`);
  expect(body).toMatchObject({ values: { added: [{ path: 'old' }], removed: [{ path: 'new' }] } });
  const same = await api.send<Comparison>('GET', `${WEB}?from=1.0.0&to=1.0.0`);
  expect(same.body).toMatchObject({ equal: true, breaking: [], files: [] });
});

test.each([
  ['', 400, 'the query needs "from", "to"'],
  ['?from=1.0.0', 400, 'the query needs "to"'],
  ['?from=1.0.0&to=1.0.0&from=2', 400, '"from" in the query must be a text'],
  ['?from=1.0.0&to=', 400, '"to" in the query must not have fewer than 1 characters'],
  ['?from=1.0.0&to=9.0.0', 404, 'team/web has no version "9.0.0"'],
  ['?from=^1&to=1.0.0', 404, 'team/web has no version "^1"'],
])('what cannot be compared is refused: %s', async (query, status, detail) => {
  expect(await api.refusal(status, 'GET', `${WEB}${query}`)).toBe(detail);
});

test('many comparisons at once are all answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      api.send('GET', `${WEB}?from=${index % 2 ? '1.0.0&to=2.0.0_7' : '2.0.0_7&to=1.0.0'}`),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(2);
});
