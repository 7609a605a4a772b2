// The versions of an index cut into groups, so that a change has few of them written and compressed anew.
import type { Digest } from '../oci/digest.ts';
import { parentOf, type RepositoryName } from '../oci/repository-name.ts';
import {
  type IndexGroup,
  type IndexItem,
  type IndexStyle,
  packGroup,
  type Run,
  unpackGroup,
  type WrittenItem,
} from './index-group.ts';

/** What becomes of a version: its new entry, or none. */
export interface IndexChange {
  readonly repository: RepositoryName;
  readonly sortKey: string;
  readonly written: WrittenItem | undefined;
}

type Part = IndexGroup | Run;

/** bytes of the entries of a group, on average: 64 versions with a Chart.yaml of a KiB */
const USUAL_LENGTH = 64 * 1024;
/** A group that chance made longer is halved. */
const MAXIMUM_LENGTH = 16 * USUAL_LENGTH;
/** One that lost its end goes on into the next one unless it is as long as this, so that halves stay halves. */
const LONG_ENOUGH = MAXIMUM_LENGTH / 4;

/**
 * Whether a group ends behind a version. The archive's digest decides, as a random number would: so equal versions are cut
 * into equal groups, in whichever order they were published and in every process, and these give equal entity tags.
 */
export function endsGroup(contentDigest: Digest, length: number): boolean {
  const start = contentDigest.indexOf(':') + 1;
  return Number.parseInt(contentDigest.slice(start, start + 8), 16) / 2 ** 32 < length / USUAL_LENGTH;
}

/** Whether a group with these versions goes on with the one that follows. */
export function goesOn(items: readonly IndexItem[], following: Pick<IndexItem, 'repository'>): boolean {
  const last = items.at(-1);
  if (last === undefined || last.endsGroup || areApart(last, following)) return false;
  return lengthOf(items) < LONG_ENOUGH;
}

/** A stretch of groups has become another one. */
interface ChangedGroups {
  /** all of them, now */
  readonly groups: readonly IndexGroup[];
  readonly before: readonly IndexGroup[];
  readonly after: readonly IndexGroup[];
}

/**
 * Groups that stay as they were are the same objects.
 * @param changes in the order of names, of each version one
 * @param pause is awaited before bytes are compressed, and may let others have their turn
 */
export async function changeGroups(
  groups: readonly IndexGroup[],
  changes: readonly IndexChange[],
  style: IndexStyle,
  pause: (bytes: number) => Promise<void>,
): Promise<ChangedGroups> {
  // A change concerns the group that it falls into, the one before, which may go on now, and the one behind, into which.
  const start = Math.max(0, placeOf(groups, changes[0]) - 1);
  const end = placeOf(groups, changes.at(-1)) + 2;
  const before = groups.slice(start, end);
  const planned = plan(before, changes, style);
  const after: IndexGroup[] = [];
  for (const [index, part] of planned.entries()) {
    const ends = {
      opensChart: lastOf(planned[index - 1] ?? groups[start - 1]) !== firstOf(part),
      closesChart: lastOf(part) !== firstOf(planned[index + 1] ?? groups[end]),
    };
    if (isGroup(part) && part.opensChart === ends.opensChart && part.closesChart === ends.closesChart) {
      after.push(part);
      continue;
    }
    const run = runOf(part, style);
    await pause(lengthOf(itemsOf(run)));
    after.push(packGroup(run, ends, style));
  }
  return { groups: [...groups.slice(0, start), ...after, ...groups.slice(end)], before, after };
}

/** The order of names: charts by repository, each one's newest version first. */
export function compareNames(
  one: Pick<IndexItem, 'repository' | 'sortKey'>,
  other: Pick<IndexItem, 'repository' | 'sortKey'>,
): number {
  if (one.repository !== other.repository) return one.repository < other.repository ? -1 : 1;
  if (one.sortKey === other.sortKey) return 0;
  return one.sortKey > other.sortKey ? -1 : 1;
}

/** The index of the group that the change falls into. */
function placeOf(groups: readonly IndexGroup[], change: IndexChange | undefined): number {
  let [low, high] = [0, groups.length];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const first = groups[middle]?.items[0];
    if (change && first && compareNames(first, change) > 0) high = middle;
    else low = middle;
  }
  return low;
}

