// `chartroom chart compare` and `check-lock`: what CI asks before an upgrade, and before it builds.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { digestOf } from '../../src/oci/digest.ts';
import { type ChartsRegistry, chartsRegistry, HOST, manage } from './charts-registry.ts';
import { success } from './registry-folder.ts';

const RISKS = [
  'What may break:',
  '  breaking   service.type was removed: what you set there may be ignored',
  '  breaking   service.port was a number and is a string: what you set there may not fit',
  '  breaking   host is required now and has no default: set it, or Helm refuses the values',
  '  attention  1.2.0 and 2.0.0 are different major versions, by which maintainers announce that',
  '             something breaks',
];
const CHANGES = [
  'Chart.yaml:',
  '  ~ version: "1.2.0" -> "2.0.0"',
  '  ~ appVersion: "2.3" -> "3.0"',
  '  ~ annotations."artifacthub.io/images":',
  '      - "- name: web\\n  image: ghcr.io/acme/web:2.3\\n"',
  '      + "- name: web\\n  image: ghcr.io/acme/web:3.0\\n"',
  '',
  'Dependencies:',
  `  + common  ^1.2.0  oci://${HOST}/library`,
  '',
  'Values:',
  '  ~ service.port: 80 -> "http"',
  '  - service.type: "ClusterIP"',
  '  ~ replicas: 2 -> 3',
  '  ~ metrics.image:',
  '      - "docker.io/prom/statsd-exporter:v0.26.0"',
  '      + "docker.io/prom/statsd-exporter:v0.28.0"',
  '  + ingress: {"className":""}',
  '',
  'Schema of the values:',
  '  ~ host required (tightened): false -> true',
  '',
  'CRDs:',
  '  + routes.web.example.com',
  '',
  'Images:',
  '  - docker.io/prom/statsd-exporter:v0.26.0',
  '  + docker.io/prom/statsd-exporter:v0.28.0',
  '  - ghcr.io/acme/web:2.3',
  '  + ghcr.io/acme/web:3.0',
  '',
  'Files:',
  '  + crds/route.yaml  309 B',
  '  ~ values.yaml  +6 -4',
  '  + values.schema.json  77 B',
  '  ~ Chart.yaml  +7 -3',
  '  - README.md  21 B',
];
const DEPENDENCIES = [
  { name: 'web', version: '~1.2.0', repository: `oci://${HOST}/team` },
  { name: 'common', version: '1.x', repository: `oci://${HOST}/library` },
  { name: 'cache', version: '^7.0.0', repository: 'https://charts.example.org' },
];
const HEAD = 'NAME    LOCKED  RANGE   NEWER ALLOWED  NEWER  STATE';

let registry: ChartsRegistry;

beforeAll(async () => {
  registry = await chartsRegistry();
});

afterAll(async () => await registry?.[Symbol.asyncDispose]());

test('two versions are compared, what may break first, and then part by part', async () => {
  const { stdout, stderr, code } = await registry.chartroom('chart compare team/web 1.2.0 2.0.0');
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const lines = stdout.split('\n');
  expect(lines.slice(0, RISKS.length)).toEqual(RISKS);
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
  expect(lines.slice(lines.indexOf('Chart.yaml:'))).toEqual([...CHANGES, '']);
});

test('with --diff the lines that differ follow, file by file', async () => {
  const { stdout } = await registry.remote('chart compare team/web 1.2.0 2.0.0 --diff');
  expect(stdout).toContain('\n--- values.yaml  1.2.0\n+++ values.yaml  2.0.0\n@@ -1,');
  expect(stdout).toContain('\n-  port: 80\n-  type: ClusterIP\n+  port: http\n');
});

test('with --fail-on-breaking the exit code is 1 when something breaks, and all else is as without', async () => {
  const breaking = await registry.chartroom('chart compare team/web 1.2.0 2.0.0 --fail-on-breaking --json');
  expect(breaking).toMatchObject({
    code: 1,
    stderr: 'chartroom: from 1.2.0 to 2.0.0, 3 changes break what worked\n',
  });
  expect(JSON.parse(breaking.stdout)).toMatchObject({ equal: false, breaking: { length: 8 } });
  const harmless = await registry.chartroom('chart compare team/web 1.2.0 1.2.1 --fail-on-breaking');
  expect(harmless).toMatchObject({ code: 0, stderr: '' });
  expect(harmless.stdout).toContain('What may break:\n  nothing was found\n');
});

test('a version is the same as itself', async () => {
  expect(await registry.chartroom('chart compare team/web 1.2.0 1.2.0')).toEqual(
    success('from 1.2.0 to 1.2.0 nothing changes'),
  );
});

