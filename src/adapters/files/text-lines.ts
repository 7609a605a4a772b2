// The lines of a text in UTF-8, one at a time: no more than one of them is in memory, however slowly they are taken.
const LINE_FEED = 0x0a;

/**
 * Ends lines at line feeds alone: Node's readline takes U+2028 for the end of one, too, and reads up to a thousand ahead.
 * What is behind the last line feed is a line unless it is empty.
 */
export async function* textLines(chunks: AsyncIterable<Buffer>): AsyncIterable<string> {
  let begun: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      begun.push(chunk.subarray(start, end));
      const line = Buffer.concat(begun).toString('utf8');
      begun = [];
      start = end + 1;
      yield line;
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString('utf8');
}
