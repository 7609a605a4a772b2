// The journal of a registry that is served: it follows what is pushed, and nothing in it is secret.
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withDatabase } from '../backup/support/backups.ts';
import { eventually } from '../http/support/eventually.ts';
import { prepareChart, pushArtifact, putManifest } from '../support/artifacts.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';

test('what is pushed is in it soon, with the exact bytes of its manifest', async () => {
  await using registry = await startRegistry();
  const { manifest } = await prepareChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
  await putManifest(registry, 'team/web', '1.0.0', manifest);
  await eventually(() => journalOf(registry)).toContain('"tag":"1.0.0"');
  expect(await journalOf(registry)).toContain(manifest.toString('base64'));
});

test('one that was begun before anything happened is gone on with', async () => {
  await using registry = await startRegistry();
  await pushArtifact(registry, 'team/tool', 'latest', 'content');
  await eventually(() => journalOf(registry)).toContain('"latest"');
  const names = await readdir(join(registry.dataDir, 'journal'));
  expect(names.filter((name) => name.startsWith('registry'))).toEqual(['registry.jsonl']);
});

test('passwords, secrets and tokens are not in it', async () => {
  await using registry = await startRegistry();
  const send = (path: string, body: object) =>
    registry.request('POST', `/api/v1${path}`, {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  expect((await send('/users', { name: 'ann', password: 'secret-of-ann' })).status).toBe(201);
  const scopes = [{ namespace: 'team', actions: ['pull'] }];
  const robot = await send('/robots', { name: 'ci', namespace: 'team', scopes });
  const answer = await robot.text();
  expect(robot.status, answer).toBe(201);
  const secret = /chr_\w+/.exec(answer)?.[0] ?? 'none';
  await pushArtifact(registry, 'team/tool', 'latest', 'content');
  await registry.stop();
  const journal = await journalOf(registry);
  const hashes = await withDatabase(registry.dataDir, (database) =>
    database.query<{ hash: string }>('select hash from secrets union select password_hash from users'),
  );
  expect(hashes.length).toBeGreaterThan(2);
  expect(journal).toContain('team/tool');
  for (const hidden of ['secret-of-ann', 'administrator-password', secret, ...hashes.map(({ hash }) => hash)]) {
    expect(journal).not.toContain(hidden);
  }
  await registry.restart();
});

test('what was not followed when the server was killed is followed by the next start', async () => {
  await using registry = await startRegistry();
  await pushArtifact(registry, 'team/tool', 'first', 'first');
  await registry.stop();
  const [lines, position] = ['registry.jsonl', 'position.json'].map((name) => join(registry.dataDir, 'journal', name));
  await copyFile(position ?? '', `${position}.then`);
  await registry.restart();
  await pushArtifact(registry, 'team/tool', 'second', 'second');
  await registry.stop();
  const whole = await readFile(lines ?? '', 'utf8');
  // As if the last lines had been written, and their position had not.
  await copyFile(`${position}.then`, position ?? '');
  await registry.restart();
  await registry.stop();
  expect(await readFile(lines ?? '', 'utf8')).toBe(whole);
  await registry.restart();
});

test('it is begun anew when another database is in the place of the one that it followed', async () => {
  await using registry = await startRegistry();
  for (const tag of ['first', 'second']) await pushArtifact(registry, 'team/tool', tag, tag);
  await registry.stop();
  expect(await journalOf(registry)).toContain('"second"');
  await withDatabase(registry.dataDir, (opened) =>
    opened.transaction(async (tx) => {
      await tx.query(`update events set at = at - 1`);
      await tx.query(`delete from tags where name = 'second'`);
    }),
  );
  await registry.restart();
  await registry.stop();
  expect(await journalOf(registry)).not.toContain('"second"');
  expect(await journalOf(registry)).toContain('"first"');
  await registry.restart();
});

async function journalOf(registry: TestRegistry): Promise<string> {
  return await readFile(join(registry.dataDir, 'journal', 'registry.jsonl'), 'utf8').catch(() => '');
}
