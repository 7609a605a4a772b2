// `chartroom audit …`, on a registry whose server does not run.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { insertEvent } from '../../src/tables/events.ts';
import { failure, NOTHING_TO_SHOW, registryFolder, success } from './registry-folder.ts';

const EVENT = {
  kind: 'tag.set',
  actor: 'ci',
  actorKind: 'robot',
  credential: 'token chr_ab12cd34…',
  clientAddress: '192.0.2.7',
  userAgent: 'helm',
  outcome: 'allowed',
  repository: 'team/web',
  tag: '1.2.0',
  digest: null,
  detail:
    '{"expiresAt":1767225600000,"scopes":[{"namespace":"","charts":"web-*","actions":["pull","push"]}],"namespace":"","name":"web"}',
} as const;

test('the last events are shown as people read a log, the newest at the end', async () => {
  await using registry = await registryFolder();
  await addEvents(registry.path, [
    { ...EVENT, at: Date.parse('2026-01-01T10:00:00.500Z') },
    {
      ...EVENT,
      at: Date.parse('2026-01-01T10:00:01Z'),
      actorKind: 'user',
      outcome: 'refused',
      tag: null,
      detail: '{}',
    },
  ]);
  expect(await registry.chartroom('audit list --limit 2')).toEqual(
    success(
      'TIME                  ACTOR     EVENT    OUTCOME  REPOSITORY      FROM       WITH                 DETAIL',
      '2026-01-01T10:00:00Z  robot ci  tag.set  allowed  team/web:1.2.0  192.0.2.7  token chr_ab12cd34…  expiresAt=2026-01-01T00:00:00.000Z scopes=/:web-*:pull,push namespace=/ name=web',
      '2026-01-01T10:00:01Z  ci        tag.set  refused  team/web        192.0.2.7  token chr_ab12cd34…  -',
    ),
  );
  expect((await registry.chartroom('audit list')).stdout).toContain('user.added');
});

test('the content that an event is about is named: of damaged blobs, which they are', async () => {
  await using registry = await registryFolder();
  const digest = `sha256:${'c4'.repeat(32)}`;
  const damaged = { kind: 'blob.damaged', tag: null, digest, detail: '{"damage":"content","tags":["1.2.0"]}' } as const;
  await addEvents(registry.path, [{ ...EVENT, ...damaged, at: Date.parse('2026-01-01T10:00:00Z') }]);
  const { stdout } = await registry.chartroom('audit list --kind blob.damaged');
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
    / {2}damage=content tags=\["1\.2\.0"\] digest=sha256:(?:c4){32}$/,
  );
});

test.each([
  ['--actor ann', [1]],
  ['--kind tag', [0, 2]],
  ['--kind chart.published', [1]],
  ['--repository team', [0, 1]],
  ['--outcome refused', [2]],
  ['--address 192.0.2.8', [1]],
  ['--from 2026-01-02 --to 2026-01-03', [1]],
  ['--from 2026-01-02T00:00:01Z --kind tag', [2]],
])('of what happened, "%s" picks what is asked for', async (words, expected) => {
  await using registry = await registryFolder();
  await addEvents(registry.path, [
    { ...EVENT, at: Date.parse('2026-01-01') },
    { ...EVENT, at: Date.parse('2026-01-02'), actor: 'ann', kind: 'chart.published', clientAddress: '192.0.2.8' },
    { ...EVENT, at: Date.parse('2026-01-03'), outcome: 'refused', repository: 'other/web' },
  ]);
  const { stdout } = await registry.chartroom(`audit export ${words}`);
  const days = stdout.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as { at: string }).at));
  expect(days.toReversed()).toEqual(expected.map((day) => `2026-01-0${day + 1}T00:00:00.000Z`));
});

test('more than a page of events is exported, each once, and listed up to the limit', async () => {
  await using registry = await registryFolder();
  const count = 2_100;
  await addEvents(
    registry.path,
    Array.from({ length: count }, (_, index) => ({ ...EVENT, at: Date.parse('2026-01-01') + index })),
  );
  const { stdout } = await registry.chartroom('audit export --kind tag.set');
  const ids = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: number }).id);
  expect(new Set(ids).size).toBe(count);
  expect(ids).toEqual(ids.toSorted((one, other) => other - one));
  const { items } = await registry.json<{ items: unknown[] }>('audit list --kind tag.set --limit 1500');
  expect(items).toHaveLength(1500);
});

test('what clients wrote cannot move the cursor of whoever reads it', async () => {
  await using registry = await registryFolder();
  const evil = 'a\u001b[2Jb\u009bc\u202ed\u{e0041}e\u2028';
  await addEvents(registry.path, [{ ...EVENT, at: Date.parse('2026-01-01'), actor: evil }]);
  expect((await registry.chartroom('audit list --limit 1')).stdout).toContain('  robot a?[2Jb?c?d?e?  ');
  const { stdout } = await registry.chartroom('audit export --kind tag.set');
  expect(stdout).toContain('"actor":"a\\u001b[2Jb\\u009bc\\u202ed\\udb40\\udc41e\\u2028"');
  expect((JSON.parse(stdout) as { actor: string }).actor).toBe(evil);
});

test('that no event fits is said, and not on standard output', async () => {
  await using registry = await registryFolder();
  expect(await registry.chartroom('audit list --kind nonsense')).toEqual(NOTHING_TO_SHOW);
  expect(await registry.chartroom('audit export --kind nonsense')).toEqual(success());
});

test('what cannot be asked is refused with what to write instead', async () => {
  await using registry = await registryFolder();
  const refusals = {
    'audit list --outcome denied': '"denied" is no outcome: use allowed or refused',
    'audit list --limit many': '--limit is "many", but must be a whole number from 1 to 999999',
    'audit export --from yesterday':
      '"yesterday" is no time: write a date such as 2027-01-31, 2027-01-31T14:00 (UTC), or how long ago, such as 90m, 24h or 7d',
  };
  for (const [words, message] of Object.entries(refusals)) {
    expect(await registry.chartroom(words)).toEqual(failure(message));
  }
});

async function addEvents(path: string, events: readonly Parameters<typeof insertEvent>[1][]): Promise<void> {
  const database = openSqliteDatabase(join(path, 'data', 'chartroom.db'));
  await database.transaction(async (tx) => {
    for (const event of events) await insertEvent(tx, event);
  });
  await database.close();
}
