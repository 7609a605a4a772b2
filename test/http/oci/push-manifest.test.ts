// Pushing a manifest: what is accepted, byte for byte, and what is refused with its reason and leaves nothing behind.
import { once } from 'node:events';
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { descriptorOf, errorOf, pushBlob, putManifest } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, type Fields, imageManifest } from '../support/manifests.ts';
import { open, sendRaw, written } from '../support/raw-request.ts';
import { inPieces } from '../support/uploads.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const DIGEST = digestOf(Buffer.from('never pushed'));

async function read(repository: string, reference: string): Promise<string> {
  const answer = await registry.request('GET', `/v2/${repository}/manifests/${reference}`);
  expect(answer.status).toBe(200);
  return await answer.text();
}

/** Pushes what must be refused, by tag and by digest, and makes sure that nothing of it was kept. */
async function refusalOf(bytes: Buffer, mediaType: string = OCI_MANIFEST): Promise<{ code: string; message: string }> {
  const tagged = await putManifest(registry, 'refused', '1.0.0', bytes, { mediaType });
  const untagged = await putManifest(registry, 'refused', digestOf(bytes), bytes, { mediaType });
  expect([tagged.status, untagged.status]).toEqual([400, 400]);
  expect((await registry.request('GET', '/v2/refused/tags/list')).status).toBe(404);
  expect((await registry.request('GET', `/v2/refused/manifests/${digestOf(bytes)}`)).status).toBe(404);
  const refusal = await errorOf(tagged);
  expect(await errorOf(untagged)).toEqual(refusal);
  return refusal;
}

