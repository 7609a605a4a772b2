// The beginning of a text that somebody wrote, to be kept for long.

/**
 * A text by itself: what `slice` gives holds the whole text in memory as long as it is kept, be that 1 MiB for a line of it.
 * @param length characters (UTF-16 code units) that it has at most
 */
export function beginningOf(text: string, length: number): string {
  return Buffer.from(text.slice(0, length).toWellFormed()).toString('utf8');
}
