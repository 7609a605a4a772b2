// Robots over the management API.
import { afterAll, describe, expect, test } from 'vitest';
import { TestClock } from '../../support/clock.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { openApi } from './support/api.ts';
import { addUser } from './support/people.ts';

const clock = new TestClock('2026-11-23T09:00:00Z');
const registry = await startRegistry({}, clock);
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const mia = await addUser(registry, 'mia', { team: 'maintainer' });
const bob = await addUser(registry, 'bob', { team: 'writer' });

interface Secret {
  readonly id: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}
interface Robot {
  readonly name: string;
  readonly expiresAt: string | null;
  readonly secrets: readonly Secret[];
}
interface RobotWithSecret {
  readonly robot: Robot;
  readonly secret: string;
}

const TEAM = { namespace: 'team', scopes: [{ namespace: 'team', actions: ['pull'] }] };

async function add(name: string, more: object = {}, as = mia): Promise<RobotWithSecret> {
  const { status, body, text } = await api.send<RobotWithSecret>('POST', '/robots', {
    as,
    body: { name, ...TEAM, ...more },
  });
  if (status !== 201) throw new Error(text);
  return body;
}

/** Whether the registry takes the secret, as a bearer token and as a password. */
async function works(secret: string): Promise<boolean> {
  const answers = await Promise.all(
    [`Bearer ${secret}`, `any:${secret}`].map((as) => registry.request('GET', '/v2/', { as })),
  );
  const [one, other] = answers.map(({ status }) => status === 200);
  expect(one).toBe(other);
  return one ?? false;
}

describe('a robot', () => {
  test('ends in 365 days, at a time that is named, or never', async () => {
    expect((await add('usual')).robot.expiresAt).toBe('2027-11-23T09:00:00.000Z');
    expect((await add('named', { expiresAt: '2026-12-24T18:00:00.5+01:00' })).robot.expiresAt).toBe(
      '2026-12-24T17:00:00.500Z',
    );
    expect((await add('never', { expiresAt: null })).robot.expiresAt).toBe(null);
    const body = { name: 'late', ...TEAM, expiresAt: '2026-11-23T09:00:00Z' };
    expect(await api.refusal(400, 'POST', '/robots', { as: mia, body })).toMatch(/^the time of expiry has passed/);
  });

  test('keeps what a change does not name', async () => {
    const { robot } = await add('kept', { description: 'for the pipeline' });
    const changed = (await api.send<Robot>('PATCH', '/robots/kept', { as: mia, body: { disabled: true } })).body;
    expect(changed).toEqual({ ...robot, disabled: true });
    const endless = await api.send<Robot>('PATCH', '/robots/kept', { as: mia, body: { expiresAt: null } });
    expect(endless.body).toEqual({ ...robot, disabled: true, expiresAt: null });
  });

  test('may be called what no other one is called', async () => {
    await add('one');
    expect(await api.refusal(409, 'POST', '/robots', { as: mia, body: { name: 'one', ...TEAM } })).toBe(
      'there is already a robot one: choose another name, or "chartroom robot rotate one" gives it another secret',
    );
  });

  test('has scopes within its namespace', async () => {
    const scopes = [{ namespace: 'other', actions: ['pull'] }];
    const refusal = /^the scope on other is outside of team, to which the robot belongs/;
    expect(await api.refusal(400, 'POST', '/robots', { as: mia, body: { name: 'wide', ...TEAM, scopes } })).toMatch(
      refusal,
    );
    await add('narrow');
    expect(await api.refusal(400, 'PATCH', '/robots/narrow', { as: mia, body: { scopes } })).toMatch(refusal);
  });

  test('is for the maintainers of its namespace, and of those above', async () => {
    const asked = (namespace: string) => ({ name: 'x', namespace, scopes: [{ namespace, actions: ['pull'] }] });
    for (const [as, namespace, status] of [
      [mia, 'team/web', 201],
      [mia, '/', 403],
      [mia, 'teams', 403],
      [bob, 'team', 403],
      [bob, 'team/web', 403],
    ] as const) {
      const answer = await api.send('POST', '/robots', { as, body: asked(namespace) });
      expect([namespace, answer.status]).toEqual([namespace, status]);
      await api.send('DELETE', '/robots/x');
    }
    expect(await api.all('/robots', { as: bob })).toEqual([]);
  });

  test('is out at once when it is disabled, and when it is removed', async () => {
    const { secret } = await add('out');
    expect(await works(secret)).toBe(true);
    await api.send('PATCH', '/robots/out', { as: mia, body: { disabled: true } });
    expect(await works(secret)).toBe(false);
    await api.send('PATCH', '/robots/out', { as: mia, body: { disabled: false } });
    expect(await works(secret)).toBe(true);
    expect((await api.send('DELETE', '/robots/out', { as: mia })).status).toBe(204);
    expect(await works(secret)).toBe(false);
    expect((await api.send('GET', '/robots/out', { as: mia })).status).toBe(404);
  });
});

describe('a secret', () => {
  const rotate = async (name: string, body: object) => {
    // Secrets are shown in the order in which they were made.
    clock.advance(1);
    return (await api.send<RobotWithSecret>('POST', `/robots/${name}/rotate`, { as: mia, body })).body;
  };

  test('is good beside the new one for as long as asked', async () => {
    const { secret: old } = await add('rotating');
    const { secret, robot } = await rotate('rotating', { overlap: 60 });
    expect(robot.secrets.map(({ expiresAt }) => expiresAt)).toEqual(['2026-11-23T09:01:00.001Z', null]);
    expect([await works(old), await works(secret)]).toEqual([true, true]);
    clock.advance(60_000);
    expect([await works(old), await works(secret)]).toEqual([false, true]);
  });

  test('is good for a day more by default, and no more with an overlap of 0', async () => {
    const { secret: first } = await add('daily');
    const { secret: second, robot } = await rotate('daily', {});
    expect(robot.secrets[0]?.expiresAt).toBe(new Date(clock.now() + 86_400_000).toISOString());
    expect(await works(first)).toBe(true);
    const { secret: third } = await rotate('daily', { overlap: 0 });
    expect([await works(first), await works(second), await works(third)]).toEqual([false, false, true]);
  });

  test('is revoked at once, and once', async () => {
    const { secret, robot } = await add('revoked');
    const path = `/robots/revoked/secrets/${robot.secrets[0]?.id}`;
    expect((await api.send('DELETE', path, { as: mia })).status).toBe(204);
    expect(await works(secret)).toBe(false);
    const shown = (await api.send<Robot>('GET', '/robots/revoked', { as: mia })).body;
    expect(shown.secrets[0]?.revokedAt).toBe(new Date(clock.now()).toISOString());
    expect((await api.send('DELETE', path, { as: mia })).status).toBe(404);
  });

  test('is revoked at its own robot only', async () => {
    const [{ robot, secret }] = [await add('mine'), await add('yours')];
    expect(await api.refusal(404, 'DELETE', `/robots/yours/secrets/${robot.secrets[0]?.id}`, { as: mia })).toMatch(
      /^robot yours has no secret \w{8} to revoke/,
    );
    expect(await works(secret)).toBe(true);
  });

  test('shows when it was last used, and from where', async () => {
    const { secret } = await add('used');
    await works(secret);
    await eventually(async () => (await api.send<Robot>('GET', '/robots/used', { as: mia })).body.secrets).toEqual([
      expect.objectContaining({
        lastUsedAt: new Date(clock.now()).toISOString(),
        lastUsedAddress: '127.0.0.1',
        lastUsedAgent: 'node',
      }),
    ]);
  });
});
