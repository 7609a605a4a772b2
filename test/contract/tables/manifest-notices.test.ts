// The notice that comes with a manifest which is a version of a chart: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { Digest } from '../../../src/oci/digest.ts';
import type { Tag } from '../../../src/oci/tag.ts';
import type { Database } from '../../../src/ports/database.ts';
import { pointFloatingTags } from '../../../src/tables/floating-tags.ts';
import { findManifest, findNoticeOn } from '../../../src/tables/manifests.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, manifest, OTHER, point, push, V1, WEB } from './rows.ts';
import { digestsOf, notice, publish, tagOf } from './version-rows.ts';

afterAll(stopDatabases);

/** As whoever pulls it comes to know. */
async function noticed(database: Database, reference: Tag | Digest) {
  const found = await findManifest(
    database,
    WEB,
    reference.includes(':') ? { kind: 'digest', digest: reference as Digest } : { kind: 'tag', tag: reference as Tag },
  );
  if (!found) throw new Error(`there is no ${reference}`);
  const notice = found.noticed === 1 ? await findNoticeOn(database, WEB, found.digest) : undefined;
  return notice ? `${notice.kind} ${notice.tag || 'chart'} ${notice.version}` : null;
}

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const openPublished = async () => {
      const opened = await openMigrated(kind);
      const { database } = opened;
      await publish(database, WEB, '1.0.0', '1.1.0+b', '1.2.0');
      await publish(database, OTHER, '1.0.0');
      return opened;
    };

    test('is that of the version, by tag, floating tag and digest alike', async () => {
      await using opened = await openPublished();
      const { database } = opened;
      const { digest } = digestsOf(WEB, '1.1.0+b');
      await database.transaction((tx) =>
        pointFloatingTags(tx, WEB, [['1.1' as Tag, digest]], { pushId: 'x', at: 1, by: 'chartroom' }),
      );
      await notice(database, WEB, tagOf('1.1.0+b'), 'yanked');
      for (const reference of [tagOf('1.1.0+b'), '1.1' as Tag, digest]) {
        expect(await noticed(database, reference)).toBe('yanked 1.1.0_b 1.1.0+b');
      }
      expect(await noticed(database, V1)).toBe(null);
      expect(await findNoticeOn(database, WEB, digest)).toEqual({
        ...{ kind: 'yanked', tag: '1.1.0_b', reason: 'a reason', replacement: '', version: '1.1.0+b' },
      });
    });

    test('is that of the chart where the version has none of its own', async () => {
      await using opened = await openPublished();
      const { database } = opened;
      await notice(database, WEB, '', 'deprecated');
      await notice(database, WEB, tagOf('1.2.0'), 'yanked');
      expect([await noticed(database, V1), await noticed(database, tagOf('1.2.0'))]).toEqual([
        'deprecated chart 1.0.0',
        'yanked 1.2.0 1.2.0',
      ]);
    });

    test('is not that of another repository, nor of a chart whose repository or tag something else has', async () => {
      await using opened = await openPublished();
      const { database } = opened;
      await notice(database, OTHER, '', 'deprecated');
      await notice(database, OTHER, V1, 'yanked');
      expect(await findManifest(database, WEB, { kind: 'tag', tag: V1 })).toMatchObject({ noticed: 0 });
      expect(await findNoticeOn(database, WEB, digestsOf(WEB, '1.0.0').digest)).toBeUndefined();
      await notice(database, WEB, '', 'deprecated');
      await notice(database, WEB, V1, 'yanked');
      await database.transaction((tx) => push(tx, manifest(FIRST)));
      await point(database, { tag: 'latest' as Tag, fixed: false });
      await database.transaction((tx) =>
        tx.query('update tags set digest = $1 where repository = $2 and name = $3', [FIRST, WEB, V1]),
      );
      expect([await noticed(database, 'latest' as Tag), await noticed(database, V1)]).toEqual([null, null]);
      expect(await noticed(database, digestsOf(WEB, '1.0.0').digest)).toBe('yanked 1.0.0 1.0.0');
    });
  });
}
