// The other clients that teams point at a chart registry: oras, crane, regctl and skopeo, on charts and on images.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chartArchive } from './support/chart-archive.ts';
import { ClientHome } from './support/client-home.ts';
import { clientPath, requireClient } from './support/found-clients.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

let server: ServerProcess;
let ci: Account;
let registry: RegistryCaller;
let home: ClientHome;

beforeAll(async () => {
  server = await startServer();
  ci = await server.addAccount('ci', { team: 'writer', mirror: 'maintainer' });
  registry = new RegistryCaller(server.host, ADMINISTRATOR);
  for (const version of ['1.0.0', '1.1.0']) {
    await registry.pushChart('team/web', version, await chartArchive({ name: 'web', version }));
  }
});
afterAll(async () => server?.stop());
beforeEach(async () => {
  home = await ClientHome.make();
  await home.storeDockerLogin(server.host, ci);
});

/** `localhost:PORT/<path>` */
function at(path: string): string {
  return `${server.host}/${path}`;
}

describe.skipIf(clientPath('oras') === undefined)('oras', () => {
  const oras = async (...parameters: readonly string[]) =>
    home.output(requireClient('oras'), [...parameters, '--plain-http']);

  test('pushes a file, pulls it again, and may move the tag of what is no chart', async () => {
    for (const content of ['first', 'second']) {
      await writeFile(join(home.folder, 'notes.txt'), content);
      await oras('push', at('team/notes:current'), 'notes.txt:text/plain');
      const folder = await home.makeFolder('pulled');
      await oras('pull', at('team/notes:current'), '--output', folder);
      expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe(content);
    }
  });

  test('attaches a file to a chart and discovers it, and the versions of the chart stay as they are', async () => {
    await writeFile(join(home.folder, 'sbom.json'), '{}');
    const type = 'application/vnd.example.sbom.v1+json';
    await oras('attach', '--artifact-type', type, at('team/web:1.0.0'), 'sbom.json:application/json');
    const found = await oras('discover', '--artifact-type', type, at('team/web:1.0.0'));
    expect(found).toContain(type);
    expect(await oras('discover', '--artifact-type', 'application/other', at('team/web:1.0.0'))).not.toContain(type);
    // A registry without referrers would make oras write a tag for the list of them.
    expect(await registry.tags('team/web')).toEqual(['1.0.0', '1.1.0']);
  });

  test('copies a chart with what is attached to it', async () => {
    await writeFile(join(home.folder, 'signature.txt'), 'signed');
    const type = 'application/vnd.example.signature.v1';
    await oras('attach', '--artifact-type', type, at('team/web:1.1.0'), 'signature.txt:text/plain');
    const insecure = ['--from-plain-http', '--to-plain-http'];
    await home.succeed(requireClient('oras'), [
      'cp',
      '-r',
      ...insecure,
      at('team/web:1.1.0'),
      at('mirror/oras/web:1.1.0'),
    ]);
    expect(await oras('discover', at('mirror/oras/web:1.1.0'))).toContain(type);
    expect(await registry.digestOf('mirror/oras/web', '1.1.0')).toBe(await registry.digestOf('team/web', '1.1.0'));
  });

  test('lists tags, and repositories that the user may see', async () => {
    expect(await oras('repo', 'tags', at('team/web'))).toBe('1.0.0\n1.1.0\n');
    expect(await oras('repo', 'ls', server.host)).toContain('team/web');
  });

  test('is told by a writer without the right to delete why nothing was deleted', async () => {
    const screen = await home.fail(requireClient('oras'), [
      'manifest',
      'delete',
      '--force',
      '--plain-http',
      at('team/web:1.0.0'),
    ]);
    expect(screen).toContain('denied');
    expect(screen).toContain('delete');
    expect(await registry.tags('team/web')).toEqual(['1.0.0', '1.1.0']);
  });
});

/** A small image as a tarball, made by crane. */
async function makeImage(content: string): Promise<string> {
  const layer = join(home.folder, 'layer.tar');
  await writeFile(join(home.folder, 'hello.txt'), content);
  await home.succeed('tar', ['-cf', layer, 'hello.txt']);
  const image = join(home.folder, 'image.tar');
  const parameters = ['append', '--oci-empty-base', '-f', layer, '-t', at('team/image:made'), '-o', image];
  await home.output(requireClient('crane'), parameters);
  return image;
}

describe.skipIf(clientPath('crane') === undefined)('crane', () => {
  const crane = async (...parameters: readonly string[]) =>
    home.output(requireClient('crane'), [...parameters, '--insecure']);

  test('logs in with a password', async () => {
    home = await ClientHome.make();
    const login = ['auth', 'login', server.host, '-u', ci.name, '--password-stdin', '--insecure'];
    await home.succeed(requireClient('crane'), login, ci.password);
    expect(await crane('ls', at('team/web'))).toContain('1.1.0');
  });

  test('pushes an image, and may move its tag', async () => {
    await crane('push', await makeImage('one'), at('team/image:latest'));
    const first = await crane('digest', at('team/image:latest'));
    await crane('push', await makeImage('two'), at('team/image:latest'));
    expect(await crane('digest', at('team/image:latest'))).not.toBe(first);
    await crane('validate', '--remote', at('team/image:latest'));
  });

  test('copies a chart to another namespace without uploading it again, and helm would find the same digest', async () => {
    await crane('copy', at('team/web:1.0.0'), at('mirror/crane/web:1.0.0'));
    expect(await crane('digest', at('mirror/crane/web:1.0.0'))).toBe(await crane('digest', at('team/web:1.0.0')));
  });

  test('lists, tags and deletes', async () => {
    await crane('push', await makeImage('tagged'), at('mirror/image:one'));
    await crane('tag', at('mirror/image:one'), 'two');
    expect(await crane('ls', at('mirror/image'))).toBe('one\ntwo\n');
    await crane('delete', at('mirror/image:one'));
    expect(await crane('ls', at('mirror/image'))).toBe('two\n');
    expect(await crane('catalog', server.host)).toContain('mirror/image');
  });
});

