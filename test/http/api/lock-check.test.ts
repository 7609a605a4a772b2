// A Chart.lock that CI sends before it builds: does it fit, and what became of the versions that it names?
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi, type Problem } from './support/api.ts';
import { publish, putNotice, setNamespace } from './support/charts.ts';
import { addUser } from './support/people.ts';

const registry = await startRegistry({ publicUrl: 'https://charts.example.com' });
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const LIBRARY = 'oci://charts.example.com/library';
let eve = '';

beforeAll(async () => {
  eve = await addUser(registry, 'eve');
  await setNamespace(registry, { path: 'library', visibility: 'public' });
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '2.0.0', '1.1.0+7'])
    await publish(registry, 'library/common', version);
  await publish(registry, 'library/old', '1.0.0');
  await publish(registry, 'private/hidden', '1.0.0');
  await publish(registry, 'private/hidden', '1.1.0');
  await putNotice(registry, 'library/common', '1.0.0', { kind: 'yanked', reason: 'loses data', replacement: '1.1.0' });
  await putNotice(registry, 'library/old', undefined, { kind: 'deprecated', reason: 'no longer needed' });
});

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
  /** As Chart.yaml has it. */
  readonly range?: string;
}

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** The two files as helm would write them. */
function filesOf(entries: readonly Entry[]): { readonly lock: string; readonly chart: string } {
  const locked = entries.map(({ name, version, repository }) => ({ name, version, repository }));
  const asked = entries.map(({ name, range = '*', repository }) => ({ name, version: range, repository }));
  const list = (items: readonly object[]) =>
    `dependencies:\n${items.map((item) => `- ${JSON.stringify(item)}`).join('\n')}\n`;
  // Go writes these three signs otherwise than JavaScript does.
  const json = JSON.stringify([asked, locked]).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
  const digest = sha256(json);
  return {
    lock: `${list(locked)}digest: ${digest}\ngenerated: "2026-11-23T11:00:00.123456+01:00"\n`,
    chart: `apiVersion: v2\nname: app\nversion: 0.1.0\n${list(asked)}`,
  };
}

interface Check {
  readonly ok: boolean;
  readonly inSync: boolean | null;
  readonly dependencies: readonly Readonly<Record<string, unknown>>[];
}

async function check(body: object, as?: string): Promise<Check> {
  const answer = await api.send<Check>('POST', '/lock-check', { body, as });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body;
}

test('a lock that fits and is the newest is good, to everybody', async () => {
  const files = filesOf([{ name: 'common', version: '2.0.0', repository: LIBRARY, range: '>=1' }]);
  expect(await check(files)).toEqual({
    ...{ ok: true, inSync: true, generatedAt: '2026-11-23T10:00:00.123Z' },
    dependencies: [
      {
        ...{ name: 'common', version: '2.0.0', location: LIBRARY, place: 'here', chart: 'library/common' },
        found: expect.objectContaining({
          version: '2.0.0',
          digest: expect.stringMatching(/^sha256:/),
          yanked: false,
          createdBy: null,
        }),
        ...{ range: '>=1', inRange: true, newerAllowed: null, newer: null },
      },
    ],
  });
});

test('what is newer is named, within the range and beyond it', async () => {
  const [dependency] = (await check(filesOf([{ name: 'common', version: '1.1.0', repository: LIBRARY, range: '^1' }])))
    .dependencies;
  expect(dependency).toMatchObject({ inRange: true, newerAllowed: '1.2.0', newer: '2.0.0' });
});

test('without Chart.yaml nothing is said of ranges', async () => {
  const { lock } = filesOf([{ name: 'common', version: '1.1.0', repository: LIBRARY }]);
  expect(await check({ lock })).toMatchObject({
    ...{ ok: true, inSync: null },
    dependencies: [{ range: null, inRange: null, newerAllowed: null, newer: '2.0.0' }],
  });
});

