// Floating tags: where they are kept, what they point at, and that nobody but the server writes them.
import { describe, expect, test } from 'vitest';
import { errorOf, prepareChart, pushArtifact, pushChart, putManifest } from '../support/artifacts.ts';
import { buildChart } from '../support/chart-builder.ts';
import { MANAGER } from '../support/manager.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { expectAgreement, floatingTags, tagList } from './support/published.ts';

async function keep(registry: TestRegistry, path: string, floatingTags: boolean | null): Promise<void> {
  await registry.accounts.namespaces.set({ path, floatingTags }, MANAGER);
}

async function startKeeping(settings: Parameters<typeof startRegistry>[0] = {}): Promise<TestRegistry> {
  const registry = await startRegistry(settings);
  await keep(registry, 'team', true);
  return registry;
}

async function publish(registry: TestRegistry, repository: string, ...versions: readonly string[]): Promise<void> {
  for (const version of versions) {
    const answer = await pushChart(registry, repository, { name: repository.split('/').at(-1) ?? '', version });
    expect([version, answer.status]).toEqual([version, 201]);
  }
}

async function versionAt(registry: TestRegistry, repository: string, tag: string): Promise<string> {
  const answer = await registry.request('GET', `/v2/${repository}/manifests/${tag}`);
  if (answer.status !== 200) return String(answer.status);
  const { annotations } = (await answer.json()) as { readonly annotations: Readonly<Record<string, string>> };
  return annotations['org.opencontainers.image.version'] ?? '';
}

describe('a floating tag', () => {
  test('follows the newest stable version of its line, in whatever order versions come', async () => {
    await using registry = await startKeeping();
    await publish(registry, 'team/web', '1.2.0', '1.10.1', '1.10.0', '1.2.1', '2.0.0', '0.9.0');
    expect(await floatingTags(registry, 'team/web')).toEqual([
      ...['0 → 0.9.0', '0.9 → 0.9.0', '1 → 1.10.1', '1.10 → 1.10.1', '1.2 → 1.2.1', '2 → 2.0.0', '2.0 → 2.0.0'],
    ]);
    expect(await versionAt(registry, 'team/web', '1')).toBe('1.10.1');
    expect(await versionAt(registry, 'team/web', '1.2')).toBe('1.2.1');
    await expectAgreement(registry, 'team/web', true);
  });

  test('is there for stable, strict versions only', async () => {
    await using registry = await startKeeping();
    await publish(registry, 'team/web', '1.0.0-rc.1', 'v2.0.0', 'v3.1', '01.2.3');
    expect(await floatingTags(registry, 'team/web')).toEqual([]);
    await publish(registry, 'team/web', '1.0.0', '1.1.0-rc.1');
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.0.0', '1.0 → 1.0.0']);
  });

  test('points at a version with a build as well, whose tag has "_" for "+"', async () => {
    await using registry = await startKeeping();
    await publish(registry, 'team/web', '1.0.0+b.2', '1.0.0+b.10');
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.0.0+b.10', '1.0 → 1.0.0+b.10']);
  });

  test('is left out of the list of tags', async () => {
    await using registry = await startKeeping();
    await publish(registry, 'team/web', '1.2.0');
    expect(await tagList(registry, 'team/web')).toEqual(['1.2.0']);
    expect((await registry.request('GET', '/v2/team/web/tags/list?n=1')).headers.get('link')).toBe(null);
  });

  test('goes back when its version is deleted, by tag or by digest, and ends with the last one', async () => {
    await using registry = await startKeeping();
    await publish(registry, 'team/web', '1.2.0', '1.2.1', '1.3.0');
    await registry.request('DELETE', '/v2/team/web/manifests/1.3.0');
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.2.1', '1.2 → 1.2.1']);
    const found = await registry.request('HEAD', '/v2/team/web/manifests/1');
    const digest = found.headers.get('docker-content-digest');
    expect((await registry.request('DELETE', `/v2/team/web/manifests/${digest}`)).status).toBe(202);
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.2.0', '1.2 → 1.2.0']);
    await registry.request('DELETE', '/v2/team/web/manifests/1.2.0');
    expect(await floatingTags(registry, 'team/web')).toEqual([]);
    expect(await versionAt(registry, 'team/web', '1')).toBe('404');
    await publish(registry, 'team/web', '1.2.0');
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.2.0', '1.2 → 1.2.0']);
  });

  test('points at what a version is that may be overwritten, and leaves one that is none any more', async () => {
    await using registry = await startKeeping({ fixedChartTags: [] });
    await publish(registry, 'team/web', '1.0.0', '1.0.1');
    await pushChart(registry, 'team/web', { name: 'web', version: '1.0.1', files: { 'a.txt': 'other' } });
    const digests = await Promise.all(
      ['1', '1.0', '1.0.1'].map(async (tag) => {
        const answer = await registry.request('HEAD', `/v2/team/web/manifests/${tag}`);
        return answer.headers.get('docker-content-digest');
      }),
    );
    expect(new Set(digests).size).toBe(1);
    await pushArtifact(registry, 'team/web', '1.0.1', 'no chart');
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.0.0', '1.0 → 1.0.0']);
    await expectAgreement(registry, 'team/web', true);
  });

  test('is right after 50 pushes at once', async () => {
    await using registry = await startKeeping();
    const versions = Array.from({ length: 50 }, (_, index) => `1.${index % 3}.${index}`);
    await Promise.all(versions.map(async (version) => await publish(registry, 'team/web', version)));
    expect(await floatingTags(registry, 'team/web')).toEqual([
      '1 → 1.2.47',
      '1.0 → 1.0.48',
      '1.1 → 1.1.49',
      '1.2 → 1.2.47',
    ]);
  });

  test('is right after pushes and deletions at once', async () => {
    await using registry = await startKeeping();
    const old = Array.from({ length: 20 }, (_, index) => `1.0.${index}`);
    const added = Array.from({ length: 20 }, (_, index) => `1.0.${index + 20}`);
    await Promise.all(old.map(async (version) => await publish(registry, 'team/web', version)));
    await Promise.all([
      ...old.map((version) => registry.request('DELETE', `/v2/team/web/manifests/${version}`)),
      ...added.map((version) => publish(registry, 'team/web', version)),
      ...added.map((version) => registry.request('DELETE', `/v2/team/web/manifests/${version}`)),
    ]);
    await expectAgreement(registry, 'team/web', true);
  });
});

