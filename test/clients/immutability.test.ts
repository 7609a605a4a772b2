// The rule that sets Chartroom apart, in the words that a person at helm reads: a published chart version never changes.
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveOf } from './support/chart-archive.ts';
import { describeHelm } from './support/found-clients.ts';
import { type Helm, printedDigest } from './support/helm.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, type ServerProcess, startServer } from './support/server-process.ts';

const CHART = { name: 'task-api-chart', version: '1.0.0' };

describeHelm((client) => {
  let server: ServerProcess;
  let ci: Account;
  let registry: RegistryCaller;

  beforeAll(async () => {
    server = await startServer();
    ci = await server.addAccount('ci', { '/': 'maintainer' });
    registry = new RegistryCaller(server.host, ci);
  });
  afterAll(async () => server?.stop());

  /** What is stored under the tag, as helm pulls it. */
  async function pulled(helm: Helm, path: string, version: string): Promise<Buffer> {
    const folder = await helm.home.makeFolder('pulled');
    await helm.succeed('pull', `oci://${server.host}/${path}`, '--version', version, '--destination', folder);
    return readFile(join(folder, `${path.split('/').at(-1)}-${version}.tgz`));
  }

  async function deleteTag(repository: string, tag: string): Promise<void> {
    const answer = await registry.call(repository, `manifests/${tag}`, { method: 'DELETE' });
    expect(answer.status).toBe(202);
  }

  describe('publishing a version again', () => {
    test('with other content is refused, says who published it when, and what to do', async () => {
      const helm = await client.loggedIn(server.host, ci);
      const first = await helm.publish(CHART, `oci://${server.host}/team`);
      const digest = await registry.digestOf('team/task-api-chart', '1.0.0');
      const other = await helm.package({ ...CHART, replicas: 2 });
      const screen = await helm.fail('push', other, `oci://${server.host}/team`);
      expect(screen).toContain('409');
      expect(screen).toContain('denied: task-api-chart 1.0.0 is already published in team (');
      expect(screen).toMatch(/\(\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC by ci, sha256:[a-f0-9]{4,}…\)/);
      expect(screen).toContain('published versions never change: raise "version" in Chart.yaml and push again');
      expect(await registry.digestOf('team/task-api-chart', '1.0.0')).toBe(digest);
      expect(await pulled(helm, 'team/task-api-chart', '1.0.0')).toEqual(await readFile(first));
    });

    test('at the root of the registry is refused in the same way', async () => {
      const helm = await client.loggedIn(server.host, ci);
      await helm.publish({ ...CHART, name: 'at-the-root' }, `oci://${server.host}/`);
      const other = await helm.package({ ...CHART, name: 'at-the-root', replicas: 2 });
      const screen = await helm.fail('push', other, `oci://${server.host}/`);
      expect(screen).toContain('at-the-root 1.0.0 is already published');
      expect(screen).toContain('raise "version" in Chart.yaml and push again');
    });

    test('with build metadata names the version as Chart.yaml writes it', async () => {
      const helm = await client.loggedIn(server.host, ci);
      await helm.publish({ ...CHART, version: '1.2.0+build.5' }, `oci://${server.host}/metadata`);
      const other = await helm.package({ ...CHART, version: '1.2.0+build.5', replicas: 2 });
      const screen = await helm.fail('push', other, `oci://${server.host}/metadata`);
      expect(screen).toContain('task-api-chart 1.2.0+build.5 is already published in metadata (');
    });

    test('of the lenient kind is refused as well', async () => {
      const helm = await client.loggedIn(server.host, ci);
      await helm.publish({ ...CHART, version: 'v1.15.0' }, `oci://${server.host}/lenient`);
      const other = await helm.package({ ...CHART, version: 'v1.15.0', replicas: 2 });
      const screen = await helm.fail('push', other, `oci://${server.host}/lenient`);
      expect(screen).toContain('task-api-chart v1.15.0 is already published in lenient (');
    });

    test('unchanged succeeds with the same digest', async () => {
      const helm = await client.loggedIn(server.host, ci);
      const file = await helm.package(CHART);
      const first = printedDigest(await helm.succeed('push', file, `oci://${server.host}/repeated`));
      expect(printedDigest(await helm.succeed('push', file, `oci://${server.host}/repeated`))).toBe(first);
      expect(await registry.digestOf('repeated/task-api-chart', '1.0.0')).toBe(first);
    });

    test('with only the time of the file changed succeeds, and the tag stays on the first manifest', async () => {
      const helm = await client.loggedIn(server.host, ci);
      const file = await helm.package(CHART);
      const first = printedDigest(await helm.succeed('push', file, `oci://${server.host}/touched`));
      await utimes(file, new Date('2026-01-02'), new Date('2026-01-02'));
      const second = printedDigest(await helm.succeed('push', file, `oci://${server.host}/touched`));
      expect(second).not.toBe(first);
      expect(await registry.digestOf('touched/task-api-chart', '1.0.0')).toBe(first);
      expect(await pulled(helm, 'touched/task-api-chart', '1.0.0')).toEqual(await readFile(file));
    });

    test('at the same time from many machines has exactly one winner, and the others are told', async () => {
      const helm = await client.loggedIn(server.host, ci);
      const files: string[] = [];
      for (let replicas = 1; replicas <= 8; replicas++) files.push(await helm.package({ ...CHART, replicas }));
      const pushes = await Promise.all(
        files.map(async (file) => helm.run(['push', file, `oci://${server.host}/raced`])),
      );
      const winners = files.filter((_, index) => pushes[index]?.status === 0);
      expect(winners).toHaveLength(1);
      for (const push of pushes.filter(({ status }) => status !== 0)) {
        expect(push.screen).toContain('denied: task-api-chart 1.0.0 is already published in raced (');
      }
      expect(await pulled(helm, 'raced/task-api-chart', '1.0.0')).toEqual(await readFile(winners[0] ?? ''));
    });

    test('after it was deleted is refused with other content, and succeeds with the same', async () => {
      const helm = await client.loggedIn(server.host, ci);
      const file = await helm.publish(CHART, `oci://${server.host}/deleted`);
      await deleteTag('deleted/task-api-chart', '1.0.0');
      const screen = await helm.fail(
        'push',
        await helm.package({ ...CHART, replicas: 2 }),
        `oci://${server.host}/deleted`,
      );
      expect(screen).toContain('409');
      expect(screen).toContain('task-api-chart 1.0.0');
      expect(screen).toContain('deleted');
      expect(screen).toContain('raise "version" in Chart.yaml and push again');
      expect((await registry.tags('deleted/task-api-chart')) ?? []).not.toContain('1.0.0');
      await helm.succeed('push', file, `oci://${server.host}/deleted`);
      expect(await pulled(helm, 'deleted/task-api-chart', '1.0.0')).toEqual(await readFile(file));
    });
  });

  describe('naming the chart twice', () => {
    test('is refused with the corrected command', async () => {
      const helm = await client.loggedIn(server.host, ci);
      await helm.publish(CHART, `oci://${server.host}/twice`);
      const file = await helm.package({ ...CHART, version: '1.1.0' });
      const screen = await helm.fail('push', file, `oci://${server.host}/twice/task-api-chart`);
      expect(screen).toContain(`helm push task-api-chart-1.1.0.tgz oci://${server.host}/twice`);
      expect(screen).not.toContain(`helm push task-api-chart-1.1.0.tgz oci://${server.host}/twice/task-api-chart`);
      expect(await registry.tags('twice/task-api-chart/task-api-chart')).toBeUndefined();
    });

    test('is refused with the corrected command at the root too', async () => {
      const helm = await client.loggedIn(server.host, ci);
      await helm.publish({ ...CHART, name: 'rooted' }, `oci://${server.host}/`);
      const file = await helm.package({ ...CHART, name: 'rooted', version: '1.1.0' });
      const screen = await helm.fail('push', file, `oci://${server.host}/rooted`);
      expect(screen).toContain(`helm push rooted-1.1.0.tgz oci://${server.host}`);
      expect(screen).not.toContain(`oci://${server.host}/rooted"`);
      expect(await registry.tags('rooted/rooted')).toBeUndefined();
    });

    test('is legal for the first push of grafana to grafana/grafana', async () => {
      const helm = await client.loggedIn(server.host, ci);
      for (const version of ['1.0.0', '1.1.0']) {
        await helm.publish({ name: 'grafana', version }, `oci://${server.host}/grafana`);
      }
      expect(await registry.tags('grafana/grafana')).toEqual(['1.0.0', '1.1.0']);
    });
  });

  describe('a chart that helm pushes without looking, but nobody could use safely', () => {
    const metadata = 'apiVersion: v2\nname: crafted\nversion: 1.0.0\n';
    test.each([
      ['a path that leaves the chart', { 'crafted/Chart.yaml': metadata, '../evil.txt': 'x' }, '../evil.txt'],
      ['a folder with another name than the chart', { 'other/Chart.yaml': metadata }, 'the top folder "other"'],
    ])('is refused with the reason: %s', async (_what, files, named) => {
      const helm = await client.loggedIn(server.host, ci);
      const file = join(helm.home.folder, 'crafted-1.0.0.tgz');
      await writeFile(file, await archiveOf(files));
      const screen = await helm.fail('push', file, `oci://${server.host}/crafted`);
      expect(screen).toContain('400');
      expect(screen).toContain('manifest invalid');
      expect(screen).toContain(named);
      expect((await registry.tags('crafted/crafted')) ?? []).toEqual([]);
    });
  });
});

