// The rule that sets Chartroom apart: a published chart version never changes.
import { expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { errorOf, prepareChart, pushArtifact, pushChart, putManifest } from '../../support/artifacts.ts';
import { TestClock } from '../../support/clock.ts';
import { AUTHOR } from '../../support/manager.ts';
import { ADMIN, startRegistry } from '../../support/start-registry.ts';

const WEB = { name: 'web', version: '1.0.0' };

test('a published version is refused with other content, and the refusal says what is there, since when and by whom', async () => {
  await using registry = await startRegistry({}, new TestClock('2026-11-23T10:02:33Z'));
  const first = await pushChart(registry, 'team/web', WEB);
  const answer = await pushChart(registry, 'team/web', { ...WEB, files: { 'values.yaml': 'replicas: 2\n' } });
  expect(answer.status).toBe(409);
  const short = first.headers.get('docker-content-digest')?.slice(0, 19);
  expect(await errorOf(answer)).toEqual({
    code: 'DENIED',
    message: `web 1.0.0 is already published in team (2026-11-23 10:02 UTC by admin, ${short}…) and published versions never change: raise "version" in Chart.yaml and push again`,
  });
});

test('the same manifest can be pushed again', async () => {
  await using registry = await startRegistry();
  expect((await pushChart(registry, 'web', WEB)).status).toBe(201);
  expect((await pushChart(registry, 'web', WEB)).status).toBe(201);
});

test('the same chart with another time in its manifest is accepted, and the tag stays on the first manifest', async () => {
  await using registry = await startRegistry();
  const first = await prepareChart(registry, 'team/web', WEB);
  const second = await prepareChart(registry, 'team/web', { ...WEB, created: '2027-01-01T00:00:00Z' });
  await putManifest(registry, 'team/web', '1.0.0', first.manifest);
  const answer = await putManifest(registry, 'team/web', '1.0.0', second.manifest);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('docker-content-digest')).toBe(digestOf(second.manifest));
  const tagged = await registry.request('GET', '/v2/team/web/manifests/1.0.0');
  expect(tagged.headers.get('docker-content-digest')).toBe(digestOf(first.manifest));
  const byDigest = await registry.request('GET', `/v2/team/web/manifests/${digestOf(second.manifest)}`);
  expect(byDigest.status).toBe(200);
});

test('of 50 racing pushes of different content to one version, one wins and 49 get the 409', async () => {
  await using registry = await startRegistry();
  const pushes = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      prepareChart(registry, 'team/web', { ...WEB, files: { 'values.yaml': `replicas: ${index}\n` } }),
    ),
  );
  const answers = await Promise.all(pushes.map((push) => putManifest(registry, 'team/web', '1.0.0', push.manifest)));
  const winners = answers.filter((answer) => answer.status === 201);
  expect(winners).toHaveLength(1);
  expect(answers.filter((answer) => answer.status === 409)).toHaveLength(49);
  const tagged = await registry.request('GET', '/v2/team/web/manifests/1.0.0');
  expect(tagged.headers.get('docker-content-digest')).toBe(winners[0]?.headers.get('docker-content-digest'));
});

test('a provenance file cannot be added to a published version, and the refusal says that this is the difference', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', WEB);
  const answer = await pushChart(registry, 'team/web', { ...WEB, provenance: 'signature' });
  expect(answer.status).toBe(409);
  expect((await errorOf(answer)).message).toContain('is already published in team with no provenance file (');
});

test('a signed version can be pushed again without its provenance file, which stays', async () => {
  await using registry = await startRegistry();
  const signed = await pushChart(registry, 'team/web', { ...WEB, provenance: 'signature' });
  expect((await pushChart(registry, 'team/web', WEB)).status).toBe(201);
  const tagged = await registry.request('GET', '/v2/team/web/manifests/1.0.0');
  expect(tagged.headers.get('docker-content-digest')).toBe(signed.headers.get('docker-content-digest'));
});

test('an image cannot take the tag of a published chart', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', WEB);
  const answer = await pushArtifact(registry, 'team/web', '1.0.0', 'not a chart');
  expect(answer.status).toBe(409);
  expect((await errorOf(answer)).message).toContain('tag 1.0.0 of team/web is already published');
});

