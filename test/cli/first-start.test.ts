// The first administrator: made once, with a password that is shown once or comes from the operator.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { basic, type Serving, serveChartroom, temporaryFolder } from '../support/chartroom-process.ts';

const SHOWN = /^ {4}user name {2}admin\n {4}password {3}(\S+)$/m;

test('the first start shows a generated password once, on standard error alone, and it works', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: { CHARTROOM_LOG_LEVEL: 'trace' } };
  const server = await serveChartroom(options);
  const password = SHOWN.exec(server.stderr())?.[1] ?? '';
  expect(password).toMatch(/^[\w-]{24}$/);
  expect(await logIn(server, password)).toBe(200);
  expect(await logIn(server, `${password}x`)).toBe(401);
  const ended = await server.stop('SIGTERM');
  expect(ended.stderr.split(password)).toHaveLength(2);
  expect(ended.stderr).toContain('shown only this once');
  expect(ended.stdout).toContain('"msg":"request"');
  expect(ended.stdout).not.toContain(password);
  const again = await serveChartroom(options);
  expect(await logIn(again, password)).toBe(200);
  expect((await again.stop('SIGTERM')).stderr).toBe('');
});

test('two registries do not get the same password', async () => {
  const passwords = await Promise.all(
    [1, 2].map(async () => {
      await using folder = await temporaryFolder();
      await using server = await serveChartroom({ folder: folder.path });
      return SHOWN.exec(server.stderr())?.[1];
    }),
  );
  expect(passwords[0]).toBeDefined();
  expect(passwords[0]).not.toBe(passwords[1]);
});

test('a password from the environment is used at the first start only, and shown nowhere', async () => {
  await using folder = await temporaryFolder();
  const first = await serveChartroom({
    folder: folder.path,
    environment: { CHARTROOM_ADMIN_PASSWORD: 'first-password' },
  });
  expect(await logIn(first, 'first-password')).toBe(200);
  const ended = await first.stop('SIGTERM');
  expect(ended.stderr).toBe('');
  expect(ended.stdout).not.toContain('first-password');
  await using second = await serveChartroom({
    folder: folder.path,
    environment: { CHARTROOM_ADMIN_PASSWORD: 'second-password' },
  });
  expect(await logIn(second, 'second-password')).toBe(401);
  expect(await logIn(second, 'first-password')).toBe(200);
});

test('a password from a file works like one from the environment', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'password'), 'password-of-a-file\n');
  await using server = await serveChartroom({ folder: folder.path }, ['--admin-password-file', 'password']);
  expect(await logIn(server, 'password-of-a-file')).toBe(200);
  expect(server.stderr()).toBe('');
});

test('open mode makes no administrator, and the first start with accounts does', async () => {
  await using folder = await temporaryFolder();
  const open = await serveChartroom({ folder: folder.path, environment: { CHARTROOM_AUTH: 'none' } });
  expect((await fetch(`${open.url}/v2/`)).status).toBe(200);
  expect((await open.stop('SIGTERM')).stderr).toBe('');
  await using server = await serveChartroom({ folder: folder.path });
  expect(await logIn(server, SHOWN.exec(server.stderr())?.[1] ?? '')).toBe(200);
});

async function logIn(server: Serving, password: string): Promise<number> {
  return (await fetch(`${server.url}/v2/`, { headers: basic('admin', password) })).status;
}