describe('is not good:', () => {
  test('a lock that was made of other dependencies', async () => {
    const { lock, chart } = filesOf([{ name: 'common', version: '1.2.0', repository: LIBRARY, range: '^1' }]);
    expect(await check({ lock, chart: chart.replace('^1', '~1') })).toMatchObject({ ok: false, inSync: false });
    expect(await check({ lock: lock.replace('1.2.0', '1.1.0'), chart })).toMatchObject({ ok: false, inSync: false });
    expect(await check({ lock, chart: 'apiVersion: v2\nname: app\nversion: 0.1.0\n' })).toMatchObject({
      ok: false,
      inSync: false,
    });
  });

  test('a version that is yanked, with the reason and what to use instead', async () => {
    expect(
      await check(filesOf([{ name: 'common', version: '1.0.0', repository: LIBRARY, range: '^1' }])),
    ).toMatchObject({
      ...{ ok: false, inSync: true },
      dependencies: [
        {
          found: { yanked: true, notice: { kind: 'yanked', reason: 'loses data', replacement: '1.1.0' } },
          newerAllowed: '1.2.0',
        },
      ],
    });
  });

  test('a version that is not there', async () => {
    expect(
      await check(filesOf([{ name: 'common', version: '1.9.0', repository: LIBRARY, range: '^1' }])),
    ).toMatchObject({
      ...{ ok: false, inSync: true },
      dependencies: [{ found: null, newerAllowed: null, newer: '2.0.0' }],
    });
  });

  test('a version that its range does not admit', async () => {
    expect(
      await check(filesOf([{ name: 'common', version: '1.2.0', repository: LIBRARY, range: '^2' }])),
    ).toMatchObject({
      ...{ ok: false, inSync: true },
      dependencies: [{ inRange: false, newerAllowed: '2.0.0' }],
    });
  });

  test('a chart that the caller may not read, which is as one that is not there', async () => {
    const files = filesOf(
      ['hidden', 'absent'].map((name) => ({
        name,
        version: '1.0.0',
        repository: 'https://charts.example.com/private',
        range: '^1',
      })),
    );
    const [seen] = (await check(files, 'admin:administrator-password')).dependencies;
    expect(seen).toMatchObject({ found: { version: '1.0.0' }, newerAllowed: '1.1.0' });
    for (const as of [undefined, eve]) {
      const { ok, dependencies } = await check(files, as);
      const [hidden, absent] = dependencies;
      expect([ok, { ...hidden, name: '', chart: '' }]).toEqual([false, { ...absent, name: '', chart: '' }]);
      expect(hidden).toMatchObject({ place: 'here', found: null, newerAllowed: null, newer: null });
    }
  });
});

test('what is deprecated is said, and is good all the same', async () => {
  expect(await check(filesOf([{ name: 'old', version: '1.0.0', repository: LIBRARY }]))).toMatchObject({
    ok: true,
    dependencies: [{ found: { deprecated: true, notice: { about: 'chart', reason: 'no longer needed' } } }],
  });
});

test('what is elsewhere is not known, and not held against the lock', async () => {
  const { ok, dependencies } = await check(
    filesOf([
      { name: 'redis', version: '1.0.0', repository: 'https://example.com/charts' },
      { name: 'beside', version: '1.0.0', repository: 'file://../beside' },
      { name: 'inside', version: '*', repository: '' },
    ]),
  );
  expect(ok).toBe(true);
  expect(dependencies.map(({ place, chart, found }) => [place, chart, found])).toEqual([
    ['elsewhere', null, null],
    ['local', null, null],
    ['local', null, null],
  ]);
});

test('a repository under the name that it has on somebody’s machine stands in the lock by its address', async () => {
  const { lock, chart } = filesOf([{ name: 'common', version: '1.2.0', repository: LIBRARY, range: '^1' }]);
  expect(await check({ lock, chart: chart.replace(LIBRARY, '@library') })).toMatchObject({ ok: true, inSync: true });
});

