// Commands with --server, on a server that runs: the same commands and words, over HTTP and in somebody's name.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManagementError } from '../../src/cli/management.ts';
import { remoteManagement } from '../../src/cli/remote-management.ts';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  type Ended,
  runChartroom,
  type Serving,
  serveChartroom,
  startChartroom,
  type TemporaryFolder,
  temporaryFolder,
} from '../support/chartroom-process.ts';
import { failure, success } from './registry-folder.ts';

const LOG_IN =
  'give a personal token (made with --management) in CHARTROOM_TOKEN or --token-file, or log in with --login NAME';

let folder: TemporaryFolder;
/** Where nothing is: what is not asked of the server must fail. */
let elsewhere: TemporaryFolder;
let server: Serving;
let adminToken: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  elsewhere = await temporaryFolder();
  server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  adminToken = await localSecret('token add cli --user admin --management');
});

afterAll(async () => {
  await server?.stop('SIGKILL');
  await folder?.[Symbol.asyncDispose]();
  await elsewhere?.[Symbol.asyncDispose]();
});

test('every kind of command works with a token from the environment, and changes what the server has', async () => {
  expect(await remote('whoami')).toEqual(success('admin, who may manage everything'));
  expect((await remote('user add ann --password-stdin', {}, 'long-enough\n')).code).toBe(0);
  expect(await remote('group add developers')).toMatchObject({ code: 0, stderr: '' });
  expect(await remote('group join developers ann')).toEqual(success('ann is a member of developers'));
  expect(await remote('grant add developers writer team --group')).toEqual(
    success('group developers is writer of team'),
  );
  expect(await remote('namespace set team/open --visibility public')).toEqual(success('team/open is public'));
  const headers = basic('ann', 'long-enough');
  const upload = await fetch(`${server.url}/v2/team/web/blobs/uploads/`, { method: 'POST', headers });
  expect(upload.status).toBe(202);
  expect((await remote('audit list --kind grant --limit 1')).stdout).toMatch(
    /admin {2}grant\.added .* 127\.0\.0\.1 {2}token chr_/,
  );
  expect(await local('user list')).toEqual(await remote('user list'));
});

test('a robot that is made from afar logs in where the command said', async () => {
  const { code, stdout, stderr } = await remote('robot add cluster --scope team:pull');
  expect(code).toBe(0);
  expect(stderr).toContain(
    `"helm registry login ${new URL(server.url).host} --username cluster --password-stdin --plain-http":\n`,
  );
  const headers = basic('cluster', stdout.trim());
  expect((await fetch(`${server.url}/v2/`, { headers })).status).toBe(200);
  expect(await remote('robot remove cluster')).toEqual(success('removed robot cluster'));
  expect((await fetch(`${server.url}/v2/`, { headers })).status).toBe(401);
});

test('--server wins over CHARTROOM_SERVER, and an empty one means this machine', async () => {
  const environment = { CHARTROOM_SERVER: 'http://127.0.0.1:9', CHARTROOM_TOKEN: adminToken };
  const at = (path: string, words: string) => runChartroom(words.split(' '), { folder: path, environment });
  expect(await at(elsewhere.path, `whoami --server ${server.url}`)).toMatchObject({ code: 0 });
  expect((await at(folder.path, 'whoami --server=')).stdout).toMatch(/^operator .*, who may manage everything\n$/);
});

test('the variables of the command line are no settings: a server starts and settings are checked with them', async () => {
  const environment = { CHARTROOM_SERVER: server.url, CHARTROOM_TOKEN: adminToken };
  const options = { folder: elsewhere.path, environment };
  expect(await runChartroom(['config', 'check'], options)).toMatchObject({ code: 0, stderr: '' });
  const misspelt = { folder: elsewhere.path, environment: { CHARTROOM_SERVR: server.url } };
  expect(await runChartroom(['config', 'check'], misspelt)).toEqual(
    failure('the configuration is wrong:\n  CHARTROOM_SERVR is not a setting; did you mean CHARTROOM_SERVER?'),
  );
});

test('a token in a file is shown instead of the one in the environment', async () => {
  await writeFile(join(elsewhere.path, 'token'), `${await localSecret('token add plain --user admin')}\n`);
  expect(await remote('whoami --token-file token')).toEqual(success('admin, who may manage nothing'));
  const { code, stderr } = await remote('user list --token-file token');
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^chartroom: the token chr_\w{8}… of admin is not good for the management API: use the password, or a token that "chartroom token add --management" makes\n$/,
  );
});

