// Search engines are told to leave.
import { expect, test } from 'vitest';
import { startRegistry } from '../support/start-registry.ts';

test('robots.txt has every crawler stay away, and is for everybody', async () => {
  await using registry = await startRegistry();
  for (const as of [undefined, 'admin:wrong']) {
    const answer = await registry.request('GET', '/robots.txt', { as });
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      ...[200, 'text/plain', 'User-agent: *\nDisallow: /\n'],
    ]);
  }
});
