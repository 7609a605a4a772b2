// `chartroom chart show`, `images` and `files`: what is in a version.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { UsageError } from '../../src/cli/command.ts';
import { shownContent } from '../../src/cli/print.ts';
import { type ChartsRegistry, chartsRegistry, HOST, manage } from './charts-registry.ts';
import { failure, success } from './registry-folder.ts';

/** What moves the cursor, turns text around or looks like a line of Chartroom. */
const HOSTILE = 'a\u001b[2Jb\u009bc\u202ed\r\u0007\u2028\nchartroom: all is well';
const BINARY = Buffer.from([0, 27, 91, 50, 74, 255]);

let registry: ChartsRegistry;

beforeAll(async () => {
  registry = await chartsRegistry();
  for (const version of ['1.0.0', '2.0.0']) await registry.push('team/hostile', hostileChart(version));
});

afterAll(async () => await registry?.[Symbol.asyncDispose]());

test('the newest version is shown with what it uses, depends on and lacks, and with commands to type', async () => {
  const { stdout, stderr, code } = await registry.chartroom('chart show team/web');
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout.replace(/sha256:\w{64}/, 'DIGEST').replace(/\d+ B,/, 'SIZE,')).toBe(
    success(
      'team/web 2.0.0 (the newest of 4 versions)',
      'A web server with a cache',
      '',
      'app version  3.0',
      'published    2026-11-23 10:00 UTC by admin',
      'digest       DIGEST',
      'signed       no',
      'size         SIZE, 5 files',
      'pulls        0',
      'home         https://web.example.com',
      'keywords     http, cache',
      'maintainers  Ann <ann@example.com>',
      'CRDs         Route.web.example.com v1',
      '',
      'Images:',
      '  docker.io/prom/statsd-exporter:v0.28.0  (inferred, only with metrics.enabled)',
      '  ghcr.io/acme/web:3.0',
      '',
      'Dependencies:',
      '  NAME    RANGE   BUNDLED  NEWEST ALLOWED  NEWEST  FROM',
      `  common  ^1.2.0  -        1.3.0           1.3.0   oci://${HOST}/library`,
      '',
      'Problems:',
      '  - charts/ has no chart "common" for the dependency on ^1.2.0: helm install refuses the chart; run',
      '    helm dependency update before helm package',
      '',
      'Commands:',
      `  helm install my-web oci://${HOST}/team/web --version 2.0.0`,
      `  helm pull oci://${HOST}/team/web --version 2.0.0`,
      `  helm repo add team https://${HOST}/team`,
      '  helm install my-web team/web --version 2.0.0',
    ).stdout,
  );
});

test('a version that is asked for says which one is newer, who should not use it, and whether it is signed', async () => {
  const notice = { kind: 'deprecated', reason: 'no fixes any more', replacement: '2.0.0' };
  await manage(registry.server, 'PUT', '/charts/team/web/-/versions/1.2.1/notice', notice);
  const { stdout } = await registry.chartroom('chart show team/web 1.2.1');
  expect(stdout).toMatch(
    /^team\/web 1\.2\.1 \(the newest of 4 versions is 2\.0\.0\)\n! deprecated: no fixes any more; use 2\.0\.0\n/,
  );
  expect(stdout).toMatch(/^signed {7}yes.*; "helm pull --verify" checks it$/m);
});

test('a library is not to be installed, and nobody is told what is private of a dependency', async () => {
  const { stdout } = await registry.chartroom('chart show library/common');
  expect(stdout).toContain(`Commands:\n  helm pull oci://${HOST}/library/common --version 1.3.0\n`);
  expect(stdout).not.toContain('helm install');
  const remote = await registry.remote('chart show team/web');
  expect(remote.stdout).toContain(`  common  ^1.2.0  -        -               -       oci://${HOST}/library\n`);
  expect(remote.stdout).toContain('published    2026-11-23 10:00 UTC\n');
});

