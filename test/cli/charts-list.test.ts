// `chartroom chart list`, `versions`, `resolve` and `chartroom search`: which charts there are.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChartsRegistry, chartsRegistry, HOST, manage } from './charts-registry.ts';
import { failure, NOTHING_TO_SHOW, success } from './registry-folder.ts';

let registry: ChartsRegistry;
/** Manifest digests of team/web by version. */
const digests = new Map<string, string>();

beforeAll(async () => {
  registry = await chartsRegistry();
  for (const version of ['1.2.0', '1.2.1', '2.0.0']) {
    const answer = await registry.server.request('HEAD', `/v2/team/web/manifests/${version}`);
    digests.set(version, answer.headers.get('docker-content-digest') ?? '');
  }
  const notice = { kind: 'yanked', reason: 'wrong port', replacement: '1.2.1' };
  await manage(registry.server, 'PUT', '/charts/team/web/-/versions/1.2.0/notice', notice);
  await manage(registry.server, 'PUT', '/charts/team/shop/-/notice', { kind: 'deprecated', replacement: 'team/web' });
});

afterAll(async () => await registry?.[Symbol.asyncDispose]());

test('charts are listed by name with their newest versions, all or those of a namespace', async () => {
  expect(await registry.chartroom('chart list')).toEqual(
    success(
      'CHART           NEWEST  APP VERSION  VERSIONS  UPDATED     DESCRIPTION',
      'library/common  1.3.0   -            2         2026-11-23  Labels',
      'team/shop       0.4.1   -            1         2026-11-23  (deprecated) Everything that is sold',
      'team/web        2.0.0   3.0          3         2026-11-23  A web server with a cache',
    ),
  );
  expect(await registry.chartroom('chart list library')).toEqual(
    success(
      'CHART           NEWEST  APP VERSION  VERSIONS  UPDATED     DESCRIPTION',
      'library/common  1.3.0   -            2         2026-11-23  Labels',
    ),
  );
  expect(await registry.chartroom('chart list /')).toEqual(NOTHING_TO_SHOW);
});

test('a server shows nobody what is private, neither in lists nor in searches, and says how to log in', async () => {
  const { stdout } = await registry.remote('chart list');
  expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['CHART', 'team/shop', 'team/web', '']);
  expect(await registry.remote('search labels')).toEqual({
    ...success(),
    stderr: 'no chart has this word\n',
  });
  expect(await registry.remote('chart versions library/common')).toEqual(
    failure(
      'library/common does not exist or is private, and you are not logged in: give the secret of a robot or a personal token in CHARTROOM_TOKEN or --token-file, or log in with --login NAME',
    ),
  );
});

test('versions are listed newest first, those that are yanked only when they are asked for', async () => {
  const all = await registry.chartroom('chart versions team/web --yanked');
  expect(all.stdout.replaceAll(/ \d+ B /g, ' SIZE  ')).toBe(
    success(
      'VERSION     APP VERSION  PUBLISHED   SIGNED  SIZE   PULLS  TAGS  NOTICE',
      '2.1.0-rc.1  2.3          2026-11-23  no      SIZE   0      -     -',
      '2.0.0       3.0          2026-11-23  no      SIZE   0      -     -',
      '1.2.1       2.3          2026-11-23  yes     SIZE   0      -     -',
      '1.2.0       2.3          2026-11-23  no      SIZE   0      -     yanked: wrong port; use 1.2.1',
    ).stdout,
  );
  const { stdout } = await registry.chartroom('chart versions team/web --range ^1');
  expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['VERSION', '1.2.1', '']);
});

test('a range is resolved to the version that helm would choose, with what pins it', async () => {
  const digest = digests.get('1.2.1');
  expect(await registry.chartroom('chart resolve team/web 1.x')).toEqual(
    success(
      'version    1.2.1',
      'tag        1.2.1',
      `digest     ${digest}`,
      `reference  oci://${HOST}/team/web@${digest}`,
      'published  2026-11-23 10:00 UTC',
      'signed     yes',
    ),
  );
  const { stdout } = await registry.chartroom('chart resolve team/web >=2 --prerelease --output version');
  expect(stdout).toBe('2.1.0-rc.1\n');
});

test.each([
  ['version', '1.2.0'],
  ['tag', '1.2.0'],
  ['digest', 'sha256:…'],
  ['reference', `oci://${HOST}/team/web@sha256:…`],
])('--output %s puts nothing else on standard output, and a warning on standard error', async (part, expected) => {
  const shown = expected.replace('sha256:…', digests.get('1.2.0') ?? '');
  expect(await registry.chartroom(`chart resolve team/web 1.2.0 --output ${part}`)).toEqual({
    ...success(shown),
    stderr: 'team/web 1.2.0 is yanked: wrong port; use 1.2.1\n',
  });
});

test('the secret of a robot is enough to resolve a private chart of a server', async () => {
  const secret = (await registry.chartroom('robot add reader --scope library:pull')).stdout.trim();
  expect(await registry.remote('chart resolve library/common ^1 --output tag', secret)).toEqual(success('1.3.0'));
});

test('words are searched for, and that others were found is said apart from the list', async () => {
  const table = success('CHART     NEWEST  TEXT', 'team/web  2.0.0   A web server with a cache');
  expect(await registry.chartroom('search web cache')).toEqual(table);
  expect(await registry.chartroom('search web servre')).toEqual({
    ...table,
    stderr: 'no chart has these very words; these have words that are near to them\n',
  });
  expect(await registry.chartroom('search web nothing')).toEqual({
    ...success(),
    stderr: 'no chart has all of these words\n',
  });
  expect(await registry.chartroom('search')).toEqual(failure('usage: chartroom search WORD...'));
});

test('what scripts read is the answer of the API, also for commands with arguments that may be left out', async () => {
  const list = JSON.parse((await registry.chartroom('chart list team --json')).stdout);
  expect(list.items.map(({ chart }: { chart: string }) => chart)).toEqual(['team/shop', 'team/web']);
  const found = JSON.parse((await registry.chartroom('search cache --json')).stdout);
  expect(found).toMatchObject({ corrected: false, items: [{ chart: 'team/web' }] });
});

test('what cannot be asked for is refused with what to write instead', async () => {
  const refusals = {
    'chart resolve team/web': `usage: chartroom chart resolve CHART RANGE [--output version|tag|digest|reference] [--prerelease]`,
    'chart resolve team/web ^1 --output name': '--output is "name", but must be version, tag, digest or reference',
    'chart resolve team/web ^1 --output tag --json': '--output and --json are two forms: leave one of them out',
    'chart resolve team/web ^9': 'no version of team/web is in the range "^9": its newest is 2.0.0',
    [`chart versions oci://${HOST}/team/web`]: `"oci://${HOST}/team/web" is no name of a chart: write it as "chartroom chart list" shows it, such as team/web`,
  };
  for (const [words, message] of Object.entries(refusals)) {
    expect(await registry.chartroom(words), words).toEqual(failure(message));
  }
});
