// How much of a text fits into a line.

/** columns, where nobody says how many there are */
const USUAL = 100;
const NARROWEST = 60;
const SIGNS = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** What terminals show in two columns. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;
const ASCII = /^[\x20-\x7e]*$/;

/** The columns of the terminal, or as many as most have. */
export function lineWidth(terminal: { readonly columns?: number } = process.stdout): number {
  return Math.max(terminal.columns ?? USUAL, NARROWEST);
}

/** How many columns a line takes. */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  return [...SIGNS.segment(text)].reduce((sum, { segment }) => sum + (WIDE.test(segment) ? 2 : 1), 0);
}

/** Without line breaks and tabs, which would look like other lines and cells. */
export function oneLine(text: string): string {
  return text.replace(/[\t\n\v\f\r]+/g, ' ').replace(/^ +| +$/g, '');
}

/** The beginning, with "…" where something is left out. @param width columns */
export function shortened(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let shown = '';
  let columns = 0;
  for (const { segment } of SIGNS.segment(text)) {
    columns += columnsOf(segment);
    if (columns > width - 1) break;
    shown += segment;
  }
  return `${shown.trimEnd()}…`;
}

/** Lines of whole words. What is longer than a line stays in one piece, so that it can be copied. @param width columns */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(/ +/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && columnsOf(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** A paragraph behind a label, with the further lines as deep as the first one. */
export function labelled(label: string, text: string, width: number): readonly string[] {
  const indent = columnsOf(label);
  const [first = '', ...more] = wrapped(text, Math.max(width - indent, NARROWEST / 2));
  return [`${label}${first}`, ...more.map((line) => `${' '.repeat(indent)}${line}`)];
}
