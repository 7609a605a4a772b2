// Commands on a registry whose server runs: what they change counts from the next request on.
import { expect, test } from 'vitest';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  runChartroom,
  type Serving,
  serveChartroom,
  type TemporaryFolder,
  temporaryFolder,
} from '../support/chartroom-process.ts';

const CI = basic('ci', 'first-password');

test('a new user can log in at once, and a changed password replaces the old one at once', async () => {
  await using folder = await temporaryFolder();
  await using server = await serve(folder);
  expect(await statusOf(server, '/v2/', CI)).toBe(401);
  await chartroom(folder, 'user add ci --password-stdin', 'first-password\n');
  expect(await statusOf(server, '/v2/', CI)).toBe(200);
  await chartroom(folder, 'user passwd ci --password-stdin', 'second-password\n');
  expect(await statusOf(server, '/v2/', CI)).toBe(401);
  expect(await statusOf(server, '/token', CI)).toBe(401);
  expect(await statusOf(server, '/v2/', basic('ci', 'second-password'))).toBe(200);
});

test('a removed user is refused at once, with the password and for a new token', async () => {
  await using folder = await temporaryFolder();
  await using server = await serve(folder);
  await chartroom(folder, 'user add ci --password-stdin', 'first-password\n');
  expect(await statusOf(server, '/token', CI)).toBe(200);
  await chartroom(folder, 'user remove ci');
  expect(await statusOf(server, '/v2/', CI)).toBe(401);
  expect(await statusOf(server, '/token', CI)).toBe(401);
});

test('a role counts from the next request with a password, and from the next token', async () => {
  await using folder = await temporaryFolder();
  await using server = await serve(folder);
  await chartroom(folder, 'user add ci --password-stdin', 'first-password\n');
  expect(await startUpload(server, CI)).toBe(403);
  expect(await statusOf(server, '/token?scope=repository:team/web:push', CI)).toBe(403);
  await chartroom(folder, 'grant add ci writer team');
  expect(await startUpload(server, CI)).toBe(202);
  expect(await startUpload(server, await tokenFor(server))).toBe(202);
  await chartroom(folder, 'grant remove ci team');
  expect(await startUpload(server, CI)).toBe(403);
  expect(await statusOf(server, '/token?scope=repository:team/web:push', CI)).toBe(403);
});

test('what is made public can be read by everybody at once, and no longer once it is private again', async () => {
  await using folder = await temporaryFolder();
  await using server = await serve(folder);
  const bytes = Buffer.from('{}');
  const digest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
  const stored = await fetch(`${server.url}/v2/team/web/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: bytes,
    headers: basic(ADMIN_NAME, ADMIN_PASSWORD),
  });
  expect(stored.status).toBe(201);
  const path = `/v2/team/web/blobs/${digest}`;
  expect(await statusOf(server, path)).toBe(401);
  await chartroom(folder, 'namespace set team --visibility public');
  expect(await statusOf(server, path)).toBe(200);
  await chartroom(folder, 'namespace set team/web --visibility private');
  expect(await statusOf(server, path)).toBe(401);
});

test('commands that run at once while the server writes all take effect', async () => {
  await using folder = await temporaryFolder();
  await using server = await serve(folder);
  const names = ['a', 'b', 'c', 'd'];
  const admin = basic(ADMIN_NAME, ADMIN_PASSWORD);
  let isDone = false;
  let uploads = 0;
  const writing = (async () => {
    do {
      expect(await startUpload(server, admin)).toBe(202);
      uploads += 1;
    } while (!isDone);
  })();
  await Promise.all(names.map((name) => chartroom(folder, `user add ${name} --password-stdin`, 'long-enough\n')));
  isDone = true;
  await writing;
  expect(uploads).toBeGreaterThan(1);
  expect((await chartroom(folder, 'user list')).split('\n')).toEqual(['a', 'admin\tadministrator', 'b', 'c', 'd', '']);
});

async function serve(folder: TemporaryFolder): Promise<Serving> {
  return await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
}

/** Runs a command that must succeed. @returns what it printed */
async function chartroom(folder: TemporaryFolder, words: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await runChartroom(words.split(' '), { folder: folder.path, input });
  expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' });
  return stdout;
}

async function statusOf(server: Serving, path: string, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(`${server.url}${path}`, { headers })).status;
}

async function startUpload(server: Serving, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${server.url}/v2/team/web/blobs/uploads/`, { method: 'POST', headers })).status;
}

async function tokenFor(server: Serving): Promise<{ readonly authorization: string }> {
  const answer = await fetch(`${server.url}/token?scope=repository:team/web:push`, { headers: CI });
  const { token } = (await answer.json()) as { token: string };
  return { authorization: `Bearer ${token}` };
}
