// Rates: who asks too often waits for a moment, and nobody waits for what others ask.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errorOf } from '../../support/artifacts.ts';
import { TestClock } from '../../support/clock.ts';
import { ADMIN, startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { addMember } from '../support/members.ts';

const LIMIT = 6;
const MINUTE = 60_000;
const NOBODY = undefined;

let clock: TestClock;
let registry: TestRegistry;
beforeEach(async () => {
  clock = new TestClock('2026-11-23T12:00:00Z');
  registry = await startRegistry({ requestsPerMinute: LIMIT, trustedProxies: ['127.0.0.1'] }, clock);
});
afterEach(() => registry[Symbol.asyncDispose]());

/** Of one request after the other. */
async function statuses(times: number, as: string | undefined, path = '/v2/', address?: string): Promise<number[]> {
  const found: number[] = [];
  for (let sent = 0; sent < times; sent += 1) found.push((await ask(as, path, address)).status);
  return found;
}

async function ask(as: string | undefined, path = '/v2/', address = '198.51.100.7'): Promise<Response> {
  return await registry.request('GET', path, { as, headers: { 'x-forwarded-for': address } });
}

function times<Value>(count: number, value: Value): Value[] {
  return Array<Value>(count).fill(value);
}

describe('a principal', () => {
  test('may send so many requests at once, and is then told when to come again', async () => {
    expect(await statuses(LIMIT, ADMIN)).toEqual(times(LIMIT, 200));
    const refused = await ask(ADMIN);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('10');
    expect(await errorOf(refused)).toEqual({
      code: 'TOOMANYREQUESTS',
      message: 'too many requests from admin: at most 6 are taken in a minute; wait 10 seconds, then try again',
    });
  });

  test('may send another one when its share of the minute is over, and was not made to wait longer by asking', async () => {
    await statuses(LIMIT + 20, ADMIN);
    clock.advance(MINUTE / LIMIT);
    expect(await statuses(2, ADMIN)).toEqual([200, 429]);
    clock.advance(MINUTE);
    expect(await statuses(LIMIT + 1, ADMIN)).toEqual([...times(LIMIT, 200), 429]);
  });

  test('is one, from wherever and with whatever credential it comes', async () => {
    const answer = await ask(ADMIN, '/token?scope=registry:catalog:*', '203.0.113.1');
    const { token } = (await answer.json()) as { token: string };
    expect(await statuses(LIMIT - 1, `Bearer ${token}`, '/v2/', '203.0.113.2')).toEqual(times(LIMIT - 1, 200));
    expect(await statuses(1, ADMIN, '/v2/', '203.0.113.3')).toEqual([429]);
  });

  test('is not cut off by others at its address, be they other principals, nobody, or with wrong credentials', async () => {
    const ann = await addMember(registry, 'ann');
    await statuses(LIMIT + 2, ADMIN);
    await statuses(LIMIT + 2, NOBODY);
    await statuses(LIMIT + 2, 'Bearer nonsense');
    expect(await statuses(1, ann)).toEqual([200]);
  });

  test('can end the uploads that it was let begin, since helm does not repeat a PUT, but not go on without end', async () => {
    const upload = '/v2/team/web/blobs/uploads/none';
    await statuses(LIMIT + 2, ADMIN);
    expect(await statuses(LIMIT + 1, ADMIN, upload)).toEqual([...times(LIMIT, 404), 429]);
    clock.advance(MINUTE);
    await statuses(LIMIT, ADMIN, upload);
    expect(await statuses(1, ADMIN)).toEqual([200]);
  });

  test('is counted at every door: OCI, classic, search and management, whatever the answer is', async () => {
    const paths = ['/v2/none/tags/list', '/none/index.yaml', '/api/v1/whoami', '/api/v1/search?q=x', '/token'];
    for (const path of paths) expect([path, await statuses(1, ADMIN, path)]).not.toEqual([path, [429]]);
    expect(await statuses(1, ADMIN)).toEqual([200]);
    for (const path of paths) expect([path, await statuses(1, ADMIN, path)]).toEqual([path, [429]]);
  });

  test('who logs in with a form is counted as well, and not as its address', async () => {
    const form = new URLSearchParams({ grant_type: 'password', username: 'admin', password: ADMIN.slice(6) });
    const post = async () =>
      await registry.request('POST', '/token', {
        as: NOBODY,
        body: form.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': '198.51.100.7' },
      });
    for (let sent = 0; sent < LIMIT; sent += 1) expect((await post()).status).toBe(200);
    expect((await post()).status).toBe(429);
    expect(await statuses(LIMIT, NOBODY)).toEqual(times(LIMIT, 401));
  });
});

describe('all at one address who have not logged in', () => {
  test('share its requests, and are told that it is the address', async () => {
    expect(await statuses(LIMIT, NOBODY)).toEqual(times(LIMIT, 401));
    const refused = await ask(NOBODY);
    expect(refused.status).toBe(429);
    expect((await errorOf(refused)).message).toMatch(/^too many requests from your address: /);
    expect(refused.headers.get('www-authenticate')).toBe(null);
  });

  test('do not take those of another address, and an IPv6 address is its /64', async () => {
    await statuses(LIMIT, NOBODY);
    expect(await statuses(1, NOBODY, '/v2/', '198.51.100.8')).toEqual([401]);
    await statuses(LIMIT, NOBODY, '/v2/', '2001:db8::1');
    expect(await statuses(1, NOBODY, '/v2/', '2001:db8::2:3')).toEqual([429]);
    expect(await statuses(1, NOBODY, '/v2/', '2001:db8:0:1::1')).toEqual([401]);
  });

  test('have the same ones with a credential that does not count', async () => {
    expect(await statuses(LIMIT, 'Bearer nonsense')).toEqual(times(LIMIT, 401));
    expect(await statuses(1, NOBODY)).toEqual([429]);
  });

  test('are counted where there is no route, too', async () => {
    expect(await statuses(LIMIT, NOBODY, '/nothing/here')).toEqual(times(LIMIT, 404));
    expect(await statuses(1, 'Bearer made-up', '/nothing/here')).toEqual([429]);
  });
});

test('refusals have the form of each door', async () => {
  await statuses(LIMIT, NOBODY);
  const [problem, message, codes] = await Promise.all([
    ask(NOBODY, '/api/v1/search?q=x'),
    ask(NOBODY, '/team/index.yaml'),
    ask(NOBODY, '/v2/team/web/manifests/1.0.0'),
  ]);
  expect(problem.headers.get('content-type')).toBe('application/problem+json');
  expect(await problem.json()).toMatchObject({ status: 429, title: expect.any(String) });
  expect(await message.json()).toEqual({ error: expect.stringContaining('too many requests from your address') });
  expect(await codes.json()).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] });
});

test.each(['/livez', '/readyz'])('%s is always answered', async (path) => {
  expect(await statuses(LIMIT * 3, NOBODY, path)).toEqual(times(LIMIT * 3, 200));
});

test('with 0 there is no limit', async () => {
  await registry.restart({ requestsPerMinute: 0 });
  expect(await statuses(LIMIT * 5, ADMIN)).toEqual(times(LIMIT * 5, 200));
});