describe('a manifest', () => {
  test('is pushed by tag, and read by tag and digest', async () => {
    const bytes = bytesOf(await imageManifest(registry, 'team/web'));
    const answer = await putManifest(registry, 'team/web', 'latest', bytes);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v2/team/web/manifests/${digestOf(bytes)}`);
    expect(answer.headers.get('docker-content-digest')).toBe(digestOf(bytes));
    expect(answer.headers.get('oci-subject')).toBe(null);
    expect(answer.headers.get('oci-tag')).toBe(null);
    for (const reference of ['latest', digestOf(bytes)]) {
      expect(await read('team/web', reference)).toBe(bytes.toString());
    }
  });

  test.each(['sha256', 'sha512'] as const)('is pushed by its %s digest, without a tag', async (algorithm) => {
    const repository = `untagged/${algorithm}`;
    const bytes = bytesOf(await imageManifest(registry, repository));
    const digest = digestOf(bytes, algorithm);
    const answer = await putManifest(registry, repository, digest, bytes);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('docker-content-digest')).toBe(digest);
    expect(await read(repository, digest)).toBe(bytes.toString());
    const tags = await registry.request('GET', `/v2/${repository}/tags/list`);
    expect(await tags.json()).toEqual({ name: repository, tags: [] });
  });

  test('is kept byte for byte, with its spaces, unknown fields and unusual keys', async () => {
    const fields = await imageManifest(registry, 'exact', { 'x-new': { deep: ['ü😀'] } });
    const text = `\n${JSON.stringify(fields, null, '\t')}  \n`.replace(
      '"layers"',
      '"__proto__": {"a": 1e400, "b": 1.0}, "layers"',
    );
    await putManifest(registry, 'exact', '1', Buffer.from(text));
    expect(await read('exact', '1')).toBe(text);
  });

  test('can be pushed again', async () => {
    const bytes = bytesOf(await imageManifest(registry, 'again'));
    for (const reference of ['1', '1', digestOf(bytes), digestOf(bytes)]) {
      expect((await putManifest(registry, 'again', reference, bytes)).status).toBe(201);
    }
  });

  test('may come in pieces and without a length', async () => {
    const text = bytesOf(await imageManifest(registry, 'pieces')).toString();
    const answer = await registry.request('PUT', '/v2/pieces/manifests/1', {
      body: inPieces(text.slice(0, 50), text.slice(50)),
      headers: { 'content-type': OCI_MANIFEST },
    });
    expect(answer.status).toBe(201);
    expect(await read('pieces', '1')).toBe(text);
  });

  test('may leave out its mediaType, as helm does, or its Content-Type', async () => {
    const { mediaType: _, ...helms } = await imageManifest(registry, 'types');
    expect((await putManifest(registry, 'types', 'helm', bytesOf(helms))).status).toBe(201);
    const body = bytesOf(await imageManifest(registry, 'types')).toString();
    const headers = [`Content-Length: ${body.length}`];
    const answer = await sendRaw(registry.url, { method: 'PUT', target: '/v2/types/manifests/untyped', headers, body });
    expect(answer.status).toBe(201);
    const typed = await registry.request('HEAD', '/v2/types/manifests/untyped');
    expect(typed.headers.get('content-type')).toBe(OCI_MANIFEST);
  });

  test('may have parameters in its Content-Type, which are ignored', async () => {
    const bytes = bytesOf(await imageManifest(registry, 'types'));
    const mediaType = `${OCI_MANIFEST.replace('vnd', 'VND')}; charset=utf-8`;
    expect((await putManifest(registry, 'types', 'parameters', bytes, { mediaType })).status).toBe(201);
    const answer = await registry.request('HEAD', '/v2/types/manifests/parameters');
    expect(answer.headers.get('content-type')).toBe(OCI_MANIFEST);
  });

  test('may have no layers, and the same one twice', async () => {
    const { layers, ...rest } = await imageManifest(registry, 'layers');
    const twice = [...(layers as Fields[]), ...(layers as Fields[])];
    expect((await putManifest(registry, 'layers', 'none', bytesOf({ ...rest, layers: [] }))).status).toBe(201);
    expect((await putManifest(registry, 'layers', 'twice', bytesOf({ ...rest, layers: twice }))).status).toBe(201);
  });

  test('may name a subject that is not there, and the answer says that it was understood', async () => {
    const subject = { mediaType: OCI_MANIFEST, digest: DIGEST, size: 7 };
    const bytes = bytesOf(await imageManifest(registry, 'subject', { subject }));
    const answer = await putManifest(registry, 'subject', digestOf(bytes), bytes);
    expect([answer.status, answer.headers.get('oci-subject')]).toEqual([201, DIGEST]);
  });

  test('may be an index of manifests that are there, and of nothing at all', async () => {
    const image = bytesOf(await imageManifest(registry, 'index'));
    await putManifest(registry, 'index', digestOf(image), image);
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [descriptorOf(image, OCI_MANIFEST)] };
    const options = { mediaType: OCI_INDEX };
    expect((await putManifest(registry, 'index', 'all', bytesOf(index), options)).status).toBe(201);
    const empty = bytesOf({ ...index, manifests: [] });
    expect((await putManifest(registry, 'index', 'empty', empty, options)).status).toBe(201);
  });

  test('may name layers that by definition live elsewhere', async () => {
    const foreign = { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar', digest: DIGEST, size: 9 };
    const bytes = bytesOf(await imageManifest(registry, 'foreign', { layers: [foreign] }));
    expect((await putManifest(registry, 'foreign', '1', bytes)).status).toBe(201);
  });

  test.each([
    ['deeper than clients read', 30_000, 'it is nested deeper than 50 objects and lists'],
    ['deeper than any stack', 200_000, 'it has more than 40000 keys and items of lists'],
  ])('may not be nested %s', async (_how, depth, why) => {
    const fields = JSON.stringify(await imageManifest(registry, 'deep', { x: 'DEEP' }));
    const nested = fields.replace('"DEEP"', '['.repeat(depth) + ']'.repeat(depth));
    const answer = await putManifest(registry, 'deep', '1', Buffer.from(nested));
    expect(answer.status).toBe(400);
    expect(await errorOf(answer)).toEqual({ code: 'MANIFEST_INVALID', message: `the manifest is invalid: ${why}` });
  });
});

test('an index is refused when it says that one of its manifests has another size than it has', async () => {
  const child = bytesOf(await imageManifest(registry, 'sizes'));
  await putManifest(registry, 'sizes', digestOf(child), child);
  const manifests = [{ mediaType: OCI_MANIFEST, digest: digestOf(child), size: 999_999 }];
  const index = bytesOf({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  const answer = await putManifest(registry, 'sizes', 'index', index, { mediaType: OCI_INDEX });
  expect(answer.status).toBe(400);
  const { code, message } = await errorOf(answer);
  expect(code).toBe('MANIFEST_INVALID');
  expect(message).toContain(`has 999999 bytes, but it has ${child.length}`);
});

describe('a manifest is refused', () => {
  test('with the digest that it has, when the address says another', async () => {
    const bytes = bytesOf(await imageManifest(registry, 'refused'));
    const answer = await putManifest(registry, 'refused', DIGEST, bytes);
    expect(answer.status).toBe(400);
    expect(await errorOf(answer)).toEqual({
      code: 'DIGEST_INVALID',
      message: `the manifest that arrived has digest ${digestOf(bytes)}, the address says ${DIGEST}`,
    });
    for (const digest of [DIGEST, digestOf(bytes)]) {
      expect((await registry.request('GET', `/v2/refused/manifests/${digest}`)).status).toBe(404);
    }
  });

  test.each(['config', 'layers'])('naming the blob of its %s that the repository does not have', async (field) => {
    const missing = { mediaType: 'application/octet-stream', digest: DIGEST, size: 1 };
    const fields = await imageManifest(registry, 'refused', { [field]: field === 'layers' ? [missing] : missing });
    expect(await refusalOf(bytesOf(fields))).toEqual({
      code: 'MANIFEST_BLOB_UNKNOWN',
      message: `the manifest names blob ${DIGEST}, which refused does not have: push it first`,
    });
  });

  test('also when only another repository has its blob', async () => {
    const layer = Buffer.from('in another repository');
    await pushBlob(registry, 'elsewhere', layer);
    const layers = [descriptorOf(layer, 'application/octet-stream')];
    const { code, message } = await refusalOf(bytesOf(await imageManifest(registry, 'refused', { layers })));
    expect(code).toBe('MANIFEST_BLOB_UNKNOWN');
    expect(message).toContain(digestOf(layer));
  });

  test('when it says that a blob has another size than it has', async () => {
    const { layers, ...rest } = await imageManifest(registry, 'refused');
    const [layer] = layers as [Fields];
    const { code, message } = await refusalOf(bytesOf({ ...rest, layers: [{ ...layer, size: 8 }] }));
    expect(code).toBe('MANIFEST_INVALID');
    expect(message).toContain('has 8 bytes, but it has 7');
  });

  test('naming the manifest of an index that the repository does not have', async () => {
    const manifests = [{ mediaType: OCI_MANIFEST, digest: DIGEST, size: 1 }];
    const index = bytesOf({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    expect(await refusalOf(index, OCI_INDEX)).toEqual({
      code: 'MANIFEST_BLOB_UNKNOWN',
      message: `the manifest names manifest ${DIGEST}, which refused does not have: push it first`,
    });
  });

  test.each([
    ['nothing', ''],
    ['no JSON', 'not json'],
    ['half of it', '{"schemaVersion": 2, "config'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"manifest"'],
    ['a number', '2'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['brackets that never end', '['.repeat(500_000)],
    ['no fields', '{}'],
    ['fields of its prototype', '{"__proto__": {"schemaVersion": 2, "config": {}, "layers": []}}'],
  ])('that is %s', async (_what, text) => {
    expect((await refusalOf(Buffer.from(text))).code).toBe('MANIFEST_INVALID');
  });

  const GOOD = { mediaType: 'application/octet-stream', digest: DIGEST, size: 1 };
  test.each<[string, Fields, string]>([
    ['schemaVersion 1', { schemaVersion: 1 }, '"schemaVersion" must be 2'],
    ['schemaVersion "2"', { schemaVersion: '2' }, '"schemaVersion" must be 2'],
    ['no config', { config: undefined }, '"config" must be a descriptor'],
    ['config null', { config: null }, '"config" must be a descriptor'],
    ['a config that is a list', { config: [] }, '"config.mediaType" is missing'],
    ['no layers', { layers: undefined }, '"layers" must be a list of descriptors'],
    ['layers that are an object', { layers: { length: 1 } }, '"layers" must be a list of descriptors'],
    ['a layer that is null', { layers: [null] }, '"layers[0]" must be a descriptor'],
    ['a layer without a type', { layers: [{ ...GOOD, mediaType: '' }] }, '"layers[0].mediaType" is missing'],
    ['a layer without a digest', { layers: [{ ...GOOD, digest: 7 }] }, '"layers[0].digest" must be'],
    ['a path for a digest', { layers: [{ ...GOOD, digest: 'sha256:../../x' }] }, '"layers[0].digest" must be'],
    ['a negative size', { layers: [{ ...GOOD, size: -1 }] }, '"layers[0].size" must be'],
    ['a broken size', { layers: [{ ...GOOD, size: 1.5 }] }, '"layers[0].size" must be'],
    ['a size in quotes', { layers: [{ ...GOOD, size: '1' }] }, '"layers[0].size" must be'],
    ['a size beyond all numbers', { layers: [{ ...GOOD, size: 2 ** 53 }] }, '"layers[0].size" must be'],
    ['annotations that are a list', { annotations: ['a'] }, '"annotations" must be an object'],
    ['an annotation that is a number', { annotations: { 'a.b': 1 } }, 'annotation "a.b" must be a string'],
    ['an artifactType that is a number', { artifactType: 1 }, '"artifactType" must be a string'],
    ['a mediaType that is a number', { mediaType: 1 }, '"mediaType" must be a string'],
    ['a subject that is a text', { subject: 'sha256' }, '"subject" must be a descriptor'],
    ['a subject without a digest', { subject: { mediaType: 'a/b', size: 1 } }, '"subject.digest" must be'],
    ['manifests as well as layers', { manifests: [] }, 'it has "manifests" as an index, and "config" or "layers"'],
  ])('for %s', async (_what, fields, why) => {
    const { code, message } = await refusalOf(bytesOf(await imageManifest(registry, 'refused', fields)));
    expect(code).toBe('MANIFEST_INVALID');
    expect(message).toContain(why);
  });

  test('when an index has the fields of an image', async () => {
    const { config } = await imageManifest(registry, 'refused');
    const bytes = bytesOf({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], config });
    expect((await refusalOf(bytes, OCI_INDEX)).message).toContain('it has "manifests" as an index');
  });

  test('when its mediaType and its Content-Type differ', async () => {
    const fields = await imageManifest(registry, 'refused', { mediaType: OCI_INDEX });
    const { code, message } = await refusalOf(bytesOf(fields));
    expect(code).toBe('MANIFEST_INVALID');
    expect(message).toContain(`Content-Type is "${OCI_MANIFEST}", its "mediaType" is "${OCI_INDEX}"`);
  });

  test('when nothing says what it is', async () => {
    const { mediaType: _, ...fields } = await imageManifest(registry, 'refused');
    const body = JSON.stringify(fields);
    const headers = [`Content-Length: ${body.length}`];
    const answer = await sendRaw(registry.url, { method: 'PUT', target: '/v2/refused/manifests/1', headers, body });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('neither a Content-Type nor a \\"mediaType\\" says what it is');
  });

  test.each(['application/json', 'text/plain', 'application/vnd.example.manifest.v1+json'])(
    'when it is of a type that is no manifest: %s',
    async (mediaType) => {
      const { mediaType: _, ...fields } = await imageManifest(registry, 'refused');
      const { code, message } = await refusalOf(bytesOf(fields), mediaType);
      expect(code).toBe('MANIFEST_INVALID');
      expect(message).toContain(`"${mediaType}" is not a manifest type that Chartroom takes`);
    },
  );

  test.each(['.a', '-a', 'a b', 'a+b', 'a,b', 'a@b', 'ü', 'x'.repeat(129), '%00', '..', 'a/b'])(
    'under something that is no tag: %s',
    async (tag) => {
      const body = JSON.stringify(await imageManifest(registry, 'refused'));
      // The tag is "..", not the folder above.
      const target = `/v2/refused/manifests/${encodeURIComponent(decodeURIComponent(tag)).replaceAll('.', '%2e')}`;
      const headers = [`Content-Length: ${body.length}`, `Content-Type: ${OCI_MANIFEST}`];
      const answer = await sendRaw(registry.url, { method: 'PUT', target, headers, body });
      expect(answer.status).toBe(400);
      expect(answer.body).toContain('is not a tag');
      expect((await registry.request('GET', '/v2/refused/tags/list')).status).toBe(404);
    },
  );

  test.each(['_', 'A', '0', 'v1.2.3-rc.1_build', 'x'.repeat(128)])('but not under the tag %s', async (tag) => {
    const bytes = bytesOf(await imageManifest(registry, 'tags'));
    expect((await putManifest(registry, 'tags', tag, bytes)).status).toBe(201);
    expect(await read('tags', tag)).toBe(bytes.toString());
  });

  test('when its body ends early, and nothing is kept', async () => {
    const body = JSON.stringify(await imageManifest(registry, 'early'));
    const headers = [`Content-Length: ${body.length + 10}`, `Content-Type: ${OCI_MANIFEST}`];
    const socket = await open(registry.url);
    socket.end(written({ method: 'PUT', target: '/v2/early/manifests/1', headers, body }));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    expect((await registry.request('GET', '/v2/early/tags/list')).status).toBe(404);
  });
});
