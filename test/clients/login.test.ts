// Logging in and out: the passwords that people type, and those that other clients have stored before.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientPath, describeWalk } from './support/found-clients.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

const CHART = { name: 'task-api-chart', version: '1.0.0' };

describeWalk((client) => {
  let server: ServerProcess;
  let ci: Account;
  let administrator: RegistryCaller;

  beforeAll(async () => {
    server = await startServer();
    ci = await server.addAccount('ci', { team: 'writer' });
    administrator = new RegistryCaller(server.host, ADMINISTRATOR);
  });
  afterAll(async () => server?.stop());

  test('helm registry login takes a user name and a password, and the login is good for a push', async () => {
    const helm = await client.fresh();
    const screen = await helm.succeed('registry', 'login', server.host, '-u', ci.name, '-p', ci.password);
    expect(screen).toContain('Login Succeeded');
    await helm.publish({ ...CHART, name: 'pushed-with-password' }, `oci://${server.host}/team`);
    expect(await administrator.tags('team/pushed-with-password')).toEqual(['1.0.0']);
  });

  test('helm registry login takes the password from standard input', async () => {
    const helm = await client.fresh();
    expect(await helm.login(server.host, ci)).toContain('Login Succeeded');
    await helm.publish({ ...CHART, name: 'pushed-with-stdin' }, `oci://${server.host}/team`);
    expect(await administrator.tags('team/pushed-with-stdin')).toEqual(['1.0.0']);
  });

  test('a wrong password is refused, and helm says that it is wrong', async () => {
    const helm = await client.fresh();
    const screen = await helm.fail('registry', 'login', server.host, '-u', ci.name, '-p', 'not-the-password');
    expect(screen).not.toContain('Login Succeeded');
    expect(screen).toContain('wrong user name or password');
  });

  test('an unknown user is told exactly what a wrong password is told', async () => {
    const helm = await client.fresh();
    const wrong = await helm.fail('registry', 'login', server.host, '-u', ci.name, '-p', 'not-the-password');
    const unknown = await helm.fail('registry', 'login', server.host, '-u', 'nobody', '-p', 'not-the-password');
    expect(withoutTime(unknown).replaceAll('nobody', ci.name)).toBe(withoutTime(wrong));
  });

  test('a wrong password leaves nothing behind that a push could use', async () => {
    const helm = await client.fresh();
    await helm.fail('registry', 'login', server.host, '-u', ci.name, '-p', 'not-the-password');
    const file = await helm.package({ ...CHART, name: 'never-stored' });
    await helm.fail('push', file, `oci://${server.host}/team`);
    expect(await administrator.tags('team/never-stored')).toBeUndefined();
  });

  describe.skipIf(clientPath('oras') === undefined)('after oras login', () => {
    test('helm pushes with the credentials that oras stored in the docker config file', async () => {
      const helm = await client.fresh();
      const parameters = ['login', server.host, '--username', ci.name, '--password-stdin', '--plain-http'];
      const screen = await helm.home.succeed(clientPath('oras') ?? '', parameters, ci.password);
      expect(screen).toContain('Login Succeeded');
      await helm.publish({ ...CHART, name: 'pushed-after-oras' }, `oci://${server.host}/team`);
      expect(await administrator.tags('team/pushed-after-oras')).toEqual(['1.0.0']);
    });
  });

  test('helm pushes with the credentials that docker login stored in the docker config file', async () => {
    const helm = await client.fresh();
    await helm.home.storeDockerLogin(server.host, ci);
    await helm.publish({ ...CHART, name: 'pushed-after-docker' }, `oci://${server.host}/team`);
    expect(await administrator.tags('team/pushed-after-docker')).toEqual(['1.0.0']);
  });

  test('after helm registry logout the credentials are gone and a push is refused', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const file = await helm.package({ ...CHART, name: 'after-logout' });
    expect(await helm.succeed('registry', 'logout', server.host)).toContain('Removing login credentials');
    await helm.fail('push', file, `oci://${server.host}/team`);
    expect(await administrator.tags('team/after-logout')).toBeUndefined();
  });

  test('a changed password ends the old one at once', async () => {
    const account = await server.addAccount('changing', { team: 'reader' });
    const changed = { ...account, password: 'another-password' };
    const result = await server.chartroom(
      ['user', 'passwd', account.name, '--password-stdin'],
      `${changed.password}\n`,
    );
    expect(result.screen).toContain(account.name);
    const helm = await client.fresh();
    await expect(helm.login(server.host, account)).rejects.toThrow();
    expect(await helm.login(server.host, changed)).toContain('Login Succeeded');
  });

  test('a removed user cannot log in any more', async () => {
    const account = await server.addAccount('leaving', { team: 'reader' });
    const helm = await client.loggedIn(server.host, account);
    await server.manage('user', 'remove', account.name);
    await expect(helm.login(server.host, account)).rejects.toThrow();
  });

  test('no password and no token is in the log of the server', async () => {
    await client.loggedIn(server.host, ci);
    expect(server.log).toContain('/token');
    expect(server.log).not.toContain(ci.password);
    expect(server.log).not.toContain(ADMINISTRATOR.password);
    expect(server.log).not.toContain(Buffer.from(`${ci.name}:${ci.password}`).toString('base64'));
    expect(server.log).not.toContain('eyJ');
  });
});

/** Old helm prints log lines with the time. */
function withoutTime(screen: string): string {
  return screen.replaceAll(/time="[^"]+"|^[IWE]\d{4} [\d:.]+ +\d+/gm, '');
}
