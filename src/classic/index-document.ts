// The index of one scope in one form, in memory: versions in groups, of which a change concerns a few.
import { createHash } from 'node:crypto';
import { BoundedMap } from '../events/bounded-map.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { bodiesOf, type IndexBodies } from './index-body.ts';
import { chartKeyOf, type IndexUrls, indexEntryOf } from './index-entry.ts';
import { INDEX_FORMATS } from './index-format.ts';
import type { IndexGroup, IndexStyle } from './index-group.ts';
import { changeGroups, compareNames, endsGroup, type IndexChange } from './index-groups.ts';
import type { IndexedVersion, IndexScope } from './index-source.ts';
import { VisibleGroups } from './index-visible-groups.ts';
import { Turns } from './turns.ts';

export interface IndexForm {
  readonly format: keyof typeof INDEX_FORMATS;
  readonly urls: IndexUrls;
}

/** Which charts a caller may know of. */
export interface IndexVisibility {
  readonly sees: (repository: RepositoryName) => boolean;
  /** As long as this is the same object, `sees` gives the same answers, and may not be asked again. */
  readonly holder?: object | undefined;
}

/** The charts that some callers see. */
type View = ReadonlySet<RepositoryName>;

/** bytes that are compressed in one turn, in some milliseconds */
const TURN = 512 * 1024;
const MAXIMUM_VIEWS = 64;
/** Bytes that it takes in memory without any version. */
const OVERHEAD = 4096;

export class IndexDocument {
  readonly #scope: IndexScope;
  readonly #urls: IndexUrls;
  readonly #style: IndexStyle;
  readonly #visibleGroups: VisibleGroups;
  readonly #turns = new Turns(TURN);
  #groups: readonly IndexGroup[] = [];
  #heldBytes = OVERHEAD;
  /** Every chart, in order; undefined until somebody asks. */
  #repositories: readonly RepositoryName[] | undefined;
  /** by the charts in them */
  readonly #views = new BoundedMap<View>(MAXIMUM_VIEWS);
  /** forgotten when there are other charts */
  #viewOfHolder = new WeakMap<object, View>();
  /** forgotten with every change */
  #bodies = new WeakMap<View, IndexBodies>();

  constructor(scope: IndexScope, { format, urls }: IndexForm) {
    this.#scope = scope;
    this.#urls = urls;
    this.#style = { format: INDEX_FORMATS[format], keyOf: (repository) => chartKeyOf(repository, scope) };
    this.#visibleGroups = new VisibleGroups(this.#style);
  }

  /** What it holds in memory: bytes, more or less. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** Writes what the version becomes here; `apply` puts it in its place. */
  write(version: IndexedVersion): IndexChange {
    const { repository, sortKey, publishedAt, contentDigest } = version;
    if (!version.listed) return { repository, sortKey, written: undefined };
    const entry = Buffer.from(this.#style.format.entry(indexEntryOf(version, this.#scope, this.#urls)));
    const { length } = entry;
    const item = { repository, sortKey, publishedAt, length, endsGroup: endsGroup(contentDigest, length) };
    return { repository, sortKey, written: { item, entry } };
  }

  /**
   * Readers see all of the changes or none, however long it takes. One call at a time.
   * @param changes of one version the last one counts
   */
  async apply(changes: readonly IndexChange[]): Promise<void> {
    const last = new Map(changes.map((change) => [`${change.repository} ${change.sortKey}`, change]));
    const inOrder = [...last.values()].sort(compareNames);
    const pause = (bytes: number) => this.#turns.spend(bytes);
    const { groups, before, after } = await changeGroups(this.#groups, inOrder, this.#style, pause);
    this.#groups = groups;
    this.#heldBytes += sum(after) - sum(before);
    this.#bodies = new WeakMap();
    if (repositoriesOf(before).join() === repositoriesOf(after).join()) return;
    this.#repositories = undefined;
    this.#viewOfHolder = new WeakMap();
  }

  /** The index of what the caller may know of: byte for byte as if there were nothing else. */
  bodiesFor(visibility: IndexVisibility): IndexBodies {
    const view = this.#viewFor(visibility);
    const bodies = this.#bodies.get(view) ?? this.#assemble(view);
    this.#bodies.set(view, bodies);
    return bodies;
  }

  #viewFor({ sees, holder }: IndexVisibility): View {
    const known = holder && this.#viewOfHolder.get(holder);
    if (known) return known;
    this.#repositories ??= repositoriesOf(this.#groups);
    const visible = this.#repositories.filter((repository) => sees(repository));
    const key = createHash('sha256').update(visible.join()).digest('base64');
    const view = this.#views.get(key) ?? new Set(visible);
    this.#views.set(key, view);
    if (holder) this.#viewOfHolder.set(holder, view);
    return view;
  }

  #assemble(view: View): IndexBodies {
    const isWhole = view.size === this.#repositories?.length;
    const groups = isWhole ? this.#groups : this.#visibleGroups.of(this.#groups, view);
    const { opening, emptyOpening, betweenGroups, closing } = this.#style.format;
    const publishedAt = groups.reduce((last, group) => Math.max(last, group.publishedAt), 0);
    return bodiesOf({
      opening: groups.length === 0 ? emptyOpening : opening,
      groups: groups.map(({ text }) => text),
      between: betweenGroups,
      closing: closing(new Date(publishedAt).toISOString()),
    });
  }
}

function sum(groups: readonly IndexGroup[]): number {
  return groups.reduce((bytes, { heldBytes }) => bytes + heldBytes, 0);
}

/** Each once, in order. */
function repositoriesOf(groups: readonly IndexGroup[]): readonly RepositoryName[] {
  return [...new Set(groups.flatMap(({ repositories }) => repositories))];
}
