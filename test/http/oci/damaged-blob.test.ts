// A blob that the disk has damaged: nobody gets its bytes, everybody is told what to do, and a push of the same content heals it.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { errorOf, prepareChart, pushBlob, pushChart, putManifest } from '../../support/artifacts.ts';
import { blobPath } from '../../support/blob-path.ts';
import { MANAGER } from '../../support/manager.ts';
import { ADMIN, startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { imageManifest } from '../support/manifests.ts';

const CHART = { name: 'web', version: '1.0.0', provenance: 'signed' };
const MESSAGE =
  /^blob sha256:[a-f0-9]{64} was damaged or lost in the registry's store.*push the same content again.*backup/;

let registry: TestRegistry;
let archive: Buffer;
let manifest: Buffer;
let path: string;
beforeEach(async () => {
  registry = await startRegistry();
  const prepared = await prepareChart(registry, 'team/web', CHART);
  await putManifest(registry, 'team/web', '1.0.0', prepared.manifest);
  [archive, manifest] = [prepared.archive, prepared.manifest];
  path = `/v2/team/web/blobs/${digestOf(archive)}`;
});
afterEach(() => registry[Symbol.asyncDispose]());

/** The disk cuts it short, and somebody reads it. */
async function damage(bytes = archive, repository = 'team/web'): Promise<void> {
  await spoil(bytes);
  const answer = await registry.request('GET', `/v2/${repository}/blobs/${digestOf(bytes)}`);
  expect(answer.status).toBe(410);
}

async function spoil(bytes: Buffer): Promise<void> {
  await writeFile(fileOf(bytes), bytes.subarray(1));
}

function fileOf(bytes: Buffer): string {
  return blobPath(registry.dataDir, digestOf(bytes));
}

async function tokenFor(actions: string): Promise<string> {
  const answer = await registry.request('GET', `/token?scope=repository:team/web:${actions}`);
  return `Bearer ${((await answer.json()) as { readonly token: string }).token}`;
}

async function status(method: string, target: string, as = ADMIN): Promise<number> {
  return (await registry.request(method, target, { as })).status;
}

describe('reading it', () => {
  test('GET says what happened and what heals it; HEAD that it is not there', async () => {
    await damage();
    for (const headers of [{}, { range: 'bytes=0-3' }, { 'if-none-match': '*' }]) {
      const answer = await registry.request('GET', path, { headers });
      const { code, message } = await errorOf(answer);
      expect([answer.status, code]).toEqual([410, 'BLOB_UNKNOWN']);
      expect(message).toMatch(MESSAGE);
    }
    expect(await status('HEAD', path)).toBe(404);
  });

  test.each([
    ['a bit of a chart', () => archive],
    ['a bit of a blob of 1 MiB', () => Buffer.alloc(1024 * 1024, 'a')],
  ])('%s is found before a byte of it is sent, when all of it is asked for', async (_what, original) => {
    const bytes = original();
    const digest = await pushBlob(registry, 'team/web', bytes);
    const spoiled = Buffer.from(bytes);
    spoiled.writeUInt8(spoiled.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(fileOf(bytes), spoiled);
    const target = `/v2/team/web/blobs/${digest}`;
    expect((await registry.request('GET', target, { headers: { range: 'bytes=0-3' } })).status).toBe(206);
    const answer = await registry.request('GET', target);
    expect([answer.status, (await errorOf(answer)).message]).toEqual([410, expect.stringMatching(MESSAGE)]);
    expect((await registry.request('GET', target, { headers: { range: 'bytes=0-3' } })).status).toBe(410);
  });

  test('a folder in the place of its file is no failure', async () => {
    await rm(fileOf(archive));
    await mkdir(fileOf(archive));
    expect([await status('GET', path), await status('GET', '/team/charts/web-1.0.0.tgz')]).toEqual([410, 410]);
    await pushBlob(registry, 'team/web', archive);
    expect(await status('GET', path)).toBe(200);
  });

  test('the classic repository says the same of the archive and of the provenance file, and lists the chart', async () => {
    await damage();
    const answer = await registry.request('GET', '/team/charts/web-1.0.0.tgz');
    expect([answer.status, await answer.text()]).toEqual([410, expect.stringMatching(/was damaged or lost/)]);
    expect(await status('HEAD', '/team/charts/web-1.0.0.tgz')).toBe(404);
    expect(await status('GET', '/team/charts/web-1.0.0.tgz.prov')).toBe(200);
    const index = await registry.request('GET', '/team/index.yaml');
    expect(await index.text()).toContain('web-1.0.0.tgz');
  });

  test('the chart API tells what it knows, why it cannot show the rest, and shows it once it is healed', async () => {
    await spoil(archive);
    const version = '/api/v1/charts/team/web/-/versions/1.0.0';
    const shown = async () => (await (await registry.request('GET', version)).json()) as Record<string, unknown>;
    expect(await shown()).toMatchObject({
      version: '1.0.0',
      contents: null,
      contentsProblem: expect.stringMatching(MESSAGE),
    });
    expect(await status('GET', `${version}/files`)).toBe(404);
    await rm(fileOf(archive));
    expect(await shown()).toMatchObject({ contents: null, contentsProblem: expect.stringMatching(MESSAGE) });
    await pushBlob(registry, 'team/web', archive);
    expect(await shown()).toMatchObject({ contents: expect.anything(), contentsProblem: null });
    expect(await status('GET', `${version}/files`)).toBe(200);
  });

  test('a damaged provenance file is told of as such', async () => {
    const { layers } = JSON.parse(manifest.toString()) as { readonly layers: readonly { readonly digest: Digest }[] };
    const provenance = layers.find(({ digest }) => digest !== digestOf(archive));
    if (!provenance) throw new Error('the chart has no provenance file');
    await rm(blobPath(registry.dataDir, provenance.digest));
    const answer = await registry.request('GET', '/api/v1/charts/team/web/-/versions/1.0.0');
    expect([answer.status, JSON.stringify(await answer.json())]).toEqual([
      200,
      expect.stringMatching(/was damaged or lost/),
    ]);
  });

  test('the audit trail has it, with who needs it, and that it is healed', async () => {
    await damage();
    await damage();
    await pushBlob(registry, 'other/web', archive);
    const answer = await registry.request('GET', '/api/v1/audit?kind=blob');
    expect(await answer.json()).toMatchObject({
      items: [
        { kind: 'blob.healed', repository: 'team/web', detail: { by: 'push', tags: ['1.0.0'] } },
        { kind: 'blob.healed', repository: 'other/web', detail: { by: 'push', tags: [] } },
        { kind: 'blob.damaged', repository: 'team/web', detail: { damage: 'size', tags: ['1.0.0'] } },
      ],
    });
  });
});

describe('pushing', () => {
  test('the same content heals it for every repository that has it', async () => {
    await pushChart(registry, 'other/web', CHART);
    await damage();
    expect(await status('HEAD', `/v2/other/web/blobs/${digestOf(archive)}`)).toBe(404);
    await pushBlob(registry, 'other/web', archive);
    for (const repository of ['team/web', 'other/web']) {
      const answer = await registry.request('GET', `/v2/${repository}/blobs/${digestOf(archive)}`);
      expect(Buffer.from(await answer.arrayBuffer()).equals(archive)).toBe(true);
    }
    expect((await putManifest(registry, 'team/web', '1.0.0', manifest)).status).toBe(201);
  });

  test('it is mounted nowhere: the client is asked to upload it', async () => {
    await damage();
    for (const from of ['&from=team/web', '']) {
      const answer = await registry.request('POST', `/v2/new/blobs/uploads/?mount=${digestOf(archive)}${from}`);
      expect(answer.status).toBe(202);
    }
    expect(await status('HEAD', `/v2/new/blobs/${digestOf(archive)}`)).toBe(404);
  });

  test('no manifest that needs it is taken, known or new', async () => {
    const layer = Buffer.from('a layer');
    const fields = await imageManifest(registry, 'team/art');
    await damage(layer, 'team/art');
    await damage();
    for (const [repository, tag, bytes] of [
      ['team/web', '1.0.0', manifest],
      ['team/art', 'latest', Buffer.from(JSON.stringify(fields))],
    ] as const) {
      const answer = await putManifest(registry, repository, tag, bytes);
      const { code, message } = await errorOf(answer);
      expect([answer.status, code]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
      expect(message).toMatch(/whose bytes were damaged or lost in the registry's store: push the blob again first$/);
    }
  });

  test('an archive whose bytes are missing when it is to be inspected is found out, and asked for again', async () => {
    const { manifest: next, archive: bytes } = await prepareChart(registry, 'team/web', {
      name: 'web',
      version: '2.0.0',
    });
    await rm(fileOf(bytes));
    const target = `/v2/team/web/blobs/${digestOf(bytes)}`;
    expect(await status('HEAD', target)).toBe(200);
    const answer = await putManifest(registry, 'team/web', '2.0.0', next);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect(await status('HEAD', target)).toBe(404);
    await pushBlob(registry, 'team/web', bytes);
    expect((await putManifest(registry, 'team/web', '2.0.0', next)).status).toBe(201);
  });

  test('who may push does not find its manifest by digest, and so pushes the blob; everybody else does', async () => {
    const byDigest = `/v2/team/web/manifests/${digestOf(manifest)}`;
    expect(await status('HEAD', byDigest)).toBe(200);
    await damage();
    expect([await status('HEAD', byDigest), await status('GET', byDigest)]).toEqual([404, 200]);
    expect(await status('HEAD', '/v2/team/web/manifests/1.0.0')).toBe(200);
    await registry.accounts.namespaces.setVisibility({ path: 'team', visibility: 'public' }, MANAGER);
    expect((await registry.request('HEAD', byDigest, { as: undefined })).status).toBe(200);
    await pushBlob(registry, 'team/web', archive);
    expect(await status('HEAD', byDigest)).toBe(200);
  });

  test('crane and regctl ask for its tag before they push, with a token for pushing: they do not find it; who pulls does', async () => {
    const byTag = '/v2/team/web/manifests/1.0.0';
    const [pushing, pulling] = [await tokenFor('pull,push'), await tokenFor('pull')];
    expect([await status('HEAD', byTag, pushing), await status('HEAD', byTag, pulling)]).toEqual([200, 200]);
    await damage();
    expect([await status('HEAD', byTag, pushing), await status('GET', byTag, pushing)]).toEqual([404, 200]);
    expect([await status('HEAD', byTag, pulling), await status('HEAD', byTag)]).toEqual([200, 200]);
    await pushBlob(registry, 'team/web', archive);
    expect(await status('HEAD', byTag, pushing)).toBe(200);
  });
});

test('of many who read it at once, all are told, and it is recorded once', async () => {
  await spoil(archive);
  const statuses = await Promise.all(Array.from({ length: 20 }, () => status('GET', path)));
  expect(new Set(statuses)).toEqual(new Set([410]));
  const answer = await registry.request('GET', '/api/v1/audit?kind=blob');
  expect(((await answer.json()) as { items: unknown[] }).items).toHaveLength(1);
});

test('readers and pushes at once: in the end the content is there, byte for byte', async () => {
  for (let round = 0; round < 10; round += 1) {
    await spoil(archive);
    await Promise.all([status('GET', path), pushBlob(registry, 'team/web', archive), status('GET', path)]);
    await pushBlob(registry, 'team/web', archive);
    const answer = await registry.request('GET', path);
    expect(Buffer.from(await answer.arrayBuffer()).equals(archive)).toBe(true);
  }
});
