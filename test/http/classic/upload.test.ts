// Charts that are uploaded the classic way: what becomes of them, and what they are refused for.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configBlobOf, manifestOf } from '../../../src/charts/helm-manifest.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { pushChart } from '../../support/artifacts.ts';
import { buildChart } from '../../support/chart-builder.ts';
import { TestClock } from '../../support/clock.ts';
import { MANAGER } from '../../support/manager.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { addMember, tokenFor } from '../support/members.ts';
import { storedFiles } from '../support/stored-files.ts';
import { archiveOf, indexOf, refusalOf, signed, upload, uploadForm } from './support/uploads.ts';

const clock = new TestClock('2026-11-23T10:02:33.500Z');
const WEB = { name: 'web', version: '1.0.0' };

function sizedBlob(bytes: Uint8Array) {
  return { digest: digestOf(bytes), size: bytes.length };
}

describe('an upload', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({}, clock);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  async function manifest(repository: string, tag: string): Promise<Buffer> {
    const answer = await registry.request('GET', `/v2/${repository}/manifests/${tag}`);
    expect(answer.status).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  }

  test('as the body of a request is published with the manifest that helm push makes of the file', async () => {
    const { archive, metadata } = await buildChart({
      ...WEB,
      version: '1.0.0+7',
      metadata: { description: 'A <web>' },
    });
    const answer = await registry.request('POST', '/api/team/charts', { body: archive });
    expect([answer.status, await answer.json()]).toEqual([201, { saved: true }]);
    const expected = manifestOf({
      metadata,
      config: sizedBlob(configBlobOf(metadata)),
      content: sizedBlob(archive),
      provenance: undefined,
      created: Date.parse('2026-11-23T10:02:33Z'),
    });
    expect((await manifest('team/web', '1.0.0_7')).toString()).toBe(Buffer.from(expected).toString());
    const blob = await registry.request('GET', `/v2/team/web/blobs/${digestOf(archive)}`);
    expect(Buffer.from(await blob.arrayBuffer())).toEqual(archive);
    const config = await registry.request('GET', `/v2/team/web/blobs/${digestOf(configBlobOf(metadata))}`);
    expect(await config.text()).toBe(Buffer.from(configBlobOf(metadata)).toString());
  });

  test.each([
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'application/gzip',
    'application/json',
    'text/plain; charset=utf-8',
  ])('may have any type: %s', async (type) => {
    const chart = { name: `type-${type.replace(/[^a-z]+/g, '-')}-x`, version: '1.0.0' };
    expect(
      (await upload(registry, 'types', chart, { body: await archiveOf(chart), headers: { 'content-type': type } }))
        .status,
    ).toBe(201);
  });

  test('may come in pieces, without a length', async () => {
    const archive = await archiveOf({ name: 'pieces', version: '1.0.0' });
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < archive.length; at += 50) controller.enqueue(archive.subarray(at, at + 50));
        controller.close();
      },
    });
    expect((await registry.request('POST', '/api/charts', { body })).status).toBe(201);
    expect(Object.keys(await indexOf(registry, '/index.yaml'))).toContain('pieces');
  });

  test('may be a form with the file "chart", among others', async () => {
    const archive = await archiveOf({ name: 'form', version: '1.0.0' });
    const files = { force: Buffer.from('true'), chart: archive, notes: Buffer.alloc(300_000) };
    const answer = await uploadForm(registry, '/api/team/charts', files);
    expect([answer.status, await answer.json()]).toEqual([201, { saved: true }]);
    expect(Object.keys(await indexOf(registry, '/team/index.yaml'))).toContain('form');
  });

  test('with a provenance file has it as a layer, as helm push has it, in whatever order they come', async () => {
    for (const [name, order] of [
      ['signed', ['chart', 'prov']],
      ['signed-first', ['prov', 'chart']],
    ] as const) {
      const files = await signed({ name, version: '1.0.0' });
      const ordered = Object.fromEntries(order.map((field) => [field, files[field]]));
      expect((await uploadForm(registry, '/api/team/charts', ordered)).status).toBe(201);
      const { layers } = JSON.parse((await manifest(`team/${name}`, '1.0.0')).toString()) as {
        layers: readonly { mediaType: string; digest: string }[];
      };
      expect(layers.find(({ mediaType }) => mediaType.endsWith('.prov'))?.digest).toBe(digestOf(files.prov));
    }
  });

  test('warns of what a push warns of', async () => {
    const answer = await upload(registry, 'team', { name: 'lenient', version: 'v1.0' });
    expect([answer.status, answer.headers.get('warning')]).toEqual([201, expect.stringContaining('no version range')]);
  });

  test('is in the audit trail as a push is', async () => {
    await upload(registry, 'audited', WEB);
    const answer = await registry.request('GET', '/api/v1/audit?repository=audited/web');
    const { items } = (await answer.json()) as { items: readonly { kind: string; actor: string }[] };
    expect(items.map(({ kind, actor }) => `${kind} ${actor}`)).toContain('chart.published admin');
  });
});