test('a chart that is locked twice is told twice, each with its own range', async () => {
  const files = filesOf([
    { name: 'common', version: '1.1.0+7', repository: LIBRARY, range: '~1.1' },
    { name: 'common', version: '1.2.0', repository: LIBRARY, range: '^2' },
  ]);
  const { dependencies } = await check({ lock: files.lock });
  expect(dependencies.map(({ found }) => (found as { tag: string }).tag)).toEqual(['1.1.0_7', '1.2.0']);
  const chart = files.chart.replace('"repository"', '"alias":"first","repository"');
  const both = await check({ lock: files.lock, chart });
  expect(both.dependencies.map(({ range, inRange }) => [range, inRange])).toEqual([
    ['~1.1', true],
    ['^2', false],
  ]);
});

test('charts of Helm 2 send their requirements', async () => {
  const { lock, chart } = filesOf([{ name: 'common', version: '1.2.0', repository: LIBRARY, range: '^1' }]);
  const requirements = chart.slice(chart.indexOf('dependencies:'));
  const old = 'apiVersion: v1\nname: app\nversion: 0.1.0\n';
  expect(await check({ lock, chart: old, requirements })).toMatchObject({ ok: true, inSync: true });
  expect(await check({ lock, chart: old })).toMatchObject({ ok: false, inSync: false });
});

describe('what is no lock is refused, with the reason', () => {
  const many = Array.from({ length: 101 }, (_, index) => ({ name: `c${index}`, version: '1.0.0', repository: '' }));
  const bomb = `a: &a [x]\n${Array.from({ length: 30 }, (_, index) => `b${index}: &b${index} [${`*${index === 0 ? 'a' : `b${index - 1}`}, `.repeat(9)}x]`).join('\n')}\n`;

  test.each([
    ['no body', {}, 'the body needs "lock"'],
    ['another kind', { lock: 5 }, '"lock" in the body must be a text'],
    [
      'more than it may have',
      { lock: 'x'.repeat(60_001) },
      '"lock" in the body must not have more than 60000 characters',
    ],
    ['something unknown', { lock: '', values: '' }, 'the body has what is not known here: "values"'],
    ['no YAML', { lock: 'a: {' }, /^Chart\.lock is not YAML/],
    ['a list', { lock: '[]' }, /^Chart\.lock must be a map of fields/],
    ['an anchor that is none', { lock: 'a: *b' }, /uses the alias "\*b"/],
    ['an alias bomb', { lock: bomb }, /stands for more than 100000 values/],
    ['nesting without end', { lock: '['.repeat(20_000) }, /nested|is not YAML|signs/],
    [
      'very many dependencies',
      { lock: filesOf(many).lock },
      'there are 101 dependencies, at most 100 are checked at once',
    ],
    ['no Chart.yaml', { lock: '', chart: 'dependencies: []' }, /^Chart\.yaml has no "name"/],
    ['a bad Chart.yaml', { lock: '', chart: 'name: [' }, /^Chart\.yaml is not YAML/],
  ])('%s', async (_what, body, detail) => {
    const answer = await api.send<Problem>('POST', '/lock-check', { body, as: undefined });
    expect([answer.status, answer.body]).toEqual([
      400,
      {
        ...{ type: 'urn:chartroom:problem:request-invalid', title: 'Bad Request', status: 400 },
        detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
      },
    ]);
  });

  test('texts in other scripts, and values of other kinds, do no harm', async () => {
    const lock =
      'dependencies:\n- {name: "日本", version: "ό", repository: "oci://charts.example.com/ü"}\n- {}\n- {version: 1.10}\n';
    expect((await check({ lock })).dependencies).toMatchObject([
      { name: '日本', version: 'ό', place: 'elsewhere', found: null },
      { name: '', version: '', place: 'local' },
      { name: '', version: '1.1' },
    ]);
    expect(await check({ lock: '' })).toEqual({ ok: true, inSync: null, generatedAt: null, dependencies: [] });
  });
});

test('a credential that does not count is refused', async () => {
  const answer = await api.send('POST', '/lock-check', { body: { lock: '' }, as: 'eve:wrong-password' });
  expect(answer.status).toBe(401);
});

test('a page of another site cannot have it checked', async () => {
  const answer = await api.send('POST', '/lock-check', {
    body: { lock: '' },
    headers: { origin: 'https://evil.example' },
  });
  expect(answer.status).toBe(403);
});