describe('the setting', () => {
  test('is that of the nearest namespace, the repository’s own path included', async () => {
    await using registry = await startRegistry();
    const repositories = ['web', 'team/web', 'team/a/web', 'team/b/web', 'team-x/web'];
    for (const repository of repositories) await publish(registry, repository, '1.0.0');
    await keep(registry, '/', true);
    await keep(registry, 'team', false);
    await keep(registry, 'team/a', true);
    await keep(registry, 'team/b/web', true);
    for (const repository of repositories) await publish(registry, repository, '1.0.1');
    const kept = async () => {
      const found = await Promise.all(repositories.map((repository) => floatingTags(registry, repository)));
      return repositories.filter((_, index) => (found[index] ?? []).length > 0);
    };
    expect(await kept()).toEqual(['web', 'team/a/web', 'team/b/web', 'team-x/web']);
    await keep(registry, 'team', null);
    expect(await kept()).toEqual(repositories);
    await keep(registry, '/', null);
    expect(await kept()).toEqual(['team/a/web', 'team/b/web']);
    await registry.accounts.namespaces.reset('team/a', MANAGER);
    expect(await kept()).toEqual(['team/b/web']);
    for (const repository of repositories) {
      await expectAgreement(registry, repository, repository === 'team/b/web');
    }
  });

  test('brings the tags of what is there, and takes them away again', async () => {
    await using registry = await startRegistry();
    await publish(registry, 'team/web', '1.2.0', '1.10.0', '1.10.1-rc.1', '1.2.1', 'v3.0.0');
    await publish(registry, 'teams/web', '1.0.0');
    await registry.request('DELETE', '/v2/team/web/manifests/1.2.1');
    await keep(registry, 'team', true);
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.10.0', '1.10 → 1.10.0', '1.2 → 1.2.0']);
    expect(await floatingTags(registry, 'teams/web')).toEqual([]);
    await keep(registry, 'team', false);
    expect(await floatingTags(registry, 'team/web')).toEqual([]);
    expect(await tagList(registry, 'team/web')).toEqual(['1.10.0', '1.10.1-rc.1', '1.2.0', 'v3.0.0']);
    expect(await versionAt(registry, 'team/web', '1')).toBe('404');
  });

  test('does not bring them where nobody asked for them, whatever is deleted', async () => {
    await using registry = await startRegistry();
    await publish(registry, 'team/web', '1.2.0', '1.2.1');
    await registry.request('DELETE', '/v2/team/web/manifests/1.2.1');
    expect(await floatingTags(registry, 'team/web')).toEqual([]);
  });

  test('is right when pushes come at the moment at which it is turned on or off', async () => {
    await using registry = await startRegistry();
    for (const [round, on] of [true, false, true].entries()) {
      const versions = Array.from({ length: 10 }, (_, index) => `1.${round}.${index}`);
      await Promise.all([
        ...versions.slice(0, 5).map((version) => publish(registry, 'team/web', version)),
        keep(registry, 'team', on),
        ...versions.slice(5).map((version) => publish(registry, 'team/web', version)),
      ]);
      await expectAgreement(registry, 'team/web', on);
    }
  });
});