test('images are listed with where they were found, or alone, one in a line', async () => {
  const note = '1 of 2 images of team/web 2.0.0 was inferred from values and templates, which may use others as well\n';
  expect(await registry.chartroom('chart images team/web')).toEqual({
    ...success(
      'IMAGE                                   KNOWN     ONLY WITH        FOUND IN',
      'docker.io/prom/statsd-exporter:v0.28.0  inferred  metrics.enabled  values.yaml: metrics.image',
      'ghcr.io/acme/web:3.0                    declared  -                Chart.yaml: artifacthub.io/image…',
    ),
    stderr: note,
  });
  expect(await registry.chartroom('chart images team/web 1.2.0 --output lines')).toEqual({
    ...success('docker.io/prom/statsd-exporter:v0.26.0', 'ghcr.io/acme/web:2.3'),
    stderr: note.replace('2.0.0', '1.2.0'),
  });
  const answer = JSON.parse((await registry.chartroom('chart images team/web --json')).stdout);
  expect(answer).toMatchObject({ version: '2.0.0', images: [{ declared: false }, { declared: true }] });
  expect(await registry.chartroom('chart images library/common')).toEqual({
    ...success(),
    stderr: 'no image was found in library/common 1.3.0\n',
  });
});

test('files are listed, and each is printed byte by byte where it does not go to a terminal', async () => {
  const { stdout } = await registry.chartroom('chart files team/web 1.2.0');
  expect(stdout.split('\n').map((line) => line.replace(/^\d+ B +/, ''))).toEqual([
    'SIZE   KIND      PATH',
    'metadata  Chart.yaml',
    'readme    README.md',
    'template  templates/deployment.yaml',
    'values    values.yaml',
    '',
  ]);
  expect((await registry.chartroom('chart files team/web 1.2.0 README.md')).stdout).toBe('# web\n\nServes pages.\n');
  const remote = await registry.remote('chart files team/web 1.2.0 templates/deployment.yaml');
  expect(remote.stdout).toMatch(/^apiVersion: apps\/v1\n/);
  expect((await registry.remote('chart files team/hostile 1.0.0 README.md')).stdout).toBe(HOSTILE);
});

test('a terminal gets text without commands to it, and nothing that is no text', () => {
  expect(shownContent(Buffer.from(`one\r\n\ttwo\n${HOSTILE}`))).toBe(
    'one\n\ttwo\na?[2Jb?c?d???\nchartroom: all is well\n',
  );
  expect(shownContent(Buffer.from(''))).toBe('');
  expect(() => shownContent(BINARY)).toThrow(UsageError);
  expect(() => shownContent(Buffer.from([195, 40]))).toThrow('"> FILE"');
});

test.each([
  'chart show team/hostile',
  'chart files team/hostile 1.0.0',
  'chart compare team/hostile 1.0.0 2.0.0 --diff',
  'chart compare team/hostile 1.0.0 2.0.0 --json',
])('no text of a chart is a command to the terminal, or a line of Chartroom, in "chartroom %s"', async (words) => {
  const { stdout, stderr, code } = await registry.chartroom(words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('chartroom: all is');
  expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(stdout).not.toMatch(/^chartroom: /m);
});

test('what is not there is refused, and what would lead elsewhere', async () => {
  const refusals = {
    'chart show team/web 9.9.9': 'team/web has no version "9.9.9"',
    'chart files team/web 1.2.0 nothing.txt': 'the chart has no file "nothing.txt"',
    'chart files team/web 1.2.0 ../values.yaml':
      '"../values.yaml" is no path of a file in a chart: write it as "chartroom chart files" shows it',
    'chart files team/web 1.2.0 README.md --json': '--json is for the list: a file is printed as it is',
    'chart images team/web --output xml': '--output is "xml", but must be table or lines',
  };
  for (const [words, message] of Object.entries(refusals)) {
    expect(await registry.chartroom(words), words).toEqual(failure(message));
  }
});

function hostileChart(version: string) {
  const said = `${HOSTILE} ${version}`;
  return {
    ...{ name: 'hostile', version },
    chartYaml: stringify({
      ...{ apiVersion: 'v2', name: 'hostile', version, appVersion: said, description: said, home: said },
      ...{ keywords: [said], maintainers: [{ name: said, email: said }], annotations: { [said]: said } },
      dependencies: [{ name: 'common', version: '^1.0.0', repository: '@library', alias: `x${version[0]}` }],
    }),
    files: {
      'README.md': HOSTILE,
      'values.yaml': `# ${said.replaceAll(/[\r\n]/g, '')}\n${JSON.stringify(said)}: 1\n`,
      [`templates/${HOSTILE}.yaml`]: said,
      'crds/crd.yaml': JSON.stringify({
        ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: said } },
        spec: { group: said, names: { kind: said }, versions: [{ name: said, served: true, storage: true }] },
      }),
    },
  };
}
