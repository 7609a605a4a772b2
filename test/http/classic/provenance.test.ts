// Provenance files that come after their charts, and those that are of other charts.
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { errorOf, pushChart } from '../../support/artifacts.ts';
import { buildChart } from '../../support/chart-builder.ts';
import { provenanceOf } from '../../support/provenance.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { addMember } from '../support/members.ts';
import { storedFiles } from '../support/stored-files.ts';
import { refusalOf, signed, upload, uploadForm } from './support/uploads.ts';

const WEB = { name: 'web', version: '1.0.0+7' };
const TYPE = 'application/vnd.cncf.helm.chart.provenance.v1.prov';

interface Referrer {
  readonly digest: string;
  readonly artifactType: string;
}

async function referrersOf(registry: TestRegistry, tag: string): Promise<readonly Referrer[]> {
  const manifest = await registry.request('GET', `/v2/team/web/manifests/${tag}`);
  const digest = manifest.headers.get('docker-content-digest');
  const answer = await registry.request('GET', `/v2/team/web/referrers/${digest}`);
  return ((await answer.json()) as { manifests: readonly Referrer[] }).manifests;
}

async function provenance(registry: TestRegistry): Promise<string | number> {
  const answer = await registry.request('GET', '/team/charts/web-1.0.0+7.tgz.prov');
  return answer.status === 200 ? await answer.text() : answer.status;
}