describe('clients', () => {
  test('that upload a chart the classic way are told the same as those that push it', async () => {
    await using registry = await startKeeping();
    await publish(registry, 'team/web', '1.2.0');
    const { archive } = await buildChart({ name: 'web', version: '1' });
    const uploaded = await registry.request('POST', '/api/team/charts', { body: archive });
    const pushed = await pushChart(registry, 'team/web', { name: 'web', version: '1' });
    const { message } = await errorOf(pushed);
    expect(message).toContain('tag "1" of team/web is kept by the registry');
    expect([uploaded.status, await uploaded.json()]).toEqual([409, { error: message }]);
  });

  const KEPT = {
    code: 'DENIED',
    message:
      'tag "1" of team/web is kept by the registry, on the newest stable version 1.x: push a whole version such as 1.0.0, or have a maintainer run "chartroom namespace set team --floating-tags false"',
  };

  test('may not copy a chart to a floating tag, whether it is there already or not', async () => {
    await using registry = await startKeeping();
    const { manifest } = await prepareChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
    const first = await putManifest(registry, 'team/web', '1', manifest);
    expect([first.status, await errorOf(first)]).toEqual([409, KEPT]);
    await publish(registry, 'team/web', '1.0.0', '1.1.0');
    const second = await putManifest(registry, 'team/web', '1', manifest);
    expect([second.status, await errorOf(second)]).toEqual([409, KEPT]);
    const third = await putManifest(registry, 'team/web', '1.0.0?tag=1.0', manifest);
    expect((await errorOf(third)).message).toContain('push a whole version such as 1.0.0,');
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.1.0', '1.0 → 1.0.0', '1.1 → 1.1.0']);
  });

  test('may push neither a lenient version nor anything else to the place of one', async () => {
    await using registry = await startKeeping();
    const lenient = await pushChart(registry, 'team/web', { name: 'web', version: '1.2' });
    expect([lenient.status, (await errorOf(lenient)).message]).toEqual([
      409,
      expect.stringContaining('tag "1.2" of team/web is kept by the registry, on the newest stable version 1.2.x'),
    ]);
    await publish(registry, 'team/web', '1.0.0');
    expect((await pushArtifact(registry, 'team/web', '2', 'no chart')).status).toBe(409);
    expect((await pushArtifact(registry, 'team/web', '02', 'no chart')).status).toBe(201);
  });

  test('may use such tags for images, where no chart is', async () => {
    await using registry = await startKeeping();
    expect((await pushArtifact(registry, 'team/app', '1', 'an image')).status).toBe(201);
    expect((await pushArtifact(registry, 'team/app', '1', 'a later image')).status).toBe(201);
    expect(await tagList(registry, 'team/app')).toEqual(['1']);
  });

  test('may not delete one', async () => {
    await using registry = await startKeeping();
    await publish(registry, 'team/web', '1.0.0');
    const refused = await registry.request('DELETE', '/v2/team/web/manifests/1');
    expect([refused.status, await errorOf(refused)]).toEqual([
      409,
      {
        code: 'DENIED',
        message:
          'tag "1" of team/web is kept by the registry, on the newest stable version 1.x: delete or yank the version that it should not point at, or have a maintainer run "chartroom namespace set team --floating-tags false"',
      },
    ]);
    expect((await registry.request('DELETE', '/v2/team/web/manifests/2')).status).toBe(404);
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.0.0', '1.0 → 1.0.0']);
  });

  test('keep a tag of that form that they had before, and what they may do with it', async () => {
    await using registry = await startRegistry();
    await publish(registry, 'team/web', '1.2', '1.2.0');
    await pushArtifact(registry, 'team/web', '1', 'mine');
    await keep(registry, 'team', true);
    expect(await floatingTags(registry, 'team/web')).toEqual([]);
    await publish(registry, 'team/web', '1.2.1', '2.0.0');
    expect(await floatingTags(registry, 'team/web')).toEqual(['2 → 2.0.0', '2.0 → 2.0.0']);
    expect(await tagList(registry, 'team/web')).toEqual(['1', '1.2', '1.2.0', '1.2.1', '2.0.0']);
    expect(await versionAt(registry, 'team/web', '1.2')).toBe('1.2');
    await publish(registry, 'team/web', '1.2');
    expect((await pushArtifact(registry, 'team/web', '1', 'mine, later')).status).toBe(201);
    await keep(registry, 'team', false);
    expect(await tagList(registry, 'team/web')).toEqual(['1', '1.2', '1.2.0', '1.2.1', '2.0.0']);
  });

  test('give way to the server when they delete such a tag, unless it is remembered as published', async () => {
    await using registry = await startRegistry();
    await publish(registry, 'team/web', '1.2', '1.2.0');
    await pushArtifact(registry, 'team/web', '1', 'mine');
    await keep(registry, 'team', true);
    for (const tag of ['1', '1.2']) {
      expect((await registry.request('DELETE', `/v2/team/web/manifests/${tag}`)).status).toBe(202);
    }
    expect(await floatingTags(registry, 'team/web')).toEqual(['1 → 1.2.0']);
  });
});
