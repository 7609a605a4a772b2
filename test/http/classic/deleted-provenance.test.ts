// Provenance files that came after their charts, and whose manifests are deleted.
import { expect, test } from 'vitest';
import { configBlobOf } from '../../../src/charts/helm-manifest.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { inDatabase, publishedRows } from '../../registry/support/published.ts';
import { errorOf, pushBlob, pushChart, putManifest } from '../../support/artifacts.ts';
import { buildChart } from '../../support/chart-builder.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { refusalOf, signed, upload, uploadForm } from './support/uploads.ts';

const WEB = { name: 'web', version: '1.0.0' };
const MANIFESTS = '/v2/team/web/manifests';

async function attach(registry: TestRegistry, prov: Buffer): Promise<void> {
  expect((await registry.request('POST', '/api/team/prov', { body: prov })).status).toBe(201);
}

/** The digests of all that refers to the version. */
async function referrers(registry: TestRegistry): Promise<readonly string[]> {
  const manifest = await registry.request('GET', `${MANIFESTS}/1.0.0`);
  const answer = await registry.request(
    'GET',
    `/v2/team/web/referrers/${manifest.headers.get('docker-content-digest')}`,
  );
  return ((await answer.json()) as { manifests: readonly { digest: string }[] }).manifests.map(({ digest }) => digest);
}

/** What the chart API says, and the status of the file itself. */
async function signature(registry: TestRegistry): Promise<readonly [boolean, number]> {
  const version = await registry.request('GET', '/api/v1/charts/team/web/-/versions/1.0.0');
  const file = await registry.request('GET', '/team/charts/web-1.0.0.tgz.prov');
  return [((await version.json()) as { signed: boolean }).signed, file.status];
}

async function remove(registry: TestRegistry, path: string): Promise<void> {
  expect([path, (await registry.request('DELETE', path)).status]).toEqual([path, 202]);
}

test('a version whose provenance file is deleted is not signed any more, until the file is uploaded again', async () => {
  await using registry = await startRegistry();
  await upload(registry, 'team', WEB);
  const { prov } = await signed(WEB);
  await attach(registry, prov);
  const [referrer] = await referrers(registry);
  const [before] = await publishedRows(registry, 'team/web');
  await remove(registry, `${MANIFESTS}/${referrer}`);
  await remove(registry, `/v2/team/web/blobs/${digestOf(prov)}`);
  expect(await signature(registry)).toEqual([false, 404]);
  const [after] = await publishedRows(registry, 'team/web');
  expect(after?.revision).toBeGreaterThan(before?.revision ?? 0);
  const other = (await signed(WEB, 'another signature')).prov;
  await attach(registry, prov);
  expect([await referrers(registry), await signature(registry)]).toEqual([[referrer], [true, 200]]);
  expect((await registry.request('POST', '/api/team/prov', { body: other })).status).toBe(409);
});

test('the same file restores what an older Chartroom let go', async () => {
  await using registry = await startRegistry();
  await upload(registry, 'team', WEB);
  const { prov } = await signed(WEB);
  await attach(registry, prov);
  const [referrer] = await referrers(registry);
  await inDatabase(registry, (database) =>
    database.transaction((tx) => tx.query('delete from manifests where digest = $1', [referrer ?? ''])),
  );
  await remove(registry, `/v2/team/web/blobs/${digestOf(prov)}`);
  expect(await signature(registry)).toEqual([true, 404]);
  await attach(registry, prov);
  expect([await referrers(registry), await signature(registry)]).toEqual([[referrer], [true, 200]]);
});

test('a version that has its provenance file in itself stays signed when what refers to it is deleted', async () => {
  await using registry = await startRegistry();
  const files = await signed(WEB);
  await uploadForm(registry, '/api/team/charts', files);
  const manifest = await registry.request('GET', `${MANIFESTS}/1.0.0`);
  const subject = manifest.headers.get('docker-content-digest') ?? '';
  await pushBlob(registry, 'team/web', Buffer.from('{}'));
  const referrer = Buffer.from(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', artifactType: 'text/copy' },
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(Buffer.from('{}')), size: 2 },
      layers: [{ mediaType: 'text/plain', digest: digestOf(files.prov), size: files.prov.length }],
      subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: subject, size: 1 },
    }),
  );
  expect((await putManifest(registry, 'team/web', digestOf(referrer), referrer)).status).toBe(201);
  await remove(registry, `${MANIFESTS}/${digestOf(referrer)}`);
  expect(await signature(registry)).toEqual([true, 200]);
});

test('what refuses the chart with another provenance file knows of one that came later', async () => {
  await using registry = await startRegistry();
  const { chart, prov } = await signed(WEB);
  await upload(registry, 'team', WEB);
  await attach(registry, prov);
  const other = (await signed(WEB, 'another signature')).prov;
  const refused = await uploadForm(registry, '/api/team/charts', { chart, prov: other });
  expect(await refusalOf(refused)).toEqual([
    409,
    expect.stringContaining('web 1.0.0 is already published in team with another provenance file ('),
  ]);
  // In the order in which helm writes it.
  const config: unknown = JSON.parse(Buffer.from(configBlobOf((await buildChart(WEB)).metadata)).toString());
  const pushed = await pushChart(registry, 'team/web', { ...WEB, config, provenance: 'signature' });
  expect([pushed.status, (await errorOf(pushed)).message]).toEqual([
    409,
    expect.stringContaining('web 1.0.0 is already published in team with this provenance file beside it ('),
  ]);
});