test('a lock that fits the Chart.yaml beside it is good, and newer versions are named', async () => {
  const path = await lockedFolder('good', DEPENDENCIES, { web: '1.2.1', common: '1.2.0', cache: '7.1.0' });
  expect(await registry.chartroom(`chart check-lock ${path}`)).toEqual(
    success(
      HEAD,
      'web     1.2.1   ~1.2.0  -              2.0.0  ok',
      'common  1.2.0   1.x     1.3.0          1.3.0  ok',
      'cache   7.1.0   ^7.0.0  -              -      not checked: https://charts.example.org',
    ),
  );
});

test('a lock is bad that was made for other dependencies, or names what is out of range or not there', async () => {
  const path = await lockedFolder('drifted', DEPENDENCIES, { web: '1.1.0', common: '1.3.0', cache: '8.0.0' });
  const other = join(registry.path, 'drifted', 'other.yaml');
  await writeFile(other, chartYaml([...DEPENDENCIES.slice(0, 2), { ...DEPENDENCIES[2], version: '^7.1.0' }]));
  const why = 'chartroom: drifted/Chart.lock is not good to build with: it was made for other dependencies than';
  expect(await registry.chartroom(`chart check-lock ${path} --chart drifted/other.yaml`)).toMatchObject({
    code: 1,
    stdout: success(
      HEAD,
      'web     1.1.0   ~1.2.0  1.2.1          2.0.0  ! not in this registry, or not for you',
      'common  1.3.0   1.x     -              -      ok',
      'cache   8.0.0   ^7.1.0  -              -      ! 8.0.0 is not in ^7.1.0',
    ).stdout,
    stderr: `${why} Chart.yaml has (run "helm dependency update"), and 2 dependencies are not as it should be\n`,
  });
});

test('a lock is bad when a version of it was yanked, and the answer of the API is still for scripts', async () => {
  const path = await lockedFolder('yanked', DEPENDENCIES.slice(0, 1), { web: '1.2.0' });
  const notice = { kind: 'yanked', reason: 'leaks', replacement: '1.2.1' };
  await manage(registry.server, 'PUT', '/charts/team/web/-/versions/1.2.0/notice', notice);
  const why = 'chartroom: yanked/Chart.lock is not good to build with: 1 dependency is not as it should be\n';
  const local = await registry.chartroom(`chart check-lock ${path}`);
  expect(local).toMatchObject({ code: 1, stderr: why });
  expect(local.stdout).toContain('web   1.2.0   ~1.2.0  1.2.1          2.0.0  ! yanked: leaks; use 1.2.1\n');
  const json = await registry.remote(`chart check-lock ${path} --json`);
  expect(json).toMatchObject({ code: 1, stderr: why });
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, inSync: true });
});

test('without a Chart.yaml a lock is checked as far as it can be, and that is said', async () => {
  await mkdir(join(registry.path, 'alone'));
  await writeFile(join(registry.path, 'alone', 'Chart.lock'), lockFile(DEPENDENCIES.slice(0, 1), { web: '1.2.1' }));
  expect(await registry.chartroom('chart check-lock alone/Chart.lock')).toEqual({
    ...success('NAME  LOCKED  RANGE  NEWER ALLOWED  NEWER  STATE', 'web   1.2.1   -      -              2.0.0  ok'),
    stderr: 'there is no Chart.yaml beside it: whether it fits that is not known\n',
  });
});

test('a file that cannot be a lock is refused before it is sent', async () => {
  await writeFile(join(registry.path, 'large.lock'), 'x'.repeat(60_001));
  const beginning = `chartroom: .*/large\\.lock has more than 60000 bytes, `;
  expect((await registry.chartroom('chart check-lock large.lock')).stderr).toMatch(new RegExp(`^${beginning}`));
  expect((await registry.chartroom('chart check-lock nothing.lock')).stderr).toMatch(
    /^chartroom: \/.*\/nothing\.lock cannot be read \(ENOENT\)\n$/,
  );
});

/** @returns the path of the lock, below the folder in which commands run */
async function lockedFolder(
  name: string,
  dependencies: readonly object[],
  versions: Readonly<Record<string, string>>,
): Promise<string> {
  await mkdir(join(registry.path, name));
  await writeFile(join(registry.path, name, 'Chart.yaml'), chartYaml(dependencies));
  await writeFile(join(registry.path, name, 'Chart.lock'), lockFile(dependencies, versions));
  return `${name}/Chart.lock`;
}

function chartYaml(dependencies: readonly object[]): string {
  return stringify({ apiVersion: 'v2', name: 'app', version: '0.1.0', dependencies });
}

/** As helm writes it: the digest is of both lists as JSON, in the order of Helm's fields. */
function lockFile(asked: readonly object[], versions: Readonly<Record<string, string>>): string {
  const dependencies = (asked as readonly (typeof DEPENDENCIES)[number][]).map(({ name, repository }) => ({
    ...{ name, version: versions[name] ?? '', repository },
  }));
  const digest = digestOf(Buffer.from(JSON.stringify([asked, dependencies])));
  return stringify({ dependencies, digest, generated: '2026-11-23T10:00:00Z' });
}
