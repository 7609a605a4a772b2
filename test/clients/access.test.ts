// Who may do what, as a person with helm sees it: without a login, with too few rights, and with rights that end.
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWalk } from './support/found-clients.ts';
import { type Answer, RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

const CHART = { name: 'task-api-chart', version: '1.0.0' };
const ABSENT_DIGEST = `sha256:${'0'.repeat(64)}`;

describeWalk((client) => {
  let server: ServerProcess;
  let ci: Account;
  let reader: Account;
  let administrator: RegistryCaller;

  beforeAll(async () => {
    server = await startServer();
    ci = await server.addAccount('ci', { open: 'writer', closed: 'writer' });
    reader = await server.addAccount('reader', { closed: 'reader' });
    await server.manage('namespace', 'set', 'open', '--visibility', 'public');
    administrator = new RegistryCaller(server.host, ADMINISTRATOR);
    const helm = await client.loggedIn(server.host, ci);
    await helm.publish(CHART, `oci://${server.host}/open`);
    await helm.publish(CHART, `oci://${server.host}/closed`);
  });
  afterAll(async () => server?.stop());

  describe('without a login', () => {
    test.each(['open', 'closed', 'new-namespace'])(
      'a push to %s is refused, nothing is stored, and the message tells to log in',
      async (namespace) => {
        const helm = await client.fresh();
        const file = await helm.package({ ...CHART, name: 'intruder' });
        const screen = await helm.fail('push', file, `oci://${server.host}/${namespace}`);
        expect(screen).toContain(client.printed('401 Unauthorized', `helm registry login ${server.host}`));
        expect(await administrator.tags(`${namespace}/intruder`)).toBeUndefined();
        expect(await administrator.catalog()).not.toContain(`${namespace}/intruder`);
      },
    );

    test('a new version of a public chart is refused like everything else', async () => {
      const helm = await client.fresh();
      const file = await helm.package({ ...CHART, version: '1.1.0' });
      await helm.fail('push', file, `oci://${server.host}/open`);
      expect(await administrator.tags('open/task-api-chart')).toEqual(['1.0.0']);
    });

    test('a public chart is pulled, shown and found by range', async () => {
      const helm = await client.fresh();
      const reference = `oci://${server.host}/open/task-api-chart`;
      await helm.succeed('pull', reference, '--version', '1.0.0');
      expect(await readdir(helm.home.folder)).toContain('task-api-chart-1.0.0.tgz');
      expect(await helm.output('show', 'chart', reference)).toContain('version: 1.0.0');
      expect(await helm.output('template', reference, '--version', '^1.0.0')).toContain('chartVersion: "1.0.0"');
    });

    test('a private chart is refused, and the message tells to log in', async () => {
      const helm = await client.fresh();
      const screen = await helm.fail('pull', `oci://${server.host}/closed/task-api-chart`, '--version', '1.0.0');
      expect(screen).toContain(client.printed('401 Unauthorized', `helm registry login ${server.host}`));
    });

    test.each([[['--version', '1.0.0']], [['--version', '^1.0.0']], [[]]])(
      'helm pull %j prints the same for a private repository as for a missing one',
      async (flags) => {
        const helm = await client.fresh();
        const closed = await helm.fail('pull', `oci://${server.host}/closed/task-api-chart`, ...flags);
        const missing = await helm.fail('pull', `oci://${server.host}/absent/task-api-chart`, ...flags);
        expect(missing.replaceAll('absent', 'closed')).toBe(closed);
      },
    );

    test.each([
      ['GET', 'tags/list'],
      ['GET', 'manifests/1.0.0'],
      ['HEAD', 'manifests/1.0.0'],
      ['DELETE', 'manifests/1.0.0'],
      ['GET', `blobs/${ABSENT_DIGEST}`],
      ['GET', `referrers/${ABSENT_DIGEST}`],
      ['POST', 'blobs/uploads/'],
    ])('%s %s answers the same for a private repository as for a missing one', async (method, rest) => {
      const anonymous = new RegistryCaller(server.host);
      const token = await anonymous.token('repository:open/task-api-chart:pull');
      for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
        const closed = await anonymous.plain(`/v2/closed/task-api-chart/${rest}`, { method, headers });
        const missing = await anonymous.plain(`/v2/absent/task-api-chart/${rest}`, { method, headers });
        expect(closed.status).toBe(401);
        expect(comparable(missing)).toEqual(comparable(closed));
      }
    });

    test.each(['pull', 'pull,push', 'delete'])(
      'a token for %s is answered the same for a private repository as for a missing one',
      async (actions) => {
        const anonymous = new RegistryCaller(server.host);
        const closed = await anonymous.plain(`/token?scope=repository:closed/task-api-chart:${actions}`);
        const missing = await anonymous.plain(`/token?scope=repository:absent/task-api-chart:${actions}`);
        expect(comparable(missing)).toEqual(comparable(closed));
      },
    );

    test('the catalog lists public repositories only', async () => {
      expect(await new RegistryCaller(server.host).catalog()).toEqual(['open/task-api-chart']);
    });
  });

  test('a private chart is pulled with a login', async () => {
    const helm = await client.loggedIn(server.host, reader);
    const output = await helm.output('show', 'chart', `oci://${server.host}/closed/task-api-chart`);
    expect(output).toContain('version: 1.0.0');
  });

  test('a reader cannot push, is told why, and nothing is stored', async () => {
    const helm = await client.loggedIn(server.host, reader);
    const file = await helm.package({ ...CHART, version: '1.1.0' });
    const screen = await helm.fail('push', file, `oci://${server.host}/closed`);
    expect(screen).toContain(client.printed('403 Forbidden', 'denied: reader may not push to closed/task-api-chart'));
    expect(await administrator.tags('closed/task-api-chart')).toEqual(['1.0.0']);
  });

  test('a writer of one namespace cannot push to another, is told why, and nothing is stored', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const screen = await helm.fail('push', await helm.package(CHART), `oci://${server.host}/other`);
    // Helm 3.21 asks to pull before it asks to push, and learns of the first that it may not.
    expect(screen).toContain(client.printed('403 Forbidden', 'denied: ci may not'));
    expect(screen).toContain(client.printed('403 Forbidden', 'other/task-api-chart: log in as somebody who may'));
    expect(await administrator.tags('other/task-api-chart')).toBeUndefined();
  });

  test('a path that only begins with the same letters is another namespace', async () => {
    const helm = await client.loggedIn(server.host, ci);
    await helm.fail('push', await helm.package(CHART), `oci://${server.host}/closed-too`);
    expect(await administrator.tags('closed-too/task-api-chart')).toBeUndefined();
  });

  test('a grant that is removed ends with the next command', async () => {
    const account = await server.addAccount('guest', { closed: 'reader' });
    const helm = await client.loggedIn(server.host, account);
    const reference = `oci://${server.host}/closed/task-api-chart`;
    await helm.succeed('show', 'chart', reference);
    await server.manage('grant', 'remove', account.name, 'closed');
    await helm.fail('show', 'chart', reference);
  });

  test('a namespace that becomes private needs a login again', async () => {
    await server.manage('namespace', 'set', 'closed', '--visibility', 'public');
    const helm = await client.fresh();
    const reference = `oci://${server.host}/closed/task-api-chart`;
    await helm.succeed('show', 'chart', reference);
    await server.manage('namespace', 'set', 'closed', '--visibility', 'private');
    // Every helm prints the registry's message where it asks for the list of tags.
    expect(await helm.fail('show', 'chart', reference)).toContain(`helm registry login ${server.host}`);
  });
});

/** An answer without what differs from request to request, and with the name that was asked for evened out. */
function comparable({ status, headers, body }: Answer): object {
  const kept = [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
  const even = (text: string) => text.replaceAll('absent', 'closed');
  return { status, headers: kept.map(([name, value]) => [name, even(value)]), body: even(body) };
}
