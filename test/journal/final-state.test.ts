// What the records of a journal amount to.
import { expect, test } from 'vitest';
import { readFinalState } from '../../src/journal/final-state.ts';
import { writeRecord } from '../../src/journal/journal-records.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { Tag } from '../../src/oci/tag.ts';
import type { TagSource } from '../../src/tables/journal-source.ts';

const repository = 'team/web' as RepositoryName;
const digest = digestOf(Buffer.from('a manifest'), 'sha256');

test('all tags of a manifest are found by it, but none that was deleted', async () => {
  const { tagged, tags } = await readFinalState(
    lines([tagRow('1.0.0', digest), tagRow('1', digest), tagRow('0.9.0', digest), tagRow('0.9.0', null)]),
  );
  expect([...tagged]).toEqual([[`${repository} ${digest}`, ['1.0.0', '1']]]);
  expect(tags.get(`${repository} 0.9.0`)?.digest).toBeNull();
});

function tagRow(name: string, target: TagSource['digest']): TagSource {
  return {
    ...{ repository, tag: name as Tag, digest: target, fixed: 1, identity: '', provenance: '', pushId: '' },
    ...{
      pushedAt: 1,
      pushedBy: 'ann',
      deletedAt: target === null ? 2 : null,
      deletedBy: target === null ? 'ann' : null,
    },
  };
}

async function* lines(rows: readonly TagSource[]): AsyncIterable<string> {
  for (const row of rows) yield writeRecord({ record: 'tag', row });
}
