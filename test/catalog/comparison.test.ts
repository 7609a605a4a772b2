// Comparisons keep the process busy: the same one is worked out once, few wait, and everybody else gets a turn in between.
import { expect, test } from 'vitest';
import { Comparisons } from '../../src/catalog/comparison.ts';
import type { ContentsCache } from '../../src/catalog/contents-cache.ts';
import type { Descriptions } from '../../src/catalog/descriptions.ts';
import type { VersionFacts } from '../../src/catalog/versions.ts';
import { contentsOf } from '../../src/charts/contents.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { TooManyRequests } from '../../src/oci/error.ts';

const contents = contentsOf(new Map([['values.yaml', Buffer.from('replicas: 1\n')]]), new Map());
const archives = { open: async () => ({ kind: 'contents', contents }) } as unknown as ContentsCache;
const descriptions = { of: async () => ({ kind: 'unreadable', problem: '' }) } as unknown as Descriptions;

function version(text: string): VersionFacts {
  const metadata = { apiVersion: 'v2', name: 'web', version: text };
  return { metadata, contentDigest: digestOf(Buffer.from(text)) } as unknown as VersionFacts;
}

test('whoever asks for the same while it is worked out, or later, gets the same answer', async () => {
  const comparisons = new Comparisons({ archives, descriptions });
  const asked = Array.from({ length: 30 }, () => comparisons.compare(version('1.0.0'), version('2.0.0')));
  const [first, ...others] = await Promise.all(asked);
  expect(first?.from.version).toBe('1.0.0');
  for (const other of [...others, await comparisons.compare(version('1.0.0'), version('2.0.0'))]) {
    expect(other).toBe(first);
  }
});

test('when too many wait, the next one is asked to try again later', async () => {
  const comparisons = new Comparisons({ archives, descriptions });
  const asked = Array.from({ length: 12 }, (_, index) =>
    comparisons.compare(version('1.0.0'), version(`2.${index}.0`)),
  );
  const settled = await Promise.allSettled(asked);
  const refused = settled.filter((each) => each.status === 'rejected');
  expect(refused.map(({ reason }) => reason instanceof TooManyRequests)).toEqual([true]);
});

test('between one comparison and the next, everything else gets its turn', async () => {
  const comparisons = new Comparisons({ archives, descriptions });
  const happened: string[] = [];
  let isOver = false;
  const turn = (): void => {
    if (happened.at(-1) !== 'turn') happened.push('turn');
    if (!isOver) setImmediate(turn);
  };
  const asked = ['2.0.0', '3.0.0', '4.0.0'].map(async (to) => {
    await comparisons.compare(version('1.0.0'), version(to));
    happened.push(to);
  });
  setImmediate(turn);
  await Promise.all(asked);
  isOver = true;
  expect(happened.join(' ')).toBe('turn 2.0.0 turn 3.0.0 turn 4.0.0');
});