describe('the same version again', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({}, clock);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test('with the same content is fine, changes nothing, and leaves nothing behind', async () => {
    await upload(registry, 'again', WEB);
    const before = await registry.request('GET', '/v2/again/web/manifests/1.0.0');
    const stored = await storedFiles(registry);
    clock.advance(60_000);
    for (const namespace of ['again', 'again']) expect((await upload(registry, namespace, WEB)).status).toBe(201);
    const after = await registry.request('GET', '/v2/again/web/manifests/1.0.0');
    expect(after.headers.get('docker-content-digest')).toBe(before.headers.get('docker-content-digest'));
    expect(await storedFiles(registry)).toEqual(stored);
  });

  test('pushed by helm first and uploaded then, or the other way round, is fine', async () => {
    await pushChart(registry, 'both/web', WEB);
    expect((await upload(registry, 'both', WEB)).status).toBe(201);
    const next = { ...WEB, version: '1.1.0' };
    await upload(registry, 'both', next);
    // In the order in which helm writes it.
    const config: unknown = JSON.parse(Buffer.from(configBlobOf((await buildChart(next)).metadata)).toString());
    expect((await pushChart(registry, 'both/web', { ...next, config })).status).toBe(201);
  });

  test.each(['', '?force', '?force=true'])('with other content is refused as everywhere: "%s"', async (query) => {
    await upload(registry, 'other', WEB);
    const stored = await storedFiles(registry);
    const body = await archiveOf({ ...WEB, files: { 'a.txt': 'changed' } });
    const answers = [
      await registry.request('POST', `/api/other/charts${query}`, { body }),
      await uploadForm(registry, `/api/other/charts${query}`, { chart: body }),
    ];
    for (const answer of answers) {
      expect(await refusalOf(answer)).toEqual([
        409,
        expect.stringMatching(
          /^web 1\.0\.0 is already published in other \(2026-11-23 10:\d\d UTC by admin, sha256:\w{12}…\) and published versions never change: raise "version" in Chart\.yaml and push again$/,
        ),
      ]);
    }
    expect(await storedFiles(registry)).toEqual(stored);
  });

  test('replaces the one before where the setting leaves such versions free', async () => {
    await using free = await startRegistry({ fixedChartTags: ['*', '!*-dev'] });
    const dev = { ...WEB, version: '1.0.0-dev' };
    await upload(free, 'team', dev);
    const changed = await archiveOf({ ...dev, files: { 'a.txt': 'changed' } });
    expect((await free.request('POST', '/api/team/charts', { body: changed })).status).toBe(201);
    const answer = await free.request('GET', '/team/charts/web-1.0.0-dev.tgz');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(changed);
  });

  test('of 20 racing uploads of different content one wins', async () => {
    const racing = Array.from({ length: 20 }, (_, index) =>
      upload(registry, 'race', { ...WEB, files: { 'a.txt': `${index}` } }),
    );
    const statuses = (await Promise.all(racing)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  });

  test('under the file name of another chart is refused', async () => {
    await upload(registry, 'names', { name: 'web-1.0.0', version: '2.0.0' });
    const answer = await upload(registry, 'names', { name: 'web', version: '1.0.0-2.0.0' });
    expect(await refusalOf(answer)).toEqual([
      409,
      expect.stringContaining('would both be the file web-1.0.0-2.0.0.tgz'),
    ]);
  });
});

