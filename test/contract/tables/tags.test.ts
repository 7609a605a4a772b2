// Tags, free and fixed, live and deleted: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { Tag } from '../../../src/oci/tag.ts';
import { ConstraintViolation } from '../../../src/ports/database.ts';
import { countTags, deleteTag, deleteTagsOf, findTag, listTags, type TagRow } from '../../../src/tables/tags.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { type Change, FIRST, manifest, OTHER, pages, point, push, SECOND, SIGNATURE, THIRD, V1, WEB } from './rows.ts';

/** A push of something else to the same tag. */
const OTHER_CONTENT = { digest: SECOND, identity: 'two' };

/** What text is sorted by: bytes, so upper case before lower case, and neither dots nor digits in a way of their own. */
const IN_BYTE_ORDER = ['1.0.0', '1.10.0', '1.2.0', 'V1', '_x', 'a', 'a-b', 'a.b', 'a_b', 'ab', 'b'];

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('tags', () => {
      const openWithManifests = async () => {
        const opened = await open();
        await opened.database.transaction(async (tx) => {
          for (const digest of [FIRST, SECOND, THIRD]) await push(tx, manifest(digest));
        });
        return opened;
      };

      test('a new tag points where it was told to, and is found', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        const pointed = await point(database, { pushId: 'push 7', pushedAt: 7, pushedBy: 'ci', provenance: SIGNATURE });
        expect(pointed).toEqual({
          digest: FIRST,
          fixed: 1,
          identity: 'one',
          provenance: SIGNATURE,
          pushId: 'push 7',
          pushedAt: 7,
          pushedBy: 'ci',
          deletedAt: null,
          deletedBy: null,
        });
        expect(await findTag(database, WEB, V1)).toEqual(pointed);
        expect(await findTag(database, OTHER, V1)).toBeUndefined();
      });

      test('tags are counted in one repository, those that are remembered too, and no further than asked', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        for (const tag of ['a', 'b', 'c']) await point(database, { tag: tag as Tag });
        await database.transaction((tx) => deleteTag(tx, 'a' as Tag, { repository: WEB, at: 2, by: 'ann' }));
        const counts = await database.transaction(async (tx) => [
          await countTags(tx, WEB, 9),
          await countTags(tx, WEB, 2),
          await countTags(tx, OTHER, 9),
        ]);
        expect(counts).toEqual([3, 2, 0]);
      });

      test('a tag cannot point at a manifest that its repository does not have', async () => {
        await using opened = await openWithManifests();
        await expect(point(opened.database, { digest: SIGNATURE })).rejects.toThrow(ConstraintViolation);
        expect(await findTag(opened.database, WEB, V1)).toBeUndefined();
      });

      const pushes: readonly Case[] = [
        {
          case: 'a free tag moves to other content',
          first: { fixed: false },
          later: { ...OTHER_CONTENT, fixed: false },
          expected: { digest: SECOND, identity: 'two', fixed: 0, pushedAt: 2, pushedBy: 'second' },
        },
        {
          case: 'a free tag stays on its first push when the same manifest is pushed again',
          first: { fixed: false, pushId: 'first push' },
          later: { fixed: false, pushId: 'second push' },
          expected: { digest: FIRST, fixed: 0, pushId: 'first push', pushedAt: 1, pushedBy: 'first' },
        },
        {
          case: 'a free tag that would be a fixed one by now is refused other content',
          first: { fixed: false },
          later: { ...OTHER_CONTENT, fixed: true },
          expected: undefined,
        },
        {
          case: 'a free tag that would be a fixed one by now takes the same content, and is fixed from then on',
          first: { fixed: false },
          later: { digest: SECOND, fixed: true },
          expected: { digest: FIRST, identity: 'one', fixed: 1, pushedAt: 1 },
        },
        { case: 'a fixed tag is refused other content', later: OTHER_CONTENT, expected: undefined },
        {
          case: 'a fixed tag is refused other content also when it would be a free one by now',
          later: { ...OTHER_CONTENT, fixed: false },
          expected: undefined,
        },
        {
          case: 'a fixed tag is refused other content also where deleted ones may come back',
          later: { ...OTHER_CONTENT, republishDeleted: true },
          expected: undefined,
        },
        {
          case: 'a fixed tag takes the same content in another manifest, and stays on the first',
          later: { digest: SECOND },
          expected: { digest: FIRST, fixed: 1, pushedAt: 1, pushedBy: 'first' },
        },
        {
          case: 'a fixed tag stays fixed when the same content is pushed while it would be a free one',
          later: { fixed: false },
          expected: { digest: FIRST, fixed: 1, pushedAt: 1 },
        },
        {
          case: 'a signed fixed tag takes the same content with the same signature',
          first: { provenance: SIGNATURE },
          later: { digest: SECOND, provenance: SIGNATURE },
          expected: { digest: FIRST, provenance: SIGNATURE, pushedAt: 1 },
        },
        {
          case: 'a signed fixed tag takes the same content without a signature, and keeps its own',
          first: { provenance: SIGNATURE },
          later: { digest: SECOND, provenance: '' },
          expected: { digest: FIRST, provenance: SIGNATURE, pushedAt: 1 },
        },
        {
          case: 'a fixed tag without a signature is refused one',
          later: { digest: SECOND, provenance: SIGNATURE },
          expected: undefined,
        },
        {
          case: 'a signed fixed tag is refused another signature',
          first: { provenance: SIGNATURE },
          later: { digest: SECOND, provenance: THIRD },
          expected: undefined,
        },
      ];
      test.each(pushes.map((each) => [each.case, each] as const))(
        '%s',
        async (_case, { first = {}, later, expected }) => {
          await using opened = await openWithManifests();
          const { database } = opened;
          const before = await point(database, first);
          const after = await point(database, { pushedAt: 2, pushedBy: 'second', ...later });
          if (expected === undefined) {
            expect(after).toBeUndefined();
            expect(await findTag(database, WEB, V1)).toEqual(before);
          } else {
            expect(after).toMatchObject(expected);
            expect(await findTag(database, WEB, V1)).toEqual(after);
          }
        },
      );

      const returns: readonly Case[] = [
        { case: 'does not come back with other content', later: OTHER_CONTENT, expected: undefined },
        {
          case: 'comes back with the same content, also in another manifest',
          later: { digest: SECOND },
          expected: { digest: SECOND, identity: 'one', fixed: 1, pushedAt: 3, pushedBy: 'second' },
        },
        {
          case: 'comes back with the same content, and without the signature that it had',
          later: { provenance: '' },
          expected: { digest: FIRST, provenance: '', pushedAt: 3 },
        },
        { case: 'does not come back with another signature', later: { provenance: THIRD }, expected: undefined },
        {
          case: 'comes back with other content where that is allowed',
          later: { ...OTHER_CONTENT, republishDeleted: true },
          expected: { digest: SECOND, identity: 'two', fixed: 1, pushedAt: 3, pushedBy: 'second' },
        },
      ];
      test.each(returns.map((each) => [each.case, each] as const))(
        'a deleted fixed tag %s',
        async (_case, { later, expected }) => {
          await using opened = await openWithManifests();
          const { database } = opened;
          await point(database, { provenance: SIGNATURE });
          await database.transaction((tx) => deleteTag(tx, V1, { repository: WEB, at: 2, by: 'janitor' }));
          const remembered = await findTag(database, WEB, V1);
          expect(remembered).toMatchObject({ digest: null, identity: 'one', deletedAt: 2, deletedBy: 'janitor' });
          const after = await point(database, { provenance: SIGNATURE, pushedAt: 3, pushedBy: 'second', ...later });
          if (expected === undefined) {
            expect(after).toBeUndefined();
            expect(await findTag(database, WEB, V1)).toEqual(remembered);
          } else {
            expect(after).toMatchObject({ ...expected, deletedAt: null, deletedBy: null });
            expect(await findTag(database, WEB, V1)).toEqual(after);
          }
        },
      );

      test('what came back after its deletion is fixed to its new content', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        await point(database, {});
        await database.transaction((tx) => deleteTag(tx, V1, { repository: WEB, at: 2, by: 'janitor' }));
        await point(database, { ...OTHER_CONTENT, republishDeleted: true });
        expect(await point(database, {})).toBeUndefined();
      });

      test('of 20 racing writers of different content to one fixed tag, one wins', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, index) => point(database, { identity: `content ${index}`, pushedAt: index })),
        );
        const winners = outcomes.filter((row) => row !== undefined);
        expect(winners).toHaveLength(1);
        expect(await findTag(database, WEB, V1)).toEqual(winners[0]);
      });

      test('deleting says what the tag pointed at; a free tag is forgotten, a fixed one remembered', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        const [free, fixed, never] = ['free', 'fixed', 'never'] as [Tag, Tag, Tag];
        await point(database, { tag: free, fixed: false });
        await point(database, { tag: fixed, digest: SECOND });
        const remove = (tag: Tag, at: number) =>
          database.transaction((tx) => deleteTag(tx, tag, { repository: WEB, at, by: 'janitor' }));
        expect(await remove(free, 5)).toEqual([{ tag: free, digest: FIRST }]);
        expect(await remove(fixed, 5)).toEqual([{ tag: fixed, digest: SECOND }]);
        expect(await remove(never, 5)).toEqual([]);
        expect(await findTag(database, WEB, free)).toBeUndefined();
        expect(await findTag(database, WEB, fixed)).toMatchObject({ digest: null, deletedAt: 5 });
        expect(await remove(fixed, 6)).toEqual([]);
        expect(await findTag(database, WEB, fixed)).toMatchObject({ deletedAt: 5 });
      });

      test('they are listed in byte order and in pages, deleted ones left out', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        for (const tag of [...IN_BYTE_ORDER.toReversed(), 'aa'] as Tag[]) await point(database, { tag });
        await database.transaction((tx) => deleteTag(tx, 'aa' as Tag, { repository: WEB, at: 2, by: 'x' }));
        expect(await listTags(database, WEB, '', 100)).toEqual(IN_BYTE_ORDER);
        expect(await pages((last) => listTags(database, WEB, last, 4))).toEqual([
          IN_BYTE_ORDER.slice(0, 4),
          IN_BYTE_ORDER.slice(4, 8),
          IN_BYTE_ORDER.slice(8),
        ]);
        expect(await listTags(database, WEB, 'a-zzz', 1)).toEqual(['a.b']);
        expect(await listTags(database, OTHER, '', 100)).toEqual([]);
      });

      test('all of one manifest are deleted together, and no others', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        const [free, fixed, other] = ['free', 'fixed', 'other'] as [Tag, Tag, Tag];
        await point(database, { tag: free, fixed: false });
        await point(database, { tag: fixed });
        await point(database, { tag: other, digest: SECOND });
        const deleted = await database.transaction((tx) =>
          deleteTagsOf(tx, FIRST, { repository: WEB, at: 5, by: 'janitor' }),
        );
        expect(deleted).toEqual([
          { tag: free, digest: FIRST },
          { tag: fixed, digest: FIRST },
        ]);
        expect(await listTags(database, WEB, '', 100)).toEqual([other]);
        expect(await findTag(database, WEB, fixed)).toMatchObject({ digest: null, deletedAt: 5, deletedBy: 'janitor' });
      });
    });
  });
}

/** What a second push to a tag leaves; undefined when it is refused. */
interface Case {
  readonly case: string;
  readonly first?: Change;
  readonly later: Change;
  readonly expected: Partial<TagRow> | undefined;
}
