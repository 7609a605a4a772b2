// Writes values of JSON as YAML in block style that every reader of YAML 1.1 and 1.2 understands alike.

type Fields = Readonly<Record<string, unknown>>;

/** Anything but these is put into quotes: neither a number nor a date begins with a letter. */
const PLAIN = /^[A-Za-z][A-Za-z0-9_./-]*$/;
/** What some readers take for something else than a text, a number without digits before its exponent among it. */
const NO_TEXT = /^(?:y|yes|n|no|true|false|on|off|null|e-?[0-9]+)$/i;
/** Characters that JSON has as they are and YAML does not, or takes for the end of a line. (YAML 1.2.2, section 5.1; 1.1, 5.4) */
const NOT_PRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** What JSON writes for half of a character, which is none to YAML; and escaped backslashes, behind which it means nothing. */
const HALF_CHARACTER = /\\\\|\\ud[89a-f][0-9a-f]{2}/g;

/** JSON that is also YAML. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value)
    .replace(NOT_PRINTABLE, escaped)
    .replace(HALF_CHARACTER, (match) => (match.length === 2 ? match : '\\ufffd'));
}

/**
 * The lines of a map with at least one field, each indented and ended.
 * @param fields whose keys, as `jsonText` writes them, have at most 1024 characters (YAML 1.2.2, section 7.4)
 */
export function yamlFields(fields: Fields, indentation: string): string {
  return Object.entries(fields)
    .map(([key, value]) => `${indentation}${yamlText(key)}:${valueBehindKey(value, indentation)}`)
    .join('');
}

/** The lines of an item of a list. */
export function yamlItem(value: unknown, indentation: string): string {
  return `${indentation}-${valueBehindDash(value, indentation)}`;
}

export function yamlText(text: string): string {
  return PLAIN.test(text) && !NO_TEXT.test(text) ? text : jsonText(text);
}

function valueBehindKey(value: unknown, indentation: string): string {
  const inner = `${indentation}  `;
  if (isFilledList(value)) return `\n${value.map((item) => yamlItem(item, inner)).join('')}`;
  if (isFilledMap(value)) return `\n${yamlFields(value, inner)}`;
  return ` ${scalar(value)}\n`;
}

/** The first line of what is in an item goes on behind the dash. */
function valueBehindDash(value: unknown, indentation: string): string {
  const inner = `${indentation}  `;
  const lines = isFilledList(value)
    ? value.map((item) => yamlItem(item, inner)).join('')
    : isFilledMap(value)
      ? yamlFields(value, inner)
      : `${inner}${scalar(value)}\n`;
  return ` ${lines.slice(inner.length)}`;
}

/** Lists and maps that are empty are written as in JSON. */
function scalar(value: unknown): string {
  return typeof value === 'string' ? yamlText(value) : jsonText(value);
}

function isFilledList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function isFilledMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