describe('what is no chart is refused', () => {
  let registry: TestRegistry;
  let before: readonly string[];
  beforeAll(async () => {
    registry = await startRegistry({ chartVersions: 'strict' });
    before = await storedFiles(registry);
  });
  afterAll(async () => {
    expect(await storedFiles(registry)).toEqual(before);
    await registry[Symbol.asyncDispose]();
  });

  test.each([
    ['nothing', async () => Buffer.alloc(0), 'the file is empty'],
    ['a text', async () => Buffer.from('not a chart'), 'is not a gzip stream'],
    ['half a chart', async () => (await archiveOf(WEB)).subarray(0, 100), 'ends in the middle of its gzip stream'],
    [
      'a name that cannot be a path',
      () => archiveOf({ name: 'Web', version: '1.0.0' }),
      '"team/Web" is not a repository name',
    ],
    ['a folder of another name', () => archiveOf({ ...WEB, folder: 'wob' }), 'the top folder "wob"'],
    [
      'no version',
      () => archiveOf({ ...WEB, chartYaml: 'apiVersion: v2\nname: web\n', config: {} }),
      'has no "version"',
    ],
    ['a version too lenient', () => archiveOf({ ...WEB, version: 'v1' }), 'is not strict SemVer'],
  ])('%s', async (_what, content, message) => {
    const body = await content();
    const answers = [
      await registry.request('POST', '/api/team/charts', { body }),
      await uploadForm(registry, '/api/team/charts', { chart: body }),
    ];
    for (const answer of answers) {
      expect(await refusalOf(answer)).toEqual([400, expect.stringContaining(message)]);
    }
  });

  test('a provenance file of another chart', async () => {
    const { prov } = await signed(WEB);
    const chart = await archiveOf({ ...WEB, files: { 'a.txt': 'tampered' } });
    const answer = await uploadForm(registry, '/api/team/charts', { chart, prov });
    expect(await refusalOf(answer)).toEqual([400, expect.stringContaining('it was made for another archive')]);
  });

  test('a request without any body', async () => {
    const answer = await registry.request('POST', '/api/team/charts');
    expect(await refusalOf(answer)).toEqual([400, expect.stringContaining('the file is empty')]);
  });
});

describe('who may upload', () => {
  let registry: TestRegistry;
  const people = new Map<string, string | undefined>();
  beforeAll(async () => {
    registry = await startRegistry();
    const { robots, namespaces } = registry.accounts;
    await namespaces.setVisibility({ path: 'team', visibility: 'public' }, MANAGER);
    people.set('writer', await addMember(registry, 'writer', { role: 'writer', namespace: 'team' }));
    people.set('reader', await addMember(registry, 'reader', { role: 'reader', namespace: 'team' }));
    people.set('chart writer', await addMember(registry, 'chart-writer', { role: 'writer', namespace: 'team/web' }));
    const scopes = [{ namespace: 'team', charts: 'web*', actions: ['push' as const] }];
    const { secret } = await robots.add({ name: 'ci', namespace: '/', scopes, expiresAt: null }, MANAGER);
    people.set('robot', `ci:${secret}`);
    people.set('wrong', 'writer:wrong-password');
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test.each([
    ['writer', 'web', 201],
    ['writer', 'other', 201],
    ['reader', 'web', 403],
    ['chart writer', 'web', 201],
    ['chart writer', 'other', 403],
    ['robot', 'web', 201],
    ['robot', 'web-2', 201],
    ['robot', 'other', 403],
    ['wrong', 'web', 401],
    ['nobody', 'web', 401],
  ])('%s, %s: %i', async (who, name, status) => {
    const answer = await upload(
      registry,
      'team',
      { name, version: '1.0.0' },
      { body: await archiveOf({ name, version: '1.0.0' }), as: people.get(who) },
    );
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    if (status === 403) expect((await refusalOf(answer))[1]).toContain(`may not push to team`);
  });

  test('whoever may push nothing is refused before the body is read', async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('the first bytes, and no more')),
    });
    const answer = await registry.request('POST', '/api/team/charts', { body, as: people.get('reader') });
    expect(answer.status).toBe(403);
  });

  test('a refusal leaves nothing behind, nor does it tell that a chart is there', async () => {
    const stored = await storedFiles(registry);
    const other = { name: 'there', version: '1.0.0' };
    await upload(registry, 'team', other);
    const withOther = await storedFiles(registry);
    expect(withOther.length).toBeGreaterThan(stored.length);
    const refusals = [];
    for (const name of ['there', 'none']) {
      const body = await archiveOf({ name, version: '1.0.0', files: { 'a.txt': 'another' } });
      const answer = await registry.request('POST', '/api/team/charts', { body, as: people.get('robot') });
      refusals.push((await answer.text()).replaceAll(name, 'N'));
      expect(answer.status).toBe(403);
    }
    expect(refusals[0]).toBe(refusals[1]);
    expect(await storedFiles(registry)).toEqual(withOther);
  });

  test('a token of ours is worth what it covers', async () => {
    const token = await tokenFor(registry, people.get('writer'), 'repository:team/web:pull,push');
    const send = async (name: string) =>
      (
        await upload(
          registry,
          'team',
          { name, version: '2.0.0' },
          { body: await archiveOf({ name, version: '2.0.0' }), as: token },
        )
      ).status;
    expect([await send('web'), await send('other')]).toEqual([201, 401]);
  });

  test('a secret does as a bearer token, which is what cm-push --access-token sends', async () => {
    const secret = people.get('robot')?.split(':')[1];
    const chart = { name: 'web', version: '3.0.0' };
    const answer = await upload(registry, 'team', chart, { body: await archiveOf(chart), as: `Bearer ${secret}` });
    expect(answer.status).toBe(201);
  });
});
