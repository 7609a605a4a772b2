// What a scalar of YAML means, by the reader that reads Chart.yaml as Helm does.
import { Scalar } from 'yaml';
import { RegistryError } from '../../oci/error.ts';
import { readYaml } from '../yaml-values.ts';
import type { Effort } from './effort.ts';
import { UnreadableFile } from './unreadable-file.ts';

/** All texts that a reader of YAML 1.1 may take for a number, a boolean or null, and some others. */
const MAY_BE_NO_TEXT = /^$|^[-+.~0-9]|^[yYnNtTfFoO][a-zA-Z]{0,4}$/;
/** characters; longer ones are beyond the largest number that is not infinite */
const MAXIMUM_NUMBER = 400;
/** tags after which a scalar with quotes is read as one without */
const PLAIN_TAG = /^tag:yaml\.org,2002:(?:bool|int|float|null)$/;

/** units of effort for a text that was not seen before: microseconds */
const EFFORT = 15;

/** Asks once for equal texts. */
export class ScalarReader {
  readonly #effort: Effort;
  readonly #known = new Map<string, unknown>();

  constructor(effort: Effort) {
    this.#effort = effort;
  }

  /**
   * A string, boolean or null; whole numbers as `bigint`, others as `number`.
   * @throws UnreadableFile when there is no effort left
   */
  read(scalar: Scalar): unknown {
    const text = scalar.source ?? '';
    if (scalar.tag === undefined) return scalar.type === Scalar.PLAIN ? this.#plain(text) : text;
    if (scalar.tag === 'tag:yaml.org,2002:binary') return Buffer.from(text, 'base64').toString();
    return PLAIN_TAG.test(scalar.tag) ? this.#plain(text) : text;
  }

  #plain(text: string): unknown {
    if (text.length > MAXIMUM_NUMBER || text.includes('\n') || !MAY_BE_NO_TEXT.test(text)) return text;
    if (this.#known.has(text)) return this.#known.get(text);
    if (this.#effort.left === 0) throw new UnreadableFile('has too many different numbers');
    this.#effort.spend(EFFORT);
    const value = plainValue(text);
    this.#known.set(text, value);
    return value;
  }
}

/** A text that only quotes made a scalar, such as `- a` with the tag `!!int`, stays what it is. */
function plainValue(text: string): unknown {
  try {
    const map = readYaml(`scalar: ${text}`, 'a scalar') as { readonly scalar: unknown };
    return typeof map.scalar === 'object' && map.scalar !== null ? text : map.scalar;
  } catch (error) {
    if (error instanceof RegistryError) return text;
    throw error;
  }
}
