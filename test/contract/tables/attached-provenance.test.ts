// Provenance files that come after their versions, and go with what refers to these: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/ports/database.ts';
import { linkBlob } from '../../../src/tables/blobs.ts';
import { attachProvenance, detachProvenance, keepsProvenance } from '../../../src/tables/chart-versions.ts';
import { deleteManifest } from '../../../src/tables/manifests.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, manifest, OTHER, push, SECOND, SIGNATURE, THIRD, V1, WEB } from './rows.ts';
import { digestsOf, publish, versionOf } from './version-rows.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('a provenance file', () => {
      const attach = async (change: { tag?: string; digest?: string }, ...digests: readonly (typeof THIRD)[]) => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0');
        const version = { repository: WEB, tag: V1, digest: digestsOf(WEB, '1.0.0').digest, ...change } as never;
        const attached: boolean[] = [];
        for (const digest of digests) {
          attached.push(await database.transaction((tx) => attachProvenance(tx, version, digest, 50)));
        }
        const [row] = await database.query('select provenance_digest as provenance, revision from chart_versions');
        return { attached, row };
      };

      test('is attached to a version without one, and the same one again, but no other', async () => {
        const { attached, row } = await attach({}, SIGNATURE, SIGNATURE, THIRD);
        expect(attached).toEqual([true, true, false]);
        expect(row).toEqual({ provenance: SIGNATURE, revision: 50 });
      });

      test('is not attached to what the tag does not stand for any more, or never did', async () => {
        expect((await attach({ digest: THIRD }, SIGNATURE)).attached).toEqual([false]);
        expect((await attach({ tag: '2.0.0' }, SIGNATURE)).attached).toEqual([false]);
      });

      const { digest } = digestsOf(WEB, '1.0.0');
      const PROVENANCE = { repository: WEB, digest, provenance: SIGNATURE };

      /** With FIRST, and whatever else is given, referring to version 1.0.0. */
      const refer = async (database: Database, ...referrers: readonly (readonly [typeof THIRD, typeof THIRD])[]) => {
        await publish(database, WEB, versionOf(WEB, '1.0.0', { provenanceDigest: SIGNATURE }), '1.1.0');
        await database.transaction(async (tx) => {
          for (const blob of [SIGNATURE, THIRD]) await linkBlob(tx, { repository: WEB, digest: blob, size: 1, now: 1 });
          for (const [referrer, blob] of referrers) {
            await push(tx, manifest(referrer, { subject: digest, blobs: [blob] }));
          }
        });
      };

      const detach = (database: Database, referrer: typeof THIRD, repository = WEB) =>
        database.transaction((tx) => detachProvenance(tx, repository, referrer, 60));

      test('is kept by what refers to the version, or by the version itself', async () => {
        await using opened = await open();
        const { database } = opened;
        await refer(database, [FIRST, SIGNATURE], [SECOND, THIRD]);
        const keeps = (change: Partial<typeof PROVENANCE>) => keepsProvenance(database, { ...PROVENANCE, ...change });
        const { digest: other, content } = digestsOf(WEB, '1.1.0');
        expect([await keeps({}), await keeps({ digest: FIRST })]).toEqual([true, true]);
        expect([await keeps({ repository: OTHER }), await keeps({ digest: other })]).toEqual([false, false]);
        expect([await keeps({ digest: other, provenance: content }), await keeps({ provenance: content })]).toEqual([
          true,
          false,
        ]);
      });

      test('is let go with what refers to the version and has it', async () => {
        await using opened = await open();
        const { database } = opened;
        await refer(database, [FIRST, SIGNATURE], [SECOND, THIRD]);
        const changed: unknown[] = [];
        for (const [referrer, repository] of [
          [SECOND, WEB],
          [FIRST, OTHER],
          [digest, WEB],
          [FIRST, WEB],
          [FIRST, WEB],
        ] as const)
          changed.push(await detach(database, referrer, repository));
        expect(changed).toEqual([false, false, false, true, false]);
        expect(
          await database.query('select tag, provenance_digest as provenance from chart_versions where revision = 60'),
        ).toEqual([{ tag: V1, provenance: null }]);
      });

      test('stays while something else that refers to the version has it, or the version itself', async () => {
        await using opened = await open();
        const { database } = opened;
        await refer(database, [FIRST, SIGNATURE], [SECOND, SIGNATURE]);
        expect(await detach(database, FIRST)).toBe(false);
        await database.transaction((tx) => deleteManifest(tx, WEB, SECOND));
        const layer = 'update charts set provenance_digest = $1 where digest = $2';
        await database.transaction((tx) => tx.query(layer, [SIGNATURE, digest]));
        expect(await detach(database, FIRST)).toBe(false);
        await database.transaction((tx) => tx.query(layer, [null, digest]));
        expect(await detach(database, FIRST)).toBe(true);
      });
    });
  });
}
