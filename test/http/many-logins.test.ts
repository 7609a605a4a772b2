// Many logins at once: what is beyond the registry's strength is refused for a second, in the OCI form.
import { afterAll, expect, test } from 'vitest';
import { errorOf } from '../support/artifacts.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

test.each(['/v2/', '/token', '/v2/team/web/tags/list'])('at %s', async (path) => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => registry.request('GET', path, { as: `admin:guess-${path}-${index}` })),
  );
  const refused = answers.filter((answer) => answer.status === 429);
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401, 429]));
  for (const answer of refused) {
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await errorOf(answer)).toEqual({
      code: 'TOOMANYREQUESTS',
      message: 'too many passwords are being checked: try again in a second',
    });
  }
  expect((await registry.request('GET', '/v2/', { as: ADMIN })).status).toBe(200);
});
