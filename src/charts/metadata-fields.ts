// Typed reading of the fields of a chart's metadata, as Go's JSON decoder fills the fields of Helm's struct.
import { RegistryError } from '../oci/error.ts';
import { foldCase } from '../oci/manifest-keys.ts';
import { textOfScalar } from './yaml-values.ts';

/** A document that metadata is read from. */
export interface MetadataSource {
  /** as messages name it */
  readonly name: string;
  /** Numbers and booleans become texts where a text is expected: so in YAML, not in JSON. */
  readonly coercesScalars: boolean;
}

/** The fields of one map. Names are found in any case, since Go's decoder finds `Name` for `name` too. */
export class MetadataFields {
  readonly #source: MetadataSource;
  readonly #path: string;
  readonly #values = new Map<string, unknown>();

  /**
   * @param path of the map in its document with a point behind it, such as "dependencies[0]."; empty at the top
   * @throws RegistryError MANIFEST_INVALID when `value` is not a map
   */
  constructor(value: unknown, source: MetadataSource, path = '') {
    this.#source = source;
    this.#path = path;
    if (!isRecord(value)) {
      const whole = path === '' ? source.name : `"${path.slice(0, -1)}" in ${source.name}`;
      throw invalid(`${whole} must be a map of fields, but it is ${kindOf(value)}`);
    }
    // Which of two spellings counts depends on who reads them, so there may be one.
    for (const [key, field] of Object.entries(value)) {
      const name = foldCase(key);
      if (this.#values.has(name)) {
        throw invalid(`${source.name} has "${path}${key.slice(0, 80)}" twice, in two spellings: keep one of them`);
      }
      this.#values.set(name, field);
    }
  }

  /** Undefined when the field is absent, null or empty. */
  text(field: string): string | undefined {
    return this.#textOf(this.#value(field), field) || undefined;
  }

  flag(field: string): boolean {
    const value = this.#value(field) ?? false;
    if (typeof value !== 'boolean') throw this.#wrong(field, 'true or false', value);
    return value;
  }

  /** The texts of a list, empty ones too, which Helm keeps; undefined when there are none. */
  texts(field: string): readonly string[] | undefined {
    return this.list(field)?.map((item, index) => this.#textOf(item, `${field}[${index}]`));
  }

  textMap(field: string): Readonly<Record<string, string>> | undefined {
    const value = this.#value(field);
    if (value === undefined || value === null) return undefined;
    if (!isRecord(value)) throw this.#wrong(field, 'a map of texts', value);
    const entries = Object.entries(value).map(([key, item]) => [key, this.#textOf(item, `${field}.${key}`)] as const);
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }

  /** The maps in a list. Helm refuses null among them. */
  maps(field: string): readonly MetadataFields[] | undefined {
    return this.list(field)?.map((item, index) => {
      const name = `${field}[${index}]`;
      if (item === null)
        throw invalid(`"${this.#path}${name}" in ${this.#source.name} is empty: fill it in or take it out`);
      return new MetadataFields(item, this.#source, `${this.#path}${name}.`);
    });
  }

  /** Undefined when the field is absent, null or empty. */
  list(field: string): readonly unknown[] | undefined {
    const value = this.#value(field);
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw this.#wrong(field, 'a list', value);
    return nonEmpty(value);
  }

  #value(field: string): unknown {
    return this.#values.get(field.toLowerCase());
  }

  #textOf(value: unknown, field: string): string {
    if (value === undefined || value === null) return '';
    const text = this.#source.coercesScalars || typeof value === 'string' ? textOfScalar(value) : undefined;
    if (text === undefined) throw this.#wrong(field, 'a text', value);
    return text;
  }

  #wrong(field: string, expected: string, found: unknown): RegistryError {
    return invalid(`"${this.#path}${field}" in ${this.#source.name} must be ${expected}, but it is ${kindOf(found)}`);
  }
}

/** The same fields without those that are undefined. */
export function withoutUndefined<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nonEmpty<Item>(items: readonly Item[] | undefined): readonly Item[] | undefined {
  return items?.length ? items : undefined;
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'bigint':
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return `the boolean ${value}`;
    case 'string':
      return `the text ${JSON.stringify(value.slice(0, 80))}`;
    default:
      return 'a map';
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', message);
}
