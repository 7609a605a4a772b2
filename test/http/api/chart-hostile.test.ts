// Charts that mean harm are stored, and shown harmlessly: nothing that is in one makes the server fail, or answer without end.
import { afterAll, describe, expect, test } from 'vitest';
import { type ChartToPush, pushChart } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const MEBIBYTE = 1024 * 1024;
/** characters that a text is shown with */
const SHOWN = 256 * 1024;
const BOMB = `a0: &a0 [x]\n${Array.from({ length: 40 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(9)}x]`).join('\n')}\n`;
const RECURSING = JSON.stringify({
  $ref: '#/$defs/node',
  $defs: {
    node: { type: 'object', properties: { next: { $ref: '#/$defs/node' }, all: { $ref: '#' } }, required: ['next'] },
  },
});
const DEEP = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;

interface Contents {
  readonly readme: {
    readonly text: string;
    readonly size: number;
    readonly cut: boolean;
    readonly address: string;
  } | null;
  readonly values: { readonly text: string } | null;
  readonly schema: { readonly text: string } | null;
  readonly files: readonly { readonly path: string }[];
  readonly fileCount: number;
  readonly templateCount: number;
  readonly images: readonly { readonly image: string }[];
  readonly cut: readonly string[];
}

async function store(chart: Omit<ChartToPush, 'name'> & { readonly name?: string }): Promise<Contents> {
  const { name = 'web', version } = chart;
  const answer = await pushChart(registry, `team/${name}`, { name, ...chart });
  if (answer.status !== 201) throw new Error(await answer.text());
  const { status, body, text } = await api.send<{ readonly contents: Contents }>(
    'GET',
    `/charts/team/${name}/-/versions/${version}`,
  );
  if (status !== 200) throw new Error(text.slice(0, 1000));
  return body.contents;
}

/** Every address of the version answers, and with the versions before it it can be compared. */
async function everythingAnswers(version: string, name = 'web'): Promise<void> {
  const paths = [
    '',
    `/-/versions`,
    `/-/versions/${version}`,
    `/-/versions/${version}/files`,
    '/-/dependents',
    '/-/pulls',
  ];
  const both = [`/-/compare?from=${version}&to=1.0.0`, `/-/compare?from=1.0.0&to=${version}`];
  for (const path of [...paths, ...both, `/-/versions/${version}/dependencies`, `/-/resolve?range=${version}`]) {
    const { status, text } = await api.send('GET', `/charts/team/${name}${path}`);
    expect([path, status, text.length < 8 * MEBIBYTE]).toEqual([path, 200, true]);
  }
}

test('one that means none comes first, to compare the others with', async () => {
  const { readme } = await store({ version: '1.0.0', files: { 'README.md': 'hello' } });
  expect(readme).toMatchObject({ text: 'hello', cut: false });
});

test('a README of 5 MiB is shown by its beginning, and can be fetched whole', async () => {
  const readme = '𝕏'.repeat((5 * MEBIBYTE) / 4);
  const contents = await store({ version: '1.1.0', files: { 'README.md': readme } });
  expect(contents.readme).toMatchObject({ size: 5 * MEBIBYTE, cut: true });
  expect(contents.readme?.text).toBe(readme.slice(0, SHOWN));
  const whole = await registry.request('GET', contents.readme?.address ?? '');
  expect((await whole.arrayBuffer()).byteLength).toBe(5 * MEBIBYTE);
  await everythingAnswers('1.1.0');
});

test('a text is not cut in the middle of a character', async () => {
  const contents = await store({ version: '1.1.1', files: { 'README.md': `a${'𝕏'.repeat(200_000)}` } });
  expect(contents.readme?.text.isWellFormed()).toBe(true);
  expect(contents.readme?.text).toHaveLength(SHOWN);
});

describe.each([
  ['an alias bomb', 'values.yaml', BOMB],
  ['values nested without end', 'values.yaml', DEEP],
  ['values that are no YAML', 'values.yaml', '{{ .Values }}: [\n\t- *x'],
  ['values that are a list', 'values.yaml', '- 1\n- 2\n'],
  ['keys that objects have already', 'values.yaml', '__proto__: {polluted: true}\nconstructor: 1\ntoString: 2\n'],
  ['a schema that recurses', 'values.schema.json', RECURSING],
  ['a schema nested without end', 'values.schema.json', DEEP],
  ['a schema that is none', 'values.schema.json', '[1, 2'],
  ['an alias bomb as a CRD', 'crds/a.yaml', `kind: CustomResourceDefinition\n${BOMB}`],
  ['an alias bomb as a lock', 'Chart.lock', BOMB],
  ['a lock that is none', 'Chart.lock', '['],
  ['a template of one long line', 'templates/a.yaml', `image: ${'a/'.repeat(500_000)}b:1\n`],
  ['a template of braces', 'templates/a.yaml', '{{'.repeat(500_000)],
])('%s', (_what, path, content) => {
  const version = `2.${hashOf(path + content)}.0`;

  test('is stored, shown and compared', async () => {
    const contents = await store({ version, files: { [path]: content } });
    expect(contents.files.map((file) => file.path)).toContain(path);
    await everythingAnswers(version);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

test('5,000 templates are counted, and listed in pages', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, index) => [
      `templates/${'deep/'.repeat(5)}${index}.yaml`,
      `image: app:${index}\n`,
    ]),
  );
  const contents = await store({ version: '3.0.0', files });
  expect(contents).toMatchObject({ templateCount: 5_000, fileCount: 5_002 });
  expect(contents.cut).toContain('files');
  expect(contents.files.length).toBeLessThan(5_000);
  expect(await api.all('/charts/team/web/-/versions/3.0.0/files?limit=1000')).toHaveLength(5_002);
  await everythingAnswers('3.0.0');
});

test('names in other scripts, and with signs that mean something elsewhere, are names', async () => {
  const paths = [
    'ファイル/データ.txt',
    'قالب.yaml',
    'a\u202eb.txt',
    'new\nline.txt',
    '<b>.txt',
    "it's.txt",
    '%2e%2e.txt',
    'x\u0007.txt',
  ];
  const contents = await store({ version: '3.1.0', files: Object.fromEntries(paths.map((path) => [path, 'hello'])) });
  for (const path of paths) expect(contents.files.map((file) => file.path)).toContain(path);
  const listed = await api.all('/charts/team/web/-/versions/3.1.0/files?limit=1');
  expect(listed.map(({ path }) => path)).toEqual(expect.arrayContaining(paths));
  for (const path of paths) {
    const address = `/charts/team/web/-/versions/3.1.0/files/${path.split('/').map(encodeURIComponent).join('/')}`;
    expect([path, (await api.send('GET', address)).text]).toEqual([path, 'hello']);
  }
});

test('a Chart.yaml of very long texts fills neither lists nor memory', async () => {
  const long = 'x'.repeat(200_000);
  const chartYaml = `apiVersion: v2\nname: long\nversion: 1.0.0\ndescription: ${long}\nicon: https://example.com/${long}\nappVersion: ${long}\nkeywords: [${long}]\nannotations: {a: ${long}}\n`;
  await store({ name: 'long', version: '1.0.0', chartYaml });
  const [summary] = (await api.all('/charts?namespace=team')).filter(({ chart }) => chart === 'team/long');
  expect(JSON.stringify(summary).length).toBeLessThan(3_000);
  expect(summary).toMatchObject({ icon: null, description: `${'x'.repeat(1_000)}…` });
  await everythingAnswers('1.0.0', 'long');
});

