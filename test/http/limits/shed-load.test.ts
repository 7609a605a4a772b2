// Load is shed before memory runs out: with a limit that any process is above.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/ports/clock.ts';
import { errorOf } from '../../support/artifacts.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';

const MESSAGE = 'the registry has hardly any memory left: try again in a moment';

describe.each([{ maximumHeap: 1 }, { maximumMemory: 1 }])('with %o', (limits) => {
  let registry: TestRegistry;
  const statusOf = async (method: string, path: string) => (await registry.request(method, path)).status;
  beforeAll(async () => {
    registry = await startRegistry({}, systemClock, { limits });
  });
  // Memory is looked at once a second.
  beforeEach(() => eventually(() => statusOf('GET', '/v2/')).toBe(503));
  afterAll(() => registry?.[Symbol.asyncDispose]());

  test.each([
    ['GET', '/v2/team/web/manifests/1.0.0'],
    ['PUT', '/v2/team/web/manifests/1.0.0'],
    ['POST', '/v2/team/web/blobs/uploads/'],
    ['GET', '/token'],
    ['GET', '/nothing'],
  ])('%s %s is refused with 503, and told to come again', async (method, path) => {
    const answer = await registry.request(method, path);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await errorOf(answer)).toEqual({ code: 'UNKNOWN', message: MESSAGE });
  });

  test('the management API and classic repositories say so in their own forms', async () => {
    const [problem, message] = await Promise.all([
      registry.request('GET', '/api/v1/whoami'),
      registry.request('GET', '/team/index.yaml'),
    ]);
    expect([problem.status, await problem.json()]).toMatchObject([503, { detail: MESSAGE }]);
    expect([message.status, await message.json()]).toEqual([503, { error: MESSAGE }]);
  });

  test('the process says that it lives, and that it is not ready', async () => {
    expect(await statusOf('GET', '/livez')).toBe(200);
    expect(await statusOf('HEAD', '/livez')).toBe(200);
    expect(await statusOf('GET', '/readyz')).toBe(503);
    expect(await statusOf('HEAD', '/readyz')).toBe(503);
    expect(await statusOf('HEAD', '/team/index.yaml')).toBe(503);
  });

  test('an upload that was begun can be ended', async () => {
    const answer = await registry.request('PUT', '/v2/team/web/blobs/uploads/none', { body: 'x' });
    expect(answer.status).toBe(400);
  });

  test('whether an artifact is there is still answered', async () => {
    expect(await statusOf('HEAD', '/v2/team/web/manifests/1.0.0')).toBe(404);
  });
});
