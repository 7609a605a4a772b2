// Walks over all rows of a list page by page, so that they need not be in memory at once.

/** @param list gives the page behind a row; an empty one is the end. What is added behind it meanwhile is met as well. */
export async function* pagesOf<Row>(
  list: (after: Row | undefined) => Promise<readonly Row[]>,
): AsyncIterable<readonly Row[]> {
  for (let page = await list(undefined); page.length > 0; page = await list(page.at(-1))) yield page;
}
