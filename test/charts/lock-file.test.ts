// Reading a Chart.lock, and telling whether it fits its Chart.yaml as Helm does: the digests here are those that helm wrote.
import { expect, test } from 'vitest';
import { parseChartYaml } from '../../src/charts/chart-yaml.ts';
import { isInSync, parseLockFile } from '../../src/charts/lock-file.ts';

/** Everything that counts, with what Go's JSON writes otherwise than JavaScript's. */
const CHART = `apiVersion: v2
name: app
version: 0.1.0
dependencies:
- name: common
  version: ">=1.0.0 <2"
  repository: "file://../common"
  condition: common.enabled,global.common & more
  tags: [a, "b<c>", é]
  enabled: true
  alias: first
  import-values:
  - data
  - child: z.y
    parent: b.a
    another: 1.50
  - 5
  - 1e21
  - true
- name: other
  version: 1.x.x
  repository: file://../other
- name: common
  alias: second
  version: "~1.2"
  repository: "file://../common"
`;
const LOCK = `dependencies:
- name: common
  repository: file://../common
  version: 1.2.3+b.7
- name: other
  repository: file://../other
  version: 1.2.3+b.7
- name: common
  repository: file://../common
  version: 1.2.3+b.7
digest: sha256:b6516af15af1bdbfb19e760d4bc5e4db0e79390fada6cfbc920fb33355a90269
generated: "2026-11-23T13:02:19.674988711Z"
`;

function fits(chart: string, lock: string, requirements?: string): boolean {
  const bytes = requirements === undefined ? undefined : Buffer.from(requirements);
  return isInSync(parseChartYaml(Buffer.from(chart), bytes), parseLockFile(lock));
}

test('what helm wrote is read', () => {
  expect(parseLockFile(LOCK)).toEqual({
    dependencies: [
      { name: 'common', repository: 'file://../common', version: '1.2.3+b.7' },
      { name: 'other', repository: 'file://../other', version: '1.2.3+b.7' },
      { name: 'common', repository: 'file://../common', version: '1.2.3+b.7' },
    ],
    digest: 'sha256:b6516af15af1bdbfb19e760d4bc5e4db0e79390fada6cfbc920fb33355a90269',
    generatedAt: Date.parse('2026-11-23T13:02:19.674Z'),
  });
});

test('a lock fits the Chart.yaml that helm made it of', () => {
  expect(fits(CHART, LOCK)).toBe(true);
});

test.each([
  ['another range', CHART.replace('~1.2', '~1.3'), LOCK],
  ['another condition', CHART.replace('& more', '& less'), LOCK],
  ['another alias', CHART.replace('alias: second', 'alias: third'), LOCK],
  ['another imported value', CHART.replace('1.50', '1.51'), LOCK],
  ['another repository', CHART.replace('file://../other', 'file://../others'), LOCK],
  ['a dependency less', CHART.slice(0, CHART.lastIndexOf('- name')), LOCK],
  ['another locked version', CHART, LOCK.replace('1.2.3+b.7', '1.2.4')],
  ['another digest', CHART, LOCK.replace('b6516', 'b6517')],
  ['no digest', CHART, LOCK.replace(/^digest:.*$/m, '')],
])('a lock does not fit with %s', (_what, chart, lock) => {
  expect(fits(chart, lock)).toBe(false);
});

test('what does not count may differ: spelling, order of keys, the time', () => {
  expect(fits(CHART.replace('version: 0.1.0', 'version: 0.2.0'), LOCK.replace('2026', '2025'))).toBe(true);
  expect(
    fits(
      CHART.replace('version: 1.x.x\n  repository: file://../other', 'repository: file://../other\n  version: "1.x.x"'),
      LOCK,
    ),
  ).toBe(true);
});

test('a chart of Helm 2 has its dependencies in requirements.yaml', () => {
  const lock = `dependencies:
- name: common
  repository: file://../common
  version: 1.2.3+b.7
digest: sha256:26cfa35be7f7e50f4e8b0639fb5326a7d2456a5cadb9272b554ab5bcc8d75da8
generated: "2026-11-23T13:02:20Z"
`;
  const chart = 'apiVersion: v1\nname: c3\nversion: 0.1.0\n';
  const requirements = 'dependencies:\n- name: common\n  version: "*"\n  repository: file://../common\n';
  expect(fits(chart, lock, requirements)).toBe(true);
  // As Helm 2 computed it, of the requirements alone; only for charts of that kind.
  const old = lock.replace(
    /^digest:.*$/m,
    'digest: sha256:d2f68234d62f539d89c2fac7efe6bd584a9852734204e18b9dad2200bacf5b8c',
  );
  expect(fits(chart, old, requirements)).toBe(true);
  expect(fits(chart.replace('v1', 'v2'), old, requirements)).toBe(false);
});

test('the address of a repository that Chart.yaml names as somebody’s machine does is taken from the lock', () => {
  const named = CHART.replace('repository: file://../other', 'repository: "@others"');
  expect(fits(named, LOCK)).toBe(true);
  expect(fits(CHART.replace('repository: file://../other', 'repository: alias:others'), LOCK)).toBe(true);
});

test.each([
  ['[]', 'must be a map of fields'],
  ['dependencies: 5', '"dependencies" in Chart.lock must be a list'],
  ['dependencies: [a]', '"dependencies[0]" in Chart.lock must be a map'],
  ['dependencies: [{name: [a]}]', '"dependencies[0].name" in Chart.lock must be a text'],
  ['a: *b', 'uses the alias "*b"'],
  ['a: {', 'is not YAML'],
])('what is no lock is refused, with the reason: %s', (text, reason) => {
  expect(() => parseLockFile(text)).toThrow(reason);
});

test.each(['', 'generated: yesterday', 'generated: 5', 'generated: "2026-13-45T99:00:00Z"'])(
  'a lock without a time has none: %j',
  (text) => {
    expect(parseLockFile(text)).toEqual({ dependencies: [], digest: undefined, generatedAt: undefined });
  },
);