test('nobody, and a credential that does not count, are told how to log in', async () => {
  expect(await remote('user list', { CHARTROOM_TOKEN: undefined })).toEqual(
    failure(`${server.url} wants to know who asks: ${LOG_IN}`),
  );
  expect(await remote('user list', { CHARTROOM_TOKEN: `${adminToken}x` })).toEqual(
    failure(
      `${server.url} does not take the token in CHARTROOM_TOKEN (the token is not complete, its checksum does not fit): ${LOG_IN}`,
    ),
  );
});

test('whoever may not manage something is refused with who may', async () => {
  await local('user add bob --password-stdin', 'long-enough\n');
  const token = { CHARTROOM_TOKEN: await localSecret('token add cli --user bob --management') };
  expect(await remote('whoami', token)).toEqual(success('bob'));
  expect((await remote('user list', token)).stderr).toMatch(
    /^chartroom: .*"chartroom user set bob --administrator true"\n$/,
  );
  expect(await remote('namespace set team --visibility public', token)).toEqual(
    failure('bob is not maintainer of team: ask an administrator to run "chartroom grant add bob maintainer team"'),
  );
  await local('grant add bob maintainer bobs');
  expect((await remote('robot add bobs-ci --scope bobs:push', token)).code).toBe(0);
  expect((await remote('robot list', token)).stdout).toContain('bobs-ci');
});

test('a token makes no other one, and nobody makes one for somebody else', async () => {
  const { stderr } = await remote('token add another');
  expect(stderr).toMatch(/^chartroom: the token chr_\w{8}… may not make a token, or it would never end: .*\n$/);
  expect(await remote('token add another --user bob')).toEqual(
    failure('on a server, everybody makes tokens for themselves: leave --user out, and log in as that user'),
  );
});

test('a name and a password log in as well, and a wrong one is said to be wrong', async () => {
  const login = { kind: 'login', name: ADMIN_NAME, password: ADMIN_PASSWORD, from: 'this password' } as const;
  await using management = remoteManagement(new URL(server.url), login);
  expect(await management.request('GET', '/whoami')).toMatchObject({ name: 'admin', administrator: true });
  await using wrong = remoteManagement(new URL(server.url), { ...login, password: 'not-the-password' });
  await expect(wrong.request('GET', '/whoami')).rejects.toThrow(
    new ManagementError(`${server.url} does not take this password (wrong user name or password): ${LOG_IN}`),
  );
});

test('where nobody logs in, no credential is needed', async () => {
  await using open = await temporaryFolder();
  await using laptop = await serveChartroom({ folder: open.path, environment: { CHARTROOM_AUTH: 'none' } });
  const options = { folder: elsewhere.path };
  expect(await runChartroom(['whoami', '--server', laptop.url], options)).toEqual(
    success('everybody, who may manage everything'),
  );
  expect(
    await runChartroom(['namespace', 'set', 'team', '--visibility', 'public', '--server', laptop.url], options),
  ).toEqual(success('team is public'));
});

test('no secret stands in the list of processes', async () => {
  const environment = { CHARTROOM_SERVER: server.url, CHARTROOM_TOKEN: adminToken };
  const words = ['user', 'passwd', 'bob', '--password-stdin'];
  const { child, ended } = startChartroom(words, { folder: elsewhere.path, environment, input: 'another-password\n' });
  expect(child.spawnargs.join(' ')).not.toMatch(/another-password|chr_/);
  expect((await ended).code).toBe(0);
  for (const flag of ['--token', '--password']) {
    const { code, stderr } = await remote(`user list ${flag} ${adminToken}`);
    expect(code).toBe(1);
    expect(stderr).toContain(`${flag} is not a flag`);
    expect(stderr).not.toContain(adminToken);
  }
});

/** As the operator, on the folder of the running server. */
async function local(words: string, input?: string): Promise<Ended> {
  return await runChartroom(words.split(' '), { folder: folder.path, ...(input === undefined ? {} : { input }) });
}

async function localSecret(words: string): Promise<string> {
  const { code, stdout } = await local(words);
  expect(code).toBe(0);
  return stdout.trim();
}

/** With the administrator's token, unless another one is given, or none. */
async function remote(
  words: string,
  variables: { readonly CHARTROOM_TOKEN?: string | undefined } = {},
  input?: string,
): Promise<Ended> {
  const token = 'CHARTROOM_TOKEN' in variables ? variables.CHARTROOM_TOKEN : adminToken;
  return await runChartroom(words.split(' '), {
    folder: elsewhere.path,
    environment: { CHARTROOM_SERVER: server.url, ...(token === undefined ? {} : { CHARTROOM_TOKEN: token }) },
    ...(input === undefined ? {} : { input }),
  });
}
