// Refuses manifests that two JSON parsers would read in two ways: what was checked here must be what a client then uses.
import { RegistryError } from './error.ts';

/** Fields that clients read. Go's parser, which most of them use, takes a name in any case for one of these. */
const FIELDS: ReadonlyMap<string, string> = new Map(
  [
    'schemaVersion',
    'mediaType',
    'artifactType',
    'config',
    'layers',
    'manifests',
    'subject',
    'annotations',
    'digest',
    'size',
    'urls',
    'data',
    'platform',
  ].map((field) => [foldCase(field), field]),
);

/** Objects and lists within each other; a descriptor's platform is the fourth level. Go's parser ends at 10,000. */
export const MAXIMUM_DEPTH = 50;

/** As Go folds names: without regard to case, and with the two letters beyond ASCII that fold into it. */
export function foldCase(name: string): string {
  return name.replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase();
}

/**
 * @param text valid JSON
 * @throws RegistryError MANIFEST_INVALID when a key stands twice in one object, or is a field's name in another case
 */
export function requireOneReadingOfKeys(text: string): void {
  const objects: ObjectKeys[] = [];
  let lists = 0;
  let string = '';
  let key = '';
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        string = text.slice(at, end);
        at = end - 1;
        break;
      }
      case ':':
        key = JSON.parse(string) as string;
        requireKey(key, objects.at(-1));
        break;
      case '[':
        lists += 1;
        requireDepth(objects.length + lists);
        break;
      case ']':
        lists -= 1;
        break;
      case '{':
        requireDepth(objects.length + lists + 1);
        // The keys of annotations are the publisher's own.
        objects.push({ seen: new Set(), areFields: key !== 'annotations' });
        break;
      case '}':
        objects.pop();
        break;
    }
  }
}

function requireDepth(depth: number): void {
  if (depth <= MAXIMUM_DEPTH) return;
  const message = `the manifest is invalid: it is nested deeper than ${MAXIMUM_DEPTH} objects and lists`;
  throw new RegistryError('MANIFEST_INVALID', message);
}

interface ObjectKeys {
  readonly seen: Set<string>;
  readonly areFields: boolean;
}

/** Behind the closing quote of the string that starts at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

function requireKey(key: string, object: ObjectKeys | undefined): void {
  if (!object) return;
  if (object.seen.has(key)) throw ambiguous(`the key ${quoted(key)} stands twice in one object`);
  object.seen.add(key);
  const field = object.areFields ? FIELDS.get(foldCase(key)) : undefined;
  if (field !== undefined && field !== key) throw ambiguous(`the key ${quoted(key)} must be written "${field}"`);
}

function quoted(key: string): string {
  return JSON.stringify(key.slice(0, 80));
}

function ambiguous(why: string): RegistryError {
  return new RegistryError(
    'MANIFEST_INVALID',
    `the manifest is invalid: ${why}, since clients would read it in different ways`,
  );
}