test('tags of other artifacts move freely', async () => {
  await using registry = await startRegistry();
  await pushArtifact(registry, 'team/image', 'latest', 'one');
  expect((await pushArtifact(registry, 'team/image', 'latest', 'two')).status).toBe(201);
});

test('the setting for other artifacts fixes their tags by pattern', async () => {
  await using registry = await startRegistry({ fixedTags: ['v*', '!v*-dev'] });
  await pushArtifact(registry, 'image', 'v1', 'one');
  await pushArtifact(registry, 'image', 'v1-dev', 'one');
  const fixed = await pushArtifact(registry, 'image', 'v1', 'two');
  expect(fixed.status).toBe(409);
  expect((await errorOf(fixed)).message).toContain('tag v1 of image is already published');
  expect((await pushArtifact(registry, 'image', 'v1-dev', 'two')).status).toBe(201);
});

test('the setting for charts can leave development versions free', async () => {
  await using registry = await startRegistry({ fixedChartTags: ['*', '!*-dev.*'] });
  const development = { ...WEB, version: '1.0.0-dev.1' };
  await pushChart(registry, 'web', development);
  expect((await pushChart(registry, 'web', { ...development, files: { 'a.txt': 'changed' } })).status).toBe(201);
});

test('a deleted version comes back with the same content only', async () => {
  await using registry = await startRegistry({}, new TestClock('2026-11-23T10:02:33Z'));
  await pushChart(registry, 'team/web', WEB);
  expect((await registry.request('DELETE', '/v2/team/web/manifests/1.0.0')).status).toBe(202);
  expect((await registry.request('GET', '/v2/team/web/manifests/1.0.0')).status).toBe(404);
  const other = await pushChart(registry, 'team/web', { ...WEB, files: { 'a.txt': 'changed' } });
  expect(other.status).toBe(409);
  expect((await errorOf(other)).message).toBe(
    'web 1.0.0 was published in team and deleted (2026-11-23 10:02 UTC by admin), and a deleted version does not come back with other content: raise "version" in Chart.yaml and push again',
  );
  expect((await pushChart(registry, 'team/web', WEB)).status).toBe(201);
  expect((await registry.request('GET', '/v2/team/web/manifests/1.0.0')).status).toBe(200);
});

test('a version deleted by its digest is remembered as well', async () => {
  await using registry = await startRegistry();
  const { headers } = await pushChart(registry, 'team/web', WEB);
  await registry.request('DELETE', `/v2/team/web/manifests/${headers.get('docker-content-digest')}`);
  expect((await pushChart(registry, 'team/web', { ...WEB, files: { 'a.txt': 'changed' } })).status).toBe(409);
});

test('where the setting allows it, a deleted version comes back with other content', async () => {
  await using registry = await startRegistry({ republishDeleted: true });
  await pushChart(registry, 'team/web', WEB);
  await registry.request('DELETE', '/v2/team/web/manifests/1.0.0');
  expect((await pushChart(registry, 'team/web', { ...WEB, files: { 'a.txt': 'changed' } })).status).toBe(201);
});

test('a writer may not delete', async () => {
  await using registry = await startRegistry();
  await registry.accounts.users.add({ name: 'ci', password: 'ci-password', administrator: false }, AUTHOR);
  await registry.accounts.grants.put({ holder: 'user', name: 'ci', role: 'writer', namespace: 'team' }, AUTHOR);
  expect((await pushChart(registry, 'team/web', WEB, 'ci:ci-password')).status).toBe(201);
  const answer = await registry.request('DELETE', '/v2/team/web/manifests/1.0.0', { as: 'ci:ci-password' });
  expect(answer.status).toBe(403);
  expect((await errorOf(answer)).message).toContain('chartroom grant add ci maintainer team');
});

test('a chart named twice in the address is refused with the command that was meant', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', WEB);
  const answer = await pushChart(registry, 'team/web/web', { ...WEB, version: '1.1.0' });
  expect(answer.status).toBe(409);
  const host = new URL(registry.url).host;
  expect((await errorOf(answer)).message).toContain(`"helm push web-1.1.0.tgz oci://${host}/team --plain-http"`);
  expect((await registry.request('GET', '/v2/team/web/web/tags/list')).status).toBe(404);
});

