// Pages of lists that the OCI Distribution Spec has.

/** A page's length when the client names none, and at the most. 10,000 tags of 128 characters stay below helm's 4 MiB. */
export const MAXIMUM_PAGE = 10_000;

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Whether there are more behind the last one. */
  readonly hasMore: boolean;
}

/** @param found one more than the page holds, when there is one more */
export function pageOf<Item>(found: readonly Item[], limit: number): Page<Item> {
  return { items: found.slice(0, limit), hasMore: limit > 0 && found.length > limit };
}
