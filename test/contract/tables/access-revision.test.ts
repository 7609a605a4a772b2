// The number of the state of who may do what: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { ConstraintViolation } from '../../../src/ports/database.ts';
import { countAccessRevisionUp, readAccessRevision } from '../../../src/tables/access-revision.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    test('it counts up by one, once what was changed is there', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      const first = await readAccessRevision(database);
      await database.transaction((tx) => countAccessRevisionUp(tx));
      expect(await readAccessRevision(database)).toBe(first + 1);
      const failing = database.transaction(async (tx) => {
        await countAccessRevisionUp(tx);
        expect(await readAccessRevision(tx)).toBe(first + 2);
        throw new Error('the change cannot be made');
      });
      await expect(failing).rejects.toThrow('the change cannot be made');
      expect(await readAccessRevision(database)).toBe(first + 1);
    });

    test('there is one', async () => {
      await using opened = await openMigrated(kind);
      const inserting = opened.database.transaction((tx) =>
        tx.query('insert into access_revision (id, revision) values (2, 1)'),
      );
      await expect(inserting).rejects.toThrow(ConstraintViolation);
    });
  });
}
