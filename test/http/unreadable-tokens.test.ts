// Bearer tokens that are none: whatever somebody makes up is refused, and never a failure of ours.
import { afterAll, expect, test } from 'vitest';
import { startRegistry } from '../support/start-registry.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

function part(text: string): string {
  return Buffer.from(text).toString('base64url');
}

test.each([
  ['a payload that is not JSON', [part('{"typ":"JWT","alg":"RS256"}'), part('not JSON'), 'AAAA'].join('.')],
  ['a payload of a text', [part('{"typ":"JWT","alg":"HS256"}'), part('"chartroom"'), 'AAAA'].join('.')],
  ['a payload of nothing', [part('{"typ":"JWT","alg":"RS256"}'), part('null'), 'AAAA'].join('.')],
  ['a header that is a text', [part('"alg"'), part('{"iss":"chartroom"}'), 'AAAA'].join('.')],
])('%s', async (_, token) => {
  const as = `Bearer ${token}`;
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  for (const answer of [
    await registry.request('GET', '/v2/', { as }),
    await registry.request('GET', '/token?scope=repository:team/web:pull', { as }),
    await registry.request('POST', '/token', { as: undefined, headers, body }),
    await registry.request('GET', '/api/v1/whoami', { as }),
    await registry.request('GET', '/v2/', { as: `any:${token}` }),
  ]) {
    expect([answer.status, await answer.text()]).toEqual([401, expect.any(String)]);
  }
});