test('where all versions of a chart were deleted, its name given twice is no mistake', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'web', WEB);
  await registry.request('DELETE', '/v2/web/manifests/1.0.0');
  expect((await pushChart(registry, 'web/web', WEB)).status).toBe(201);
});

test('a tag that the setting fixes only now cannot be overwritten any more', async () => {
  await using registry = await startRegistry();
  await pushArtifact(registry, 'image', 'v1', 'one');
  await registry.restart({ fixedTags: ['v*'] });
  expect((await pushArtifact(registry, 'image', 'v1', 'two')).status).toBe(409);
});

test('a first push of grafana to grafana/grafana is no mistake, nor is a second', async () => {
  await using registry = await startRegistry();
  const grafana = { name: 'grafana', version: '1.0.0' };
  expect((await pushChart(registry, 'grafana/grafana', grafana)).status).toBe(201);
  expect((await pushChart(registry, 'grafana', grafana)).status).toBe(201);
  expect((await pushChart(registry, 'grafana/grafana', { ...grafana, version: '1.1.0' })).status).toBe(201);
});

test('whoever may not see a repository does not learn of it from the refusal of a chart named twice', async () => {
  await using registry = await startRegistry();
  await pushChart(registry, 'team/web', WEB);
  await registry.accounts.users.add({ name: 'ci', password: 'ci-password', administrator: false }, AUTHOR);
  await registry.accounts.grants.put({ holder: 'user', name: 'ci', role: 'writer', namespace: 'team/web/web' }, AUTHOR);
  expect((await pushChart(registry, 'team/web/web', WEB, 'ci:ci-password')).status).toBe(201);
});

test('a chart is refused in a repository that does not end in its name', async () => {
  await using registry = await startRegistry();
  const { manifest } = await prepareChart(registry, 'team/other', WEB);
  const answer = await putManifest(registry, 'team/other', '1.0.0', manifest);
  expect(answer.status).toBe(409);
  expect((await errorOf(answer)).message).toContain('the chart is called "web"');
});

test.each(['latest', 'banana', '1.0', '1.0.1'])('a chart of version 1.0.0 is refused under the tag %s', async (tag) => {
  await using registry = await startRegistry();
  const { manifest } = await prepareChart(registry, 'web', WEB);
  const answer = await putManifest(registry, 'web', tag, manifest);
  expect(answer.status).toBe(400);
  expect((await errorOf(answer)).message).toContain('so its tag is "1.0.0"');
});

test('a version with build metadata is published under its tag with an underscore', async () => {
  await using registry = await startRegistry();
  expect((await pushChart(registry, 'web', { name: 'web', version: '1.2.0+build.5' })).status).toBe(201);
  expect((await registry.request('GET', '/v2/web/manifests/1.2.0_build.5')).status).toBe(200);
});

test('a version that is not strict SemVer is accepted with a warning that no range finds it', async () => {
  await using registry = await startRegistry();
  const answer = await pushChart(registry, 'web', { name: 'web', version: 'v1.15.0' });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('warning')).toMatch(/^299 - ".*v1\.15\.0.*"$/);
  const changed = { name: 'web', version: 'v1.15.0', files: { 'a.txt': 'changed' } };
  expect((await pushChart(registry, 'web', changed)).status).toBe(409);
});

test('where the setting asks for strict versions, others are refused, also when they were inspected before', async () => {
  await using registry = await startRegistry({ chartVersions: 'strict' });
  const answer = await pushChart(registry, 'web', { name: 'web', version: 'v1.15.0' });
  expect(answer.status).toBe(400);
  expect((await errorOf(answer)).code).toBe('MANIFEST_INVALID');
});

test('a refused push leaves no tag and no repository', async () => {
  await using registry = await startRegistry();
  const { manifest } = await prepareChart(registry, 'team/web', WEB);
  await putManifest(registry, 'team/web', 'latest', manifest);
  const catalog = await registry.request('GET', '/v2/_catalog', { as: ADMIN });
  expect(await catalog.json()).toEqual({ repositories: [] });
});
