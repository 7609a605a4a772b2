// Floating tags beside those of clients, and the settings that ask for them: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { Tag } from '../../../src/oci/tag.ts';
import type { Database } from '../../../src/ports/database.ts';
import {
  deleteFloatingTag,
  deleteFloatingTagsOf,
  findTagKeeper,
  listFloatingTags,
  pointFloatingTags,
} from '../../../src/tables/floating-tags.ts';
import { listFloatingSettings, putNamespace } from '../../../src/tables/namespaces.ts';
import { deleteTag, deleteTagsOf, findTag, listTags, setTagListed } from '../../../src/tables/tags.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, manifest, OTHER, point, push, SECOND, THIRD, V1, WEB } from './rows.ts';

const [ONE, ONE_TWO, TWO] = ['1', '1.2', '2'] as [Tag, Tag, Tag];
const WRITE = { pushId: 'refresh', at: 5, by: 'chartroom' };

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = async () => {
      const opened = await openMigrated(kind);
      await opened.database.transaction(async (tx) => {
        for (const digest of [FIRST, SECOND, THIRD]) await push(tx, manifest(digest));
        await push(tx, manifest(FIRST, { repository: OTHER }));
      });
      return opened;
    };
    const float = async (
      database: Database,
      pointers: readonly (readonly [Tag, typeof FIRST])[],
      write = WRITE,
      repository = WEB,
    ) => await database.transaction((tx) => pointFloatingTags(tx, repository, pointers, write));

    test('a floating tag points where it was told to, moves, and stays as it was where it does not', async () => {
      await using opened = await open();
      const { database } = opened;
      await float(database, [
        [ONE_TWO, FIRST],
        [ONE, FIRST],
      ]);
      expect(await listFloatingTags(database, WEB)).toEqual([
        { tag: ONE, digest: FIRST, pushedAt: 5 },
        { tag: ONE_TWO, digest: FIRST, pushedAt: 5 },
      ]);
      await float(
        database,
        [
          [ONE, SECOND],
          [ONE_TWO, FIRST],
        ],
        { pushId: 'later', at: 6, by: 'chartroom' },
      );
      expect(await listFloatingTags(database, WEB)).toEqual([
        { tag: ONE, digest: SECOND, pushedAt: 6 },
        { tag: ONE_TWO, digest: FIRST, pushedAt: 5 },
      ]);
      expect(await findTag(database, WEB, ONE)).toMatchObject({ identity: SECOND, pushId: 'later', fixed: 0 });
      expect(await listFloatingTags(database, OTHER)).toEqual([]);
    });

    test('very many are pointed at once', async () => {
      await using opened = await open();
      const { database } = opened;
      const tags = Array.from({ length: 1_234 }, (_, index) => `1.${index}` as Tag);
      await float(
        database,
        tags.map((tag) => [tag, FIRST]),
      );
      expect((await listFloatingTags(database, WEB)).map(({ tag }) => tag)).toEqual(tags.toSorted());
      await float(database, []);
      expect(await listFloatingTags(database, WEB)).toHaveLength(1_234);
    });

    test('a tag of a client stays the client’s, also when it was deleted and is remembered', async () => {
      await using opened = await open();
      const { database } = opened;
      await point(database, { tag: ONE, fixed: false });
      await point(database, { tag: TWO });
      await database.transaction((tx) => deleteTag(tx, TWO, { repository: WEB, at: 2, by: 'ann' }));
      const before = [await findTag(database, WEB, ONE), await findTag(database, WEB, TWO)];
      await float(database, [
        [ONE, SECOND],
        [TWO, SECOND],
        [ONE_TWO, SECOND],
      ]);
      expect([await findTag(database, WEB, ONE), await findTag(database, WEB, TWO)]).toEqual(before);
      expect(await listFloatingTags(database, WEB)).toEqual([{ tag: ONE_TWO, digest: SECOND, pushedAt: 5 }]);
      expect([
        await findTagKeeper(database, WEB, ONE),
        await findTagKeeper(database, WEB, TWO),
        await findTagKeeper(database, WEB, ONE_TWO),
        await findTagKeeper(database, WEB, V1),
        await findTagKeeper(database, OTHER, ONE),
      ]).toEqual(['client', 'client', 'server', undefined, undefined]);
    });

    test('clients neither write nor delete one', async () => {
      await using opened = await open();
      const { database } = opened;
      await float(database, [[ONE, FIRST]]);
      for (const fixed of [true, false]) {
        for (const identity of [FIRST, SECOND]) {
          expect(await point(database, { tag: ONE, fixed, digest: FIRST, identity })).toBeUndefined();
        }
      }
      const deletion = { repository: WEB, at: 2, by: 'ann' };
      expect(await database.transaction((tx) => deleteTag(tx, ONE, deletion))).toEqual([]);
      expect(await database.transaction((tx) => deleteTagsOf(tx, FIRST, deletion))).toEqual([]);
      expect(await listFloatingTags(database, WEB)).toEqual([{ tag: ONE, digest: FIRST, pushedAt: 5 }]);
    });

    test('floating tags are taken away one by one or all of a repository, and those of clients never', async () => {
      await using opened = await open();
      const { database } = opened;
      await point(database, { tag: V1 });
      await point(database, { tag: TWO, fixed: false });
      await float(database, [
        [ONE, FIRST],
        [ONE_TWO, FIRST],
      ]);
      await float(database, [[ONE, FIRST]], WRITE, OTHER);
      await database.transaction(async (tx) => {
        for (const tag of [ONE, TWO, V1]) await deleteFloatingTag(tx, WEB, tag);
      });
      expect((await listFloatingTags(database, WEB)).map(({ tag }) => tag)).toEqual([ONE_TWO]);
      await database.transaction((tx) => deleteFloatingTagsOf(tx, WEB));
      expect(await listFloatingTags(database, WEB)).toEqual([]);
      expect(await listFloatingTags(database, OTHER)).toHaveLength(1);
      expect(await listTags(database, WEB, '', 10)).toEqual([V1, TWO]);
    });

    test('neither floating nor yanked tags are listed; a tag that moves is listed again', async () => {
      await using opened = await open();
      const { database } = opened;
      await float(database, [[ONE, FIRST]]);
      await point(database, { tag: V1 });
      await point(database, { tag: TWO, fixed: false });
      const list = (tag: Tag, listed: boolean) => database.transaction((tx) => setTagListed(tx, WEB, tag, listed));
      await list(V1, false);
      expect(await listTags(database, WEB, '', 10)).toEqual([TWO]);
      await list(TWO, false);
      // The same content again moves nothing.
      await point(database, { tag: V1, digest: SECOND });
      await point(database, { tag: TWO, fixed: false });
      expect(await listTags(database, WEB, '', 10)).toEqual([]);
      await point(database, { tag: TWO, fixed: false, digest: SECOND, identity: 'two' });
      expect(await listTags(database, WEB, '', 10)).toEqual([TWO]);
      await list(V1, true);
      expect(await listTags(database, WEB, '', 10)).toEqual([V1, TWO]);
    });

    test('of the paths that are asked for, those with a setting are told, the widest first', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await putNamespace(tx, { path: 'team/web', floatingTags: 0 }, 1);
        await putNamespace(tx, { path: '', floatingTags: 1 }, 1);
        await putNamespace(tx, { path: 'team', visibility: 'public' }, 1);
        await putNamespace(tx, { path: 'other', floatingTags: 1 }, 1);
      });
      expect(await listFloatingSettings(database, ['', 'team', 'team/web', 'team/web/x'])).toEqual([
        { path: '', floatingTags: 1 },
        { path: 'team/web', floatingTags: 0 },
      ]);
      expect(await listFloatingSettings(database, ['team'])).toEqual([]);
    });
  });
}