describe.skipIf(clientPath('regctl') === undefined)('regctl', () => {
  const regctl = async (...parameters: readonly string[]) => home.output(requireClient('regctl'), parameters);
  beforeEach(async () => {
    await regctl('registry', 'set', server.host, '--tls', 'disabled', '--skip-check');
  });

  test('logs in with a password', async () => {
    home = await ClientHome.make();
    await regctl('registry', 'set', server.host, '--tls', 'disabled', '--skip-check');
    const login = ['registry', 'login', server.host, '-u', ci.name, '--pass-stdin'];
    await home.succeed(requireClient('regctl'), login, ci.password);
    expect(await regctl('tag', 'ls', at('team/web'))).toContain('1.1.0');
  });

  test('copies a chart and lists its tags, also by page', async () => {
    for (const version of ['1.0.0', '1.1.0']) {
      await regctl('image', 'copy', at(`team/web:${version}`), at(`mirror/regctl/web:${version}`));
    }
    expect(await regctl('tag', 'ls', at('mirror/regctl/web'))).toBe('1.0.0\n1.1.0\n');
    expect(await regctl('tag', 'ls', '--limit', '1', at('mirror/regctl/web'))).toBe('1.0.0\n');
  });

  test('puts an artifact on a chart and lists the referrers', async () => {
    const type = 'application/vnd.example.report';
    const put = ['artifact', 'put', '--artifact-type', type, '--subject', at('team/web:1.0.0')];
    await home.succeed(requireClient('regctl'), put, 'a report');
    expect(await regctl('artifact', 'list', at('team/web:1.0.0'))).toContain(type);
  });

  test('deletes a tag', async () => {
    await regctl('image', 'copy', at('team/web:1.0.0'), at('mirror/gone/web:1.0.0'));
    await regctl('tag', 'delete', at('mirror/gone/web:1.0.0'));
    expect((await registry.tags('mirror/gone/web')) ?? []).toEqual([]);
  });
});

describe.skipIf(clientPath('skopeo') === undefined)('skopeo', () => {
  const skopeo = async (...parameters: readonly string[]) => home.output(requireClient('skopeo'), parameters);

  test('logs in, and is refused with a wrong password', async () => {
    home = await ClientHome.make();
    const login = ['login', '--tls-verify=false', '--username', ci.name, '--password-stdin', server.host];
    expect(await home.fail(requireClient('skopeo'), login, 'not-the-password')).toContain('password');
    expect(await home.succeed(requireClient('skopeo'), login, ci.password)).toContain('Login Succeeded');
    expect(await skopeo('list-tags', '--tls-verify=false', `docker://${at('team/web')}`)).toContain('"1.1.0"');
  });

  test('copies a chart from one namespace to another, byte for byte', async () => {
    const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    await skopeo('copy', ...insecure, `docker://${at('team/web:1.0.0')}`, `docker://${at('mirror/skopeo/web:1.0.0')}`);
    expect(await registry.digestOf('mirror/skopeo/web', '1.0.0')).toBe(await registry.digestOf('team/web', '1.0.0'));
  });

  test('lists the tags of a chart and prints its manifest', async () => {
    expect(await skopeo('list-tags', '--tls-verify=false', `docker://${at('team/web')}`)).toContain('"1.0.0"');
    const manifest = await skopeo('inspect', '--raw', '--tls-verify=false', `docker://${at('team/web:1.0.0')}`);
    expect(manifest).toContain('application/vnd.cncf.helm.config.v1+json');
  });

  test.skipIf(clientPath('crane') === undefined)('inspects an image', async () => {
    await home.succeed(requireClient('crane'), [
      'push',
      await makeImage('inspected'),
      at('team/inspected:1'),
      '--insecure',
    ]);
    const output = await skopeo('inspect', '--tls-verify=false', `docker://${at('team/inspected:1')}`);
    expect(output).toContain('"sha256:');
  });

  test('pulling a chart as if it were an image fails understandably, and the server goes on', async () => {
    const target = `docker-archive:${join(home.folder, 'image.tar')}`;
    const parameters = ['copy', '--src-tls-verify=false', `docker://${at('team/web:1.0.0')}`, target];
    const screen = await home.fail(requireClient('skopeo'), parameters);
    // The message is skopeo's own: the registry served the chart as it is, and skopeo names what it is instead of an image.
    expect(screen).toContain('application/vnd.cncf.helm.config.v1+json');
    expect(screen).toContain('unsupported image-specific operation');
    expect(server.isRunning).toBe(true);
    expect(await registry.tags('team/web')).toEqual(['1.0.0', '1.1.0']);
    expect(server.log).not.toMatch(/"level":[56]0/);
  });
});
