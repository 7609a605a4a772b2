// What the dependency audit of .ci/run makes of what npm prints, and which failed tests .ci/run names.
import { describe, expect, test } from 'vitest';
import { verdictOf } from '../../.ci/audit.ts';
import { failedTests } from '../../.ci/failed-tests.ts';

/** In the form of `npm audit --json` of npm 11. */
function report(severities: Readonly<Record<string, string>>): string {
  const vulnerabilities = Object.fromEntries(
    Object.entries(severities).map(([name, severity]) => [
      name,
      { name, severity, isDirect: true, via: [], range: '*' },
    ]),
  );
  return JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { vulnerabilities: {} } });
}

/** As npm prints it when its question was refused. */
function refusal(statusCode: number, reason: string): string {
  const message = `${statusCode} ${reason} - POST https://packages.example.com/-/npm/v1/security/advisories/bulk`;
  return JSON.stringify({ message, method: 'POST', statusCode, body: '', error: { summary: '', detail: '' } });
}

function broken(reason: string): string {
  const message = `request to https://packages.example.com/-/npm/v1 failed, reason: ${reason}`;
  return JSON.stringify({ message, error: { summary: '', detail: '' } });
}

describe('the audit', () => {
  test('passes when nothing grave is known', () => {
    expect(verdictOf(report({})).kind).toBe('passed');
    expect(verdictOf(report({ a: 'low', b: 'moderate', c: 'info' })).kind).toBe('passed');
  });

  test('fails when something grave is known, and names it', () => {
    expect(verdictOf(report({ a: 'low', b: 'high' }))).toEqual({
      kind: 'failed',
      line: 'known vulnerabilities: b (high): run "npm audit --omit=dev"',
    });
    expect(verdictOf(report({ b: 'critical', c: 'high' })).line).toContain('b (critical), c (high)');
  });

  test.each([
    ['has no such endpoint', refusal(405, 'Method Not Allowed'), '405 Method Not Allowed'],
    ['knows no such address', refusal(404, 'Not Found'), '404 Not Found'],
    ['is down', refusal(503, 'Service Unavailable'), '503 Service Unavailable'],
    ['cannot be reached', broken('connect ECONNREFUSED 127.0.0.1:9'), 'ECONNREFUSED'],
    ['has a name that nobody knows', broken('getaddrinfo ENOTFOUND packages.example.com'), 'ENOTFOUND'],
  ])('is skipped in one line when the registry %s', (_what, output, why) => {
    expect(verdictOf(output)).toEqual({
      kind: 'skipped',
      line: `SKIPPED: the package registry in use cannot be asked for advisories (${why})`,
    });
  });

  test.each([
    ['nothing', ''],
    ['no JSON', 'npm: command not found'],
    ['null', 'null'],
    [
      'that there is no lockfile',
      JSON.stringify({ error: { code: 'ENOLOCK', summary: 'This command requires a lockfile.' } }),
    ],
    ['that the credential is wrong', refusal(401, 'Unauthorized')],
  ])('fails when npm prints %s', (_what, output) => {
    expect(verdictOf(output).kind).toBe('failed');
  });
});

test('failed tests are named with their files, also those that did not load', () => {
  const passed = { status: 'passed', fullName: 'is good' };
  const failed = { status: 'failed', fullName: 'a push is refused' };
  const testResults = [
    { name: '/here/test/a.test.ts', status: 'failed', message: '', assertionResults: [passed, failed] },
    { name: '/here/test/b.test.ts', status: 'passed', message: '', assertionResults: [passed] },
    { name: '/here/test/c.test.ts', status: 'failed', message: 'Error: no module\n  at x', assertionResults: [] },
  ];
  expect(failedTests({ testResults }, '/here')).toEqual([
    'test/a.test.ts: a push is refused',
    'test/c.test.ts: Error: no module',
  ]);
});
