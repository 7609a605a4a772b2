// `chartroom robot …`, on a registry whose server does not run.
import { expect, test } from 'vitest';
import type { Robot } from '../../src/cli/answers.ts';
import { failure, NOTHING_TO_SHOW, type RegistryFolder, registryFolder, success } from './registry-folder.ts';

interface RobotWithSecret {
  readonly robot: { readonly expiresAt: string; readonly createdAt: string };
  readonly secret: string;
}

const SECRET = /^chr_[0-9A-Za-z]{38}\n$/;
const LOGIN =
  'The secret is shown only this once. It logs in with "helm registry login localhost:5000 --username ci --password-stdin --plain-http":';

test('the secret of a new robot stands alone on standard output, and what it is for on standard error', async () => {
  await using registry = await registryFolder();
  const added = await registry.chartroom(
    'robot add ci --scope team/web:push --scope team:lib-*:pull --expires 2099-01-31 --description charts',
  );
  expect(added).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(SECRET),
    stderr: `added robot ci of team, with the scopes team/web:pull,push and team:lib-*:pull until 2099-01-31 00:00 UTC\n${LOGIN}\n`,
  });
  const { stdout } = await registry.chartroom('robot show ci');
  const id = added.stdout.slice(4, 12);
  expect(stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, 'TIME')).toMatch(
    new RegExp(
      [
        '^name         ci',
        'namespace    team',
        'description  charts',
        'scopes       team/web:pull,push team:lib-\\*:pull',
        'state        active',
        'expires      TIME',
        'added        TIME by \\S+',
        '',
        'SECRET    MADE                  ENDS   LAST USED  FROM  WITH',
        `${id}  TIME  never  never      -     -\n$`,
      ].join('\n'),
    ),
  );
  expect(stdout).not.toContain(added.stdout.slice(12, 40));
});

test('without a time a robot lasts a year, or for ever when that is said', async () => {
  await using registry = await registryFolder();
  const days = ({ expiresAt, createdAt }: { expiresAt: string; createdAt: string }) =>
    Math.round((Date.parse(expiresAt) - Date.parse(createdAt)) / 86_400_000);
  const usual = await registry.json<RobotWithSecret>('robot add usual --scope team:push');
  expect(days(usual.robot)).toBe(365);
  expect(usual.secret).toMatch(/^chr_/);
  const soon = await registry.json<RobotWithSecret>('robot add soon --scope team:push --expires 90d');
  expect(days(soon.robot)).toBe(90);
  const { stderr } = await registry.chartroom('robot add ci --scope /:pull --expires never');
  expect(stderr).toBe(`added robot ci of /, with the scope /:pull for ever\n${LOGIN}\n`);
  expect(
    (await registry.chartroom('robot list')).stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 4)),
  ).toEqual([
    ['NAME', 'NAMESPACE', 'SCOPES', 'STATE'],
    ['ci', '/', '/:pull', 'active'],
    ['soon', 'team', 'team:pull,push', 'active'],
    ['usual', 'team', 'team:pull,push', 'active'],
    [''],
  ]);
});

test('scopes are replaced as the refusal of a push suggests, and time and description with them', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('robot add ci --scope team:pull --expires never');
  expect(await registry.chartroom('robot set ci --scope team:push')).toEqual(
    success('robot ci has the scope team:pull,push for ever'),
  );
  expect(await registry.chartroom('robot set ci --expires 2099-01-31 --description new')).toEqual(
    success('robot ci has the scope team:pull,push until 2099-01-31 00:00 UTC'),
  );
  const { stdout } = await registry.chartroom('robot show ci --json');
  expect(JSON.parse(stdout)).toMatchObject({ description: 'new', scopes: [{ namespace: 'team', charts: '*' }] });
});