describe('a provenance file that comes after its chart', () => {
  test('stands beside it from then on, and refers to the manifest, which stays as it was', async () => {
    await using registry = await startRegistry();
    await upload(registry, 'team', WEB);
    const before = await (await registry.request('GET', '/v2/team/web/manifests/1.0.0_7')).text();
    expect(await provenance(registry)).toBe(404);
    const { prov } = await signed(WEB);
    const answer = await registry.request('POST', '/api/team/prov', { body: prov });
    expect([answer.status, await answer.json()]).toEqual([201, { saved: true }]);
    expect(await provenance(registry)).toBe(prov.toString());
    expect(await (await registry.request('GET', '/v2/team/web/manifests/1.0.0_7')).text()).toBe(before);
    const [referrer, ...others] = await referrersOf(registry, '1.0.0_7');
    expect([referrer?.artifactType, others]).toEqual([TYPE, []]);
    const manifest = await registry.request('GET', `/v2/team/web/manifests/${referrer?.digest}`);
    expect(await manifest.json()).toMatchObject({ layers: [{ digest: digestOf(prov) }] });
  });

  test.each([
    [
      'as a body to /api/prov',
      (of: TestRegistry, prov: Buffer) => of.request('POST', '/api/team/prov', { body: prov }),
    ],
    ['as a form to /api/prov', (of: TestRegistry, prov: Buffer) => uploadForm(of, '/api/team/prov', { prov })],
    ['as a form to /api/charts', (of: TestRegistry, prov: Buffer) => uploadForm(of, '/api/team/charts', { prov })],
    [
      'together with the chart that is there',
      async (of: TestRegistry, prov: Buffer) =>
        await uploadForm(of, '/api/team/charts', { prov, chart: (await buildChart(WEB)).archive }),
    ],
  ])('is taken %s, and again', async (_how, send) => {
    await using registry = await startRegistry();
    await upload(registry, 'team', WEB);
    const { prov } = await signed(WEB);
    for (let round = 0; round < 2; round += 1) expect((await send(registry, prov)).status).toBe(201);
    expect(await provenance(registry)).toBe(prov.toString());
    expect(await referrersOf(registry, '1.0.0_7')).toHaveLength(1);
    expect((await storedFiles(registry)).filter((file) => file.startsWith('uploads/'))).toEqual([]);
  });

  test('is taken for a chart that helm has pushed', async () => {
    await using registry = await startRegistry();
    await pushChart(registry, 'team/web', WEB);
    const { prov } = await signed(WEB);
    expect((await registry.request('POST', '/api/team/prov', { body: prov })).status).toBe(201);
    expect(await provenance(registry)).toBe(prov.toString());
  });

  test('does not replace the one that is there', async () => {
    await using registry = await startRegistry();
    const files = await signed(WEB);
    await uploadForm(registry, '/api/team/charts', files);
    const stored = await storedFiles(registry);
    const other = (await signed(WEB, 'another signature')).prov;
    const refused = await registry.request('POST', '/api/team/prov?force', { body: other });
    expect(await refusalOf(refused)).toEqual([409, expect.stringContaining('with another provenance file')]);
    const together = await uploadForm(registry, '/api/team/charts', { ...files, prov: other });
    expect(await refusalOf(together)).toEqual([409, expect.stringContaining('with another provenance file')]);
    expect((await registry.request('POST', '/api/team/prov', { body: files.prov })).status).toBe(201);
    expect(await provenance(registry)).toBe(files.prov.toString());
    expect(await referrersOf(registry, '1.0.0_7')).toEqual([]);
    expect((await storedFiles(registry)).filter((file) => file.startsWith('uploads/'))).toEqual([]);
    expect((await storedFiles(registry)).length).toBeLessThanOrEqual(stored.length + 1);
  });

  test('is one of several that race', async () => {
    await using registry = await startRegistry();
    await upload(registry, 'team', WEB);
    const all = await Promise.all(Array.from({ length: 10 }, async (_, at) => (await signed(WEB, `${at}`)).prov));
    const answers = await Promise.all(all.map((body) => registry.request('POST', '/api/team/prov', { body })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    expect(await provenance(registry)).toBe(all[statuses.indexOf(201)]?.toString());
    expect(await referrersOf(registry, '1.0.0_7')).toHaveLength(1);
  });

  test('is refused where there is no such version, with what to do', async () => {
    await using registry = await startRegistry();
    const { prov } = await signed(WEB);
    const answer = await registry.request('POST', '/api/team/prov', { body: prov });
    expect(await refusalOf(answer)).toEqual([
      404,
      'team/web has no version 1.0.0+7 that this provenance file could be of: upload the chart first, or both in one form, with the files "chart" and "prov"',
    ]);
    expect(await storedFiles(registry)).toEqual([]);
  });

  test.each([
    ['of another archive', async () => provenanceOf({ ...WEB, archive: Buffer.from('other') }, 'x'), 'another archive'],
    ['that is none', async () => Buffer.from('-----BEGIN PGP MESSAGE-----'), 'is no signed message'],
    ['that is empty', async () => Buffer.alloc(0), 'the file is empty'],
    ['that is a chart', async () => (await buildChart(WEB)).archive, 'is not text in UTF-8'],
  ])('is refused when it is one %s', async (_what, content, message) => {
    await using registry = await startRegistry();
    await upload(registry, 'team', WEB);
    const stored = await storedFiles(registry);
    const answer = await registry.request('POST', '/api/team/prov', { body: await content() });
    expect(await refusalOf(answer)).toEqual([400, expect.stringContaining(message)]);
    expect(await storedFiles(registry)).toEqual(stored);
  });

  test('takes the right to push', async () => {
    await using registry = await startRegistry();
    await upload(registry, 'team', WEB);
    const reader = await addMember(registry, 'reader', { role: 'reader', namespace: 'team' });
    const writer = await addMember(registry, 'writer', { role: 'writer', namespace: 'team/other' });
    const { prov } = await signed(WEB);
    for (const as of [reader, writer]) {
      const answer = await registry.request('POST', '/api/team/prov', { body: prov, as });
      expect(await refusalOf(answer)).toEqual([403, expect.stringContaining('may not push to team')]);
    }
    expect((await registry.request('POST', '/api/team/prov', { body: prov, as: undefined })).status).toBe(401);
  });
});

describe('a provenance layer of a chart that is pushed by OCI', () => {
  test('must sign this very archive', async () => {
    await using registry = await startRegistry();
    expect((await pushChart(registry, 'team/web', { ...WEB, provenance: 'signature' })).status).toBe(201);
    const next = { name: 'web', version: '1.1.0' };
    const { archive } = await buildChart({ ...next, files: { 'a.txt': 'another' } });
    const tampered = provenanceOf({ ...next, archive }, 'signature').toString();
    const refused = await pushChart(registry, 'team/web', { ...next, provenanceFile: tampered });
    expect([refused.status, (await errorOf(refused)).message]).toEqual([
      ...[400, expect.stringContaining('it was made for another archive, or one of the two was changed since')],
    ]);
    const large = `${' '.repeat(1024 * 1024)}\n${tampered}`;
    const tooLarge = await pushChart(registry, 'team/web', { ...next, provenanceFile: large });
    expect([tooLarge.status, (await errorOf(tooLarge)).message]).toEqual([
      ...[400, expect.stringContaining("the chart's provenance file has")],
    ]);
  });
});
