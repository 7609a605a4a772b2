// Many logins at once: what is beyond the registry's strength, or goes on being wrong, is refused for a while, in the OCI form.
import { expect, test } from 'vitest';
import { errorOf } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';

const REFUSAL =
  /^too many (passwords are being checked: try again in a second|wrong passwords: wait \d+ seconds?, then try again)$/;

test.each(['/v2/', '/token', '/v2/team/web/tags/list'])('at %s', async (path) => {
  await using registry = await startRegistry();
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => registry.request('GET', path, { as: `admin:guess-${path}-${index}` })),
  );
  const refused = answers.filter((answer) => answer.status === 429);
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401, 429]));
  for (const answer of refused) {
    const { code, message } = await errorOf(answer);
    expect([code, message]).toEqual(['TOOMANYREQUESTS', expect.stringMatching(REFUSAL)]);
    expect(answer.headers.get('retry-after')).toBe(/wait (\d+)/.exec(message)?.[1] ?? '1');
  }
});

test('whoever goes on guessing has to wait longer and longer, and the right password is right after that', async () => {
  const clock = new TestClock('2026-11-23T10:00:00Z');
  await using registry = await startRegistry({}, clock);
  const waits: number[] = [];
  for (let guess = 0; guess < 12; guess += 1) {
    const answer = await registry.request('GET', '/v2/', { as: `admin:guess-${guess}` });
    const wait = Number(answer.headers.get('retry-after') ?? 0);
    waits.push(wait);
    clock.advance(wait * 1000);
  }
  // Every refused one was followed by the wait that it asked for, and so by another guess.
  expect(waits).toEqual([0, 0, 0, 0, 0, 1, 0, 2, 0, 4, 0, 8]);
  expect((await registry.request('GET', '/v2/', { as: ADMIN })).status).toBe(200);
});

test('whoever has to wait does not learn which password somebody else has just used', async () => {
  await using registry = await startRegistry({ trustedProxies: ['127.0.0.1'] });
  const from = async (address: string, as: string) => {
    const headers = { 'x-forwarded-for': address };
    return (await registry.request('GET', '/v2/', { as, headers })).status;
  };
  expect(await from('192.0.2.1', ADMIN)).toBe(200);
  for (let guess = 0; guess < 6; guess += 1) await from(`192.0.2.9:${4000 + guess}`, `admin:guess-${guess}`);
  expect([await from('192.0.2.9', ADMIN), await from('192.0.2.1', ADMIN)]).toEqual([429, 200]);
});

test('what is public stays readable meanwhile, and secrets are not passwords', async () => {
  await using registry = await startRegistry();
  const ask = async (as: string) => (await registry.request('GET', '/token', { as })).status;
  for (let guess = 0; guess < 8; guess += 1) await ask(`admin:guess-${guess}`);
  expect(await ask('admin:guess-9')).toBe(429);
  const statuses = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(`ci:chr_${index}`)));
  expect(new Set(statuses)).toEqual(new Set([401]));
});
