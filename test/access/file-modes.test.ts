// What is on disk is for the registry's own system user alone, whatever the folder was before.
import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ADMIN_ENVIRONMENT, serveChartroom, temporaryFolder } from '../support/chartroom-process.ts';

test('no file is readable by others, also in a folder that everybody may enter', async () => {
  await using folder = await temporaryFolder();
  const data = join(folder.path, 'data');
  await mkdir(data);
  await chmod(data, 0o755);
  await using _server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const found = await readdir(data);
  expect(found).toContain('chartroom.db');
  for (const name of found)
    expect([name, ((await stat(join(data, name))).mode & 0o077).toString(8)]).toEqual([name, '0']);
});
