// The groups of an index for callers who see some of its charts only: the same as if there were no others.
import { BoundedMap } from '../events/bounded-map.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { type IndexGroup, type IndexItem, type IndexStyle, packGroup, unpackGroup } from './index-group.ts';
import { goesOn } from './index-groups.ts';

/** What is seen of a group. */
interface Section {
  readonly group: IndexGroup;
  readonly items: readonly IndexItem[];
}

/** Some KiB each. */
const MAXIMUM_REMEMBERED = 1024;

export class VisibleGroups {
  readonly #style: IndexStyle;
  /** Those that had to be made, by what they were made of. */
  readonly #made = new BoundedMap<IndexGroup>(MAXIMUM_REMEMBERED);

  constructor(style: IndexStyle) {
    this.#style = style;
  }

  of(groups: readonly IndexGroup[], visible: ReadonlySet<RepositoryName>): readonly IndexGroup[] {
    return joined(groups, visible).map((sections) => this.#groupOf(sections));
  }

  #groupOf(sections: readonly Section[]): IndexGroup {
    const [only, ...others] = sections;
    if (only !== undefined && others.length === 0 && only.items === only.group.items) return only.group;
    const key = sections.map(keyOf).join('\n');
    const group = this.#made.get(key) ?? this.#make(sections);
    this.#made.set(key, group);
    return group;
  }

  #make(sections: readonly Section[]): IndexGroup {
    const run = sections.flatMap(({ group, items }) => {
      const seen = new Set(items);
      return unpackGroup(group, this.#style).filter(({ item }) => seen.has(item));
    });
    return packGroup(
      run,
      { opensChart: opensChart(sections[0]), closesChart: closesChart(sections.at(-1)) },
      this.#style,
    );
  }
}

/** What is seen of all groups, with what belongs into one group together. */
function joined(groups: readonly IndexGroup[], visible: ReadonlySet<RepositoryName>): readonly (readonly Section[])[] {
  const result: Section[][] = [];
  for (const group of groups) {
    const items = visibleItems(group, visible);
    const [first] = items;
    if (first === undefined) continue;
    const open = result.at(-1) ?? [];
    const isContinued = goesOn(
      open.flatMap((section) => section.items),
      first,
    );
    if (isContinued) open.push({ group, items });
    else result.push([{ group, items }]);
  }
  return result;
}

function visibleItems(group: IndexGroup, visible: ReadonlySet<RepositoryName>): readonly IndexItem[] {
  const seen = group.repositories.filter((repository) => visible.has(repository));
  if (seen.length === group.repositories.length) return group.items;
  return seen.length === 0 ? [] : group.items.filter(({ repository }) => visible.has(repository));
}

function keyOf({ group, items }: Section): string {
  const repositories = new Set(items.map(({ repository }) => repository));
  return [group.text.digest.toString('base64'), ...repositories].join(' ');
}

// A chart is seen whole or not at all: one that begins or ends inside of a group does so in what is seen of it, too.

function opensChart(section: Section | undefined): boolean {
  return section === undefined || section.items[0] !== section.group.items[0] || section.group.opensChart;
}

function closesChart(section: Section | undefined): boolean {
  return section === undefined || section.items.at(-1) !== section.group.items.at(-1) || section.group.closesChart;
}
