// What readers ask again and again is confirmed in a few bytes, as long as the answer is the same.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { publish, putNotice, setNamespace } from './support/charts.ts';
import { addUser } from './support/people.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
let ann = '';

const WEB = '/charts/open/web';
const READS = [
  '/charts',
  '/charts?limit=1',
  '/charts/-/namespaces',
  ...['', '/-/versions', '/-/versions?range=^1', '/-/versions/1.0.0', '/-/versions/1.0.0/files'].map(
    (rest) => `${WEB}${rest}`,
  ),
  ...['/-/versions/1.0.0/files/values.yaml', '/-/versions/1.0.0/dependencies', '/-/resolve'].map(
    (rest) => `${WEB}${rest}`,
  ),
  ...['/-/compare?from=1.0.0&to=1.1.0', '/-/dependents', '/-/pulls'].map((rest) => `${WEB}${rest}`),
];

beforeAll(async () => {
  ann = await addUser(registry, 'ann', { private: 'reader' });
  await setNamespace(registry, { path: 'open', visibility: 'public' });
  for (const version of ['1.0.0', '1.1.0']) await publish(registry, 'open/web', version);
  await publish(registry, 'private/web', '1.0.0');
});

async function read(path: string, etag?: string, as?: string) {
  return await api.send('GET', path, { as, headers: etag === undefined ? {} : { 'if-none-match': etag } });
}

test.each(READS)('has an entity tag, and is not sent to who has it: %s', async (path) => {
  const first = await read(path);
  const etag = first.headers.get('etag') ?? '';
  expect([first.status, etag]).toEqual([200, expect.stringMatching(/^"[\w:-]{20,}"$/)]);
  const again = await read(path, etag);
  expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
  expect([again.headers.get('content-length'), again.headers.get('content-type')]).toEqual([null, null]);
  for (const answer of [first, again]) {
    expect([answer.headers.get('cache-control'), answer.headers.get('vary')]).toEqual([
      'private, no-cache',
      'Authorization',
    ]);
  }
  for (const known of ['"another"', `W/${etag}, "x"`, '*']) {
    expect([known, (await read(path, known)).status]).toEqual([known, known === '"another"' ? 200 : 304]);
  }
});

describe('a tag ends', () => {
  test('with a version that is published, yanked or taken back', async () => {
    const path = `${WEB}/-/resolve?range=^1`;
    const tags = [(await read(path)).headers.get('etag')];
    await publish(registry, 'open/web', '1.2.0');
    tags.push((await read(path)).headers.get('etag'));
    await putNotice(registry, 'open/web', '1.2.0', { kind: 'yanked' });
    tags.push((await read(path)).headers.get('etag'));
    expect(tags[0]).toBe(tags[2]);
    expect(tags[1]).not.toBe(tags[0]);
    expect((await read(path, tags[1] ?? '')).status).toBe(200);
  });

  test('with what the reader may read', async () => {
    const [nobody, reader] = [await read('/charts'), await read('/charts', undefined, ann)];
    expect(nobody.headers.get('etag')).not.toBe(reader.headers.get('etag'));
    expect((await read('/charts', reader.headers.get('etag') ?? '')).status).toBe(200);
    expect((await read('/charts', reader.headers.get('etag') ?? '', ann)).status).toBe(304);
  });
});

test('a refusal has none, and is not hidden behind one', async () => {
  for (const path of [`${WEB}/-/versions/9.0.0`, '/charts/open/none', `${WEB}/-/resolve?range=latest`]) {
    const answer = await read(path, '*');
    expect([answer.status >= 400, answer.headers.get('etag'), answer.headers.get('cache-control')]).toEqual([
      true,
      null,
      'no-store',
    ]);
  }
  expect((await read('/charts/private/web', '*')).status).toBe(401);
});

test('what is managed has none, and what is sent to be checked', async () => {
  const checked = await api.send('POST', '/lock-check', { body: { lock: '' }, headers: { 'if-none-match': '*' } });
  expect([checked.status, checked.headers.get('etag')]).toEqual([200, null]);
  const answer = await api.send('GET', '/users', { headers: { 'if-none-match': '*' } });
  expect([answer.status, answer.headers.get('etag'), answer.headers.get('cache-control')]).toEqual([
    200,
    null,
    'no-store',
  ]);
});