describe('with other settings', () => {
  describeHelm((client) => {
    let server: ServerProcess;
    let ci: Account;
    let registry: RegistryCaller;

    beforeAll(async () => {
      server = await startServer({
        environment: { CHARTROOM_CHART_VERSIONS: 'strict', CHARTROOM_REPUBLISH_DELETED: 'true' },
      });
      ci = await server.addAccount('ci', { team: 'maintainer' });
      registry = new RegistryCaller(server.host, ci);
    });
    afterAll(async () => server?.stop());

    test.each(['v1.15.0', '1.0'])('strict versions: %s is refused with the reason', async (version) => {
      const helm = await client.loggedIn(server.host, ci);
      const screen = await helm.fail('push', await helm.package({ ...CHART, version }), `oci://${server.host}/team`);
      expect(screen).toContain('400');
      expect(screen).toContain(version);
      expect(screen).toContain('SemVer');
      expect((await registry.tags('team/task-api-chart')) ?? []).not.toContain(version);
    });

    test('republishing deleted versions: other content is accepted after a delete, and fixed again', async () => {
      const helm = await client.loggedIn(server.host, ci);
      await helm.publish({ ...CHART, name: 'again' }, `oci://${server.host}/team`);
      await registry.call('team/again', 'manifests/1.0.0', { method: 'DELETE' });
      await helm.publish({ ...CHART, name: 'again', replicas: 2 }, `oci://${server.host}/team`);
      const third = await helm.package({ ...CHART, name: 'again', replicas: 3 });
      expect(await helm.fail('push', third, `oci://${server.host}/team`)).toContain('again 1.0.0 is already published');
    });
  });
});