/** Groups that stay, and runs of versions of which groups are to be made. */
function plan(groups: readonly IndexGroup[], changes: readonly IndexChange[], style: IndexStyle): readonly Part[] {
  const planned: Part[] = [];
  const waiting = changes.toReversed();
  for (const [index, group] of groups.entries()) {
    const due = takeFor(group, groups[index + 1]?.items[0], waiting);
    if (due.length === 0 && !isContinued(planned, group.items[0])) planned.push(group);
    else append(planned, change(unpackGroup(group, style), due), style);
  }
  append(planned, change([], waiting.toReversed()), style);
  return planned;
}

/** Puts a run behind what is planned, into one group with what goes on into it. */
function append(planned: Part[], run: Run, style: IndexStyle): void {
  const before = isContinued(planned, run[0]?.item) ? planned.splice(-1) : [];
  planned.push(...cut([...before.flatMap((part) => runOf(part, style)), ...run]));
}

function isContinued(planned: readonly Part[], following: IndexItem | undefined): boolean {
  const last = planned.at(-1);
  return last !== undefined && following !== undefined && goesOn(itemsOf(last), following);
}

/** Takes the changes that fall into the group away from the end of `waiting`: what comes behind its end is for the next one. */
function takeFor(group: IndexGroup, following: IndexItem | undefined, waiting: IndexChange[]): readonly IndexChange[] {
  const last = group.items.at(-1);
  const taken: IndexChange[] = [];
  for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
    if (following !== undefined && compareNames(next, following) >= 0) break;
    if (last !== undefined && compareNames(next, last) > 0 && !goesOn(group.items, next)) break;
    taken.push(next);
    waiting.pop();
  }
  return taken;
}

/** Puts changes into a run. */
function change(run: Run, changes: readonly IndexChange[]): Run {
  const changed = new Set(changes.map(nameOf));
  const kept = run.filter(({ item }) => !changed.has(nameOf(item)));
  const written = changes.flatMap((each) => each.written ?? []);
  return [...kept, ...written].sort((one, other) => compareNames(one.item, other.item));
}

function cut(run: Run): readonly Run[] {
  const runs: Run[] = [];
  let start = 0;
  for (const [index, { item }] of run.entries()) {
    const following = run[index + 1]?.item;
    if (following !== undefined && !item.endsGroup && !areApart(item, following)) continue;
    runs.push(...halve(run.slice(start, index + 1)));
    start = index + 1;
  }
  return runs;
}

function halve(run: Run): readonly Run[] {
  const length = lengthOf(itemsOf(run));
  if (length <= MAXIMUM_LENGTH || run.length === 1) return [run];
  let before = 0;
  const middle = run.findIndex(({ item }) => {
    before += item.length;
    return before >= length / 2;
  });
  const start = Math.min(middle + 1, run.length - 1);
  return [...halve(run.slice(0, start)), ...halve(run.slice(start))];
}

/** Groups keep to one namespace, since most callers see all of it or nothing, and so have these groups in common. */
function areApart(one: IndexItem, other: Pick<IndexItem, 'repository'>): boolean {
  return one.repository !== other.repository && parentOf(one.repository) !== parentOf(other.repository);
}

function firstOf(part: Part | undefined): RepositoryName | undefined {
  return part && itemsOf(part)[0]?.repository;
}

function lastOf(part: Part | undefined): RepositoryName | undefined {
  return part && itemsOf(part).at(-1)?.repository;
}

function runOf(part: Part, style: IndexStyle): Run {
  return isGroup(part) ? unpackGroup(part, style) : part;
}

function itemsOf(part: Part): readonly IndexItem[] {
  return isGroup(part) ? part.items : part.map(({ item }) => item);
}

function isGroup(part: Part): part is IndexGroup {
  return 'items' in part;
}

function nameOf({ repository, sortKey }: Pick<IndexItem, 'repository' | 'sortKey'>): string {
  return `${repository} ${sortKey}`;
}

function lengthOf(items: readonly IndexItem[]): number {
  return items.reduce((sum, { length }) => sum + length, 0);
}
