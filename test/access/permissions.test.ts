// Rights: what a principal may do, looked up once for many repositories.
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Permissions } from '../../src/access/permissions.ts';
import type { Principal } from '../../src/access/principal.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { addMember } from '../http/support/members.ts';
import { startRegistry } from '../support/start-registry.ts';

const registry = await startRegistry();
const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
const permissions = new Permissions(database);
afterAll(async () => {
  await database.close();
  await registry[Symbol.asyncDispose]();
});
await addMember(registry, 'reader', { role: 'reader', namespace: 'team' });
await addMember(registry, 'stranger');

const user = (name: string): Principal => ({ kind: 'user', name });
const ANONYMOUS: Principal = { kind: 'anonymous' };

async function mayReadAnything(principal: Principal): Promise<boolean> {
  return (await permissions.rightsOf(principal)).mayReadAnything;
}

test('whoever may read nothing at all is known without a look at any repository', async () => {
  for (const principal of [ANONYMOUS, user('stranger'), user('removed')]) {
    expect(await mayReadAnything(principal)).toBe(false);
  }
  for (const principal of [user('reader'), user('admin'), { kind: 'open' } as const]) {
    expect(await mayReadAnything(principal)).toBe(true);
  }
  await registry.accounts.setVisibility({ path: 'team', visibility: 'private', actor: 'test' });
  expect(await mayReadAnything(ANONYMOUS)).toBe(false);
  await registry.accounts.setVisibility({ path: 'team/public', visibility: 'public', actor: 'test' });
  expect(await mayReadAnything(ANONYMOUS)).toBe(true);
});

test('rights for many repositories are those for each', async () => {
  for (const principal of [ANONYMOUS, user('stranger'), user('reader'), user('admin'), { kind: 'open' } as const]) {
    const rights = await permissions.rightsOf(principal);
    for (const name of ['team', 'team/web', 'team/public', 'team/public/web', 'teams', 'other'].map(
      parseRepositoryName,
    )) {
      expect([principal, name, rights.on(name)]).toEqual([
        principal,
        name,
        await permissions.actionsOn(principal, name),
      ]);
    }
  }
});
