// `chartroom config check`: what the settings come to, or every mistake in them.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { runChartroom, temporaryFolder } from '../support/chartroom-process.ts';
import { failure } from './registry-folder.ts';

test('it shows every setting as it counts, of secrets only that they are set, and makes nothing', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'chartroom.yaml'), 'port: 5002\nhost: 0.0.0.0\ntokenLifetime: 600\n');
  const { code, stdout, stderr } = await runChartroom(
    ['config', 'check', '--config', 'chartroom.yaml', '--port', '5004'],
    {
      folder: folder.path,
      environment: { CHARTROOM_PORT: '5003', CHARTROOM_HOST: '::', CHARTROOM_ADMIN_PASSWORD: 'a-secret-password' },
    },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(parse(stdout)).toMatchObject({
    port: 5004,
    host: '::',
    tokenLifetime: 600,
    dataDir: './data',
    adminPassword: '(set)',
  });
  expect(stdout).not.toContain('a-secret-password');
  expect(await readdir(folder.path)).toEqual(['chartroom.yaml']);
});

test('every mistake is named with its place, and the exit code is 1', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'chartroom.yaml'), 'prot: 5002\nlogLevel: loud\n');
  const ended = await runChartroom(['config', 'check', '--config', 'chartroom.yaml', '--port', 'many'], {
    folder: folder.path,
    environment: { CHARTROOM_HOST: 'http://x' },
  });
  expect(ended).toMatchObject({ code: 1, stdout: '' });
  const [title, ...mistakes] = ended.stderr.trimEnd().split('\n');
  expect(title).toBe('chartroom: the configuration is wrong:');
  expect(mistakes).toHaveLength(4);
  expect(mistakes).toEqual(
    expect.arrayContaining([
      '  prot in chartroom.yaml line 1 is not a setting; did you mean port?',
      expect.stringMatching(/^ {2}logLevel in chartroom\.yaml line 2 is "loud", but must be fatal, /),
      expect.stringMatching(/^ {2}--port is "many", but must be a whole number/),
      expect.stringMatching(/^ {2}CHARTROOM_HOST is "http:\/\/x", but must be /),
    ]),
  );
});

test('a server does not start on the same mistakes, and says the same', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: { CHARTROOM_PRT: '5001' } };
  const message = 'the configuration is wrong:\n  CHARTROOM_PRT is not a setting; did you mean CHARTROOM_PORT?';
  expect(await runChartroom(['config', 'check'], options)).toEqual(failure(message));
  expect(await runChartroom(['serve'], options)).toEqual(failure(message));
  expect(await readdir(folder.path)).toEqual([]);
});
