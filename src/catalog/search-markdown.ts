// Makes readable text of Markdown, roughly: without markup, badges and blocks of code. Linear in the length of any text.

const FENCE = /^ {0,3}(?:`{3,}|~{3,})/;
/** Rulers, underlines of headings, lines between the head and the rows of a table, and definitions of links. */
const NO_TEXT = /^[\s|:=*_-]+$|^ {0,3}\[[^\]]{1,200}\]:/;
/** Headings, quotations, items of lists. */
const LINE_MARKUP = /^[\s>]*(?:#{1,6}\s|[*+-]\s(?:\[[ xX]\]\s)?|\d{1,9}[.)]\s)?/;
/** No bracket is within another, so that nothing is gone through twice. */
const IMAGE = /!\[[^[\]]*\](?:\([^()]*\)|\[[^[\]]*\])?/g;
const LINK = /\[([^[\]]*)\](?:\([^()]*\)|\[[^[\]]*\])/g;
const INLINE_TAG = /<\/?(?:a|b|code|em|i|kbd|span|strong|sub|sup)(?:\s[^<>]*)?>/gi;
const TAG = /<\/?[a-zA-Z][^<>]*>/g;
const EMPHASIS = /[*`]+|~~|(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&nbsp;': ' ',
};

export function plainTextOf(markdown: string): string {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of withoutComments(markdown).split(/\r\n?|\n/)) {
    const mark = FENCE.exec(line)?.[0].trim();
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
    } else if (mark !== undefined) {
      fence = mark;
    } else if (!NO_TEXT.test(line)) {
      lines.push(line.replace(LINE_MARKUP, ''));
    }
  }
  return withoutMarkup(lines.join('\n')).replace(/\s+/g, ' ').trim();
}

function withoutComments(markdown: string): string {
  const [first = '', ...others] = markdown.split('<!--');
  const behind = others.map((text) => {
    const end = text.indexOf('-->');
    return end === -1 ? '' : text.slice(end + '-->'.length);
  });
  return [first, ...behind].join(' ');
}

function withoutMarkup(text: string): string {
  return text
    .replace(IMAGE, ' ')
    .replace(LINK, '$1')
    .replace(INLINE_TAG, '')
    .replace(TAG, ' ')
    .replace(/\|/g, ' ')
    .replace(EMPHASIS, '')
    .replace(/&(?:amp|lt|gt|quot|nbsp);/g, (entity) => ENTITIES[entity] ?? entity);
}
