// Refuses manifests of so many values that reading them would keep everybody else waiting.
import { RegistryError } from './error.ts';

/**
 * Keys, and items of lists, of a whole manifest. The largest that is taken otherwise, of 2,000 layers, has some ten thousand; of a
 * million, which 4 MiB can have, each reading took a second.
 */
export const MAXIMUM_VALUES = 40_000;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
/** What stands before each key, or item of a list: before the first one its object or list begins. */
const SEPARATORS: ReadonlySet<number> = new Set([...',[{'].map((character) => character.charCodeAt(0)));

/**
 * @param text JSON, or what claims to be
 * @throws RegistryError MANIFEST_INVALID
 */
export function requireFewValues(text: string): void {
  let values = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isInString = !isInString;
    else if (isInString) at += code === BACKSLASH ? 1 : 0;
    else if (SEPARATORS.has(code)) {
      values += 1;
      if (values > MAXIMUM_VALUES) {
        const message = `the manifest is invalid: it has more than ${MAXIMUM_VALUES} keys and items of lists`;
        throw new RegistryError('MANIFEST_INVALID', message);
      }
    }
  }
}
