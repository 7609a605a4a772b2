// A command whose data folder cannot be used just now: what it prints is for whoever runs it, who has no log to look at.
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { registryFolder } from './registry-folder.ts';

test('the storage is told of in its own words, with the file that it is about', async () => {
  await using registry = await registryFolder();
  const dataDir = join(registry.path, 'data');
  await using folder = await openDataFolder({ ...loadConfig({ flags: {}, environment: {} }), dataDir });
  const path = join(dataDir, 'chartroom.db');
  const other = new BetterSqlite(path);
  other.exec('begin immediate');
  const answer = await folder.management.inject({
    ...{ method: 'POST', url: '/api/v1/jobs', headers: { host: 'localhost' } },
    payload: { kind: 'collect-garbage' },
  });
  other.close();
  expect([answer.statusCode, answer.json()]).toMatchObject([
    503,
    {
      detail: `the database ${path} cannot be used: another program has kept it locked for 5 seconds; stop that one (database is locked)`,
    },
  ]);
});
