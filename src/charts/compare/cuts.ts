// Keeps an answer short: of each list the first entries, and a record of what was left out.

export interface Cut {
  /** the list, by its place in the answer: `values.added` */
  readonly part: string;
  /** a sentence: what was left out, and how much of it */
  readonly message: string;
}

export class Cuts {
  readonly list: Cut[] = [];

  first<Item>(part: string, items: readonly Item[], limit: number): readonly Item[] {
    if (items.length <= limit) return items;
    this.note(part, `the first ${limit} of ${items.length} are shown`);
    return items.slice(0, limit);
  }

  note(part: string, message: string): void {
    this.list.push({ part, message });
  }
}