test('very many dependencies come in pages, and have their ranges looked up once', async () => {
  const dependencies = Array.from(
    { length: 500 },
    (_, index) =>
      `- {name: web, version: ">${index}", repository: "oci://${registry.url.slice(7)}/team", alias: a${index}}`,
  );
  const chartYaml = `apiVersion: v2\nname: many\nversion: 1.0.0\ndependencies:\n${dependencies.join('\n')}\n`;
  await store({ name: 'many', version: '1.0.0', chartYaml, files: { 'Chart.lock': BOMB } });
  const listed = await api.all('/charts/team/many/-/versions/1.0.0/dependencies');
  expect([listed.length, listed[0]?.newestAllowed, listed.at(-1)?.newestAllowed]).toEqual([500, '3.1.0', null]);
  expect((await api.send('GET', '/charts/team/web/-/dependents')).body).toMatchObject({
    items: [{ chart: 'team/many', ranges: expect.any(Array) }],
  });
  await everythingAnswers('1.0.0', 'many');
});

test('a provenance file that signs very much is shown by its beginning', async () => {
  const contents = await pushChart(registry, 'team/signed', {
    name: 'signed',
    version: '1.0.0',
    provenance: 'x'.repeat(500_000),
  });
  expect(contents.status).toBe(201);
  const { status, body } = await api.send('GET', '/charts/team/signed/-/versions/1.0.0');
  expect([status, body.signed]).toEqual([200, true]);
});

/** A number for a text, so that each chart has a version of its own. */
function hashOf(text: string): number {
  let hash = 7;
  for (let index = 0; index < text.length; index += 97) hash = (hash * 31 + text.charCodeAt(index)) % 1_000_003;
  return hash + text.length;
}