test('a rotation shows another secret and how long the one before it is good', async () => {
  await using registry = await registryFolder();
  const first = (await registry.chartroom('robot add ci --scope team:push')).stdout;
  const second = await registry.chartroom('robot rotate ci --overlap 7d');
  expect(second.stdout).toMatch(SECRET);
  expect(second.stdout).not.toBe(first);
  expect(second.stderr).toMatch(
    /^robot ci has another secret; the one before it is good until \d{4}-\d\d-\d\d \d\d:\d\d UTC\nThe secret is/,
  );
  const [old] = await secretsOf(registry);
  expect(Date.parse(old?.expiresAt ?? '') - Date.parse(old?.createdAt ?? '')).toBeGreaterThanOrEqual(7 * 86_400_000);
  expect((await registry.chartroom('robot rotate ci --overlap 0')).stderr).toContain(
    'robot ci has another secret; those before it have ended\n',
  );
});

test('one secret is revoked by its id, as the lists show it or as the beginning of the secret', async () => {
  await using registry = await registryFolder();
  const first = (await registry.chartroom('robot add ci --scope team:push')).stdout.trim();
  await registry.chartroom('robot rotate ci');
  const id = first.slice(4, 12);
  const ended = success(`the secret ${id} of robot ci has ended`);
  expect(await registry.chartroom(`robot revoke ci chr_${id}…`)).toEqual(ended);
  const [revoked, other] = await secretsOf(registry);
  expect([revoked?.revokedAt === null, other?.revokedAt === null]).toEqual([false, true]);
  expect(await registry.chartroom(`robot revoke ci ${id}`)).toEqual(
    failure(`robot ci has no secret ${id} to revoke: see "chartroom robot show ci"`),
  );
});

test('a robot is disabled, enabled and removed', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('robot add ci --scope team:push --expires never');
  expect(await registry.chartroom('robot disable ci')).toEqual(
    success('robot ci is disabled: "chartroom robot enable ci" takes that back'),
  );
  expect((await registry.chartroom('robot list')).stdout).toMatch(/^ci .* {2}disabled {2}never/m);
  expect(await registry.chartroom('robot enable ci')).toEqual(
    success('robot ci is enabled, with the scope team:pull,push for ever'),
  );
  expect(await registry.chartroom('robot remove ci')).toEqual(success('removed robot ci'));
  expect(await registry.chartroom('robot list')).toEqual(NOTHING_TO_SHOW);
});

test('what cannot be done with robots is refused with the reason', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('robot add ci --scope team:push');
  const refusals = {
    'robot add ci --scope team:push':
      'there is already a robot ci: choose another name, or "chartroom robot rotate ci" gives it another secret',
    'robot add x --scope team:push --namespace prod':
      'the scope on team is outside of prod, to which the robot belongs: add a robot of a namespace that has both',
    'robot add x --scope team:push --expires 2020-01-31':
      'the time of expiry has passed already: name one that is to come',
    'robot add x --scope team:push --expires soon':
      '"soon" is no time of expiry: write 90d (or h for hours, w for weeks), a date such as 2027-01-31, or never',
    'robot add x --scope team':
      '"team" is no scope: write it as PATH[:CHARTS]:ACTIONS, like team:push, team:web-*:pull,push or, for everything, /:pull',
    'robot add x':
      'usage: chartroom robot add NAME --scope PATH[:CHARTS]:ACTIONS ... [--namespace PATH] [--expires TIME] [--description TEXT]',
    'robot rotate ci --overlap 40d': '--overlap is 40d, but may be at most 30d',
    'robot show x': 'there is no robot x that you may manage: see "chartroom robot list"',
  };
  for (const [words, message] of Object.entries(refusals)) {
    expect(await registry.chartroom(words)).toEqual(failure(message));
  }
});

async function secretsOf(
  registry: RegistryFolder,
): Promise<
  readonly { readonly createdAt: string; readonly expiresAt: string | null; readonly revokedAt: string | null }[]
> {
  return (await registry.json<Robot>('robot show ci')).secrets;
}
