// Mounting: a repository gets a blob that another one has, without a transfer, if the caller may read that one.
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { errorOf, pushBlob } from '../../support/artifacts.ts';
import { AUTHOR, MANAGER } from '../../support/manager.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { addMember, tokenFor } from '../support/members.ts';
import { storedFiles } from '../support/stored-files.ts';
import { finish } from '../support/uploads.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const CONTENT = Buffer.from('to be mounted');
const DIGEST = digestOf(CONTENT);
await pushBlob(registry, 'source/web', CONTENT);
await registry.accounts.namespaces.setVisibility({ path: 'public', visibility: 'public' }, MANAGER);
/** May push to `target`, and read nothing else. */
const ci = await addMember(registry, 'ci', { role: 'writer', namespace: 'target' });
/** May push to `target`, and read `source`. */
const both = await addMember(registry, 'both', { role: 'writer', namespace: 'target' });
await registry.accounts.grants.put({ holder: 'user', name: 'both', role: 'reader', namespace: 'source' }, AUTHOR);

async function mount(target: string, query: string, as?: string): Promise<Response> {
  return await registry.request('POST', `/v2/${target}/blobs/uploads/?mount=${query}`, as ? { as } : {});
}

test('a blob is mounted from the repository that is named', async () => {
  const files = await storedFiles(registry);
  const answer = await mount('target/named', `${DIGEST}&from=source/web`);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('location')).toBe(`/v2/target/named/blobs/${DIGEST}`);
  expect(answer.headers.get('docker-content-digest')).toBe(DIGEST);
  expect(await (await registry.request('GET', `/v2/target/named/blobs/${DIGEST}`)).text()).toBe('to be mounted');
  expect(await storedFiles(registry)).toEqual(files);
});

test('without a repository it is mounted from any that the caller may read', async () => {
  expect((await mount('target/any', DIGEST, both)).status).toBe(201);
  expect((await registry.request('HEAD', `/v2/target/any/blobs/${DIGEST}`)).status).toBe(200);
});

test('an empty POST that says it is JSON mounts as well, as crane sends it', async () => {
  const answer = await registry.request(
    'POST',
    `/v2/target/crane/blobs/uploads/?mount=${DIGEST}&from=source/web&origin=x`,
    {
      headers: { 'content-type': 'application/json' },
    },
  );
  expect(answer.status).toBe(201);
});

test('a blob can be mounted where it is already', async () => {
  expect((await mount('source/web', `${DIGEST}&from=source/web`)).status).toBe(201);
});

test('a blob that was mounted stays when it is deleted where it came from', async () => {
  const digest = await pushBlob(registry, 'source/short', Buffer.from('short'));
  await mount('target/long', `${digest}&from=source/short`);
  expect((await registry.request('DELETE', `/v2/source/short/blobs/${digest}`)).status).toBe(202);
  expect((await registry.request('HEAD', `/v2/source/short/blobs/${digest}`)).status).toBe(404);
  expect((await registry.request('HEAD', `/v2/target/long/blobs/${digest}`)).status).toBe(200);
});

test('when the named repository does not have it, an upload begins that takes the blob', async () => {
  const bytes = Buffer.from('nobody has this');
  const answer = await mount('target/upload', `${digestOf(bytes)}&from=source/web`);
  expect(answer.status).toBe(202);
  const location = answer.headers.get('location') ?? '';
  expect((await finish(registry, location, digestOf(bytes), { body: bytes })).status).toBe(201);
});

test('when nobody has it, an upload begins', async () => {
  expect((await mount('target/upload', digestOf(Buffer.from('nobody has this either')))).status).toBe(202);
});

test('a token for the target alone is answered with a challenge for both, and a token for both mounts', async () => {
  const narrow = await tokenFor(registry, both, 'repository:target/token:pull,push');
  const answer = await mount('target/token', `${DIGEST}&from=source/web`, narrow);
  expect(answer.status).toBe(401);
  const scope = 'repository:target/token:pull,push repository:source/web:pull';
  const host = new URL(registry.url).host;
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer realm="http://${host}/token",service="${host}",scope="${scope}",error="insufficient_scope"`,
  );
  const wide = await tokenFor(registry, both, scope);
  expect((await mount('target/token', `${DIGEST}&from=source/web`, wide)).status).toBe(201);
});

test('without a repository, only what the token covers or what is public is mounted, and nothing else is named', async () => {
  const bytes = Buffer.from('in three places');
  const digest = await pushBlob(registry, 'source/covered', bytes);
  const scope = 'repository:target/anywhere:pull,push';
  const narrow = await tokenFor(registry, both, scope);
  const answer = await mount('target/anywhere', digest, narrow);
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([202, null]);
  expect(
    (await finish(registry, answer.headers.get('location') ?? '', digest, { as: narrow, body: bytes })).status,
  ).toBe(201);
  const wide = await tokenFor(registry, both, 'repository:target/wide:pull,push', 'repository:source/covered:pull');
  expect((await mount('target/wide', digest, wide)).status).toBe(201);
  await pushBlob(registry, 'public/anywhere', bytes);
  const again = await tokenFor(registry, both, 'repository:target/public:pull,push');
  expect((await mount('target/public', digest, again)).status).toBe(201);
});

test('what is public needs no scope of the token', async () => {
  await pushBlob(registry, 'public/web', CONTENT);
  const narrow = await tokenFor(registry, ci, 'repository:target/public:pull,push');
  expect((await mount('target/public', `${DIGEST}&from=public/web`, narrow)).status).toBe(201);
});

test('a source that the caller may not read is answered as one that does not exist: an upload begins', async () => {
  await pushBlob(registry, 'secret/web', Buffer.from('secret'));
  const digest = digestOf(Buffer.from('secret'));
  for (const as of [ci, await tokenFor(registry, ci, 'repository:target/web:pull,push')]) {
    const [hidden, missing, anywhere] = [
      await mount('target/web', `${digest}&from=secret/web`, as),
      await mount('target/web', `${digest}&from=absent/web`, as),
      await mount('target/web', digest, as),
    ];
    for (const answer of [hidden, missing, anywhere]) {
      expect(answer.status).toBe(202);
      expect(answer.headers.get('docker-content-digest')).toBe(null);
    }
  }
  expect((await registry.request('HEAD', `/v2/target/web/blobs/${digest}`)).status).toBe(404);
});

test('whoever may not push to the target may not mount to it', async () => {
  const answer = await mount('source/web', `${DIGEST}&from=source/web`, both);
  expect([answer.status, (await errorOf(answer)).code]).toEqual([403, 'DENIED']);
});

test.each(['', 'sha256:abc', `md5:${'a'.repeat(32)}`, '..%2Fchartroom.db'])(
  'mounting something that is no digest is refused: "%s"',
  async (digest) => {
    const answer = await mount('target/web', `${digest}&from=source/web`);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'DIGEST_INVALID']);
  },
);

test.each(['UPPER', '..', 'a/../b', '%00'])(
  'mounting from something that is no repository is refused: %s',
  async (from) => {
    const answer = await mount('target/web', `${DIGEST}&from=${from}`);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'NAME_INVALID']);
  },
);
