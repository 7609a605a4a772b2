// Builds JSON schemas with their TypeScript types, as TypeBox does: its types, without the 680 files of its program.
import type { TSchema, Type as TypeBox } from 'typebox';

/** What is used of https://github.com/sinclairzx81/typebox. */
type Builders = Pick<
  typeof TypeBox,
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'IsArray'
  | 'IsBoolean'
  | 'IsInteger'
  | 'IsObject'
  | 'Literal'
  | 'Null'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'Refine'
  | 'String'
  | 'Union'
  | 'Unknown'
>;

interface Hidden {
  readonly '~kind'?: string;
  readonly '~optional'?: true;
  readonly '~refine'?: readonly Refinement[];
}

export interface Refinement {
  readonly check: (value: unknown) => boolean;
  readonly error: () => string;
}

const builders = {
  Array: (items: object, options?: object) => schemaOf('Array', { type: 'array', items }, options),
  Boolean: (options?: object) => schemaOf('Boolean', { type: 'boolean' }, options),
  Enum: (values: readonly string[], options?: object) => schemaOf('Enum', { enum: values }, options),
  Integer: (options?: object) => schemaOf('Integer', { type: 'integer' }, options),
  IsArray: (schema: unknown) => kindOf(schema) === 'Array',
  IsBoolean: (schema: unknown) => kindOf(schema) === 'Boolean',
  IsInteger: (schema: unknown) => kindOf(schema) === 'Integer',
  IsObject: (schema: unknown) => kindOf(schema) === 'Object',
  Literal: (value: string | number | boolean, options?: object) =>
    schemaOf('Literal', { type: typeof value, const: value }, options),
  Null: (options?: object) => schemaOf('Null', { type: 'null' }, options),
  Object: (properties: Readonly<Record<string, Hidden>>, options?: object) => {
    const required = Object.keys(properties).filter((name) => !properties[name]?.['~optional']);
    return schemaOf('Object', { type: 'object', ...(required.length > 0 ? { required } : {}), properties }, options);
  },
  Optional: (schema: object) => withHidden(schema, { '~optional': true }),
  /** Of texts by any text. */
  Record: (_text: object, value: object, options?: object) =>
    schemaOf('Record', { type: 'object', patternProperties: { '^.*$': value } }, options),
  Refine: (schema: Hidden, check: Refinement['check']) =>
    withHidden(schema, { '~refine': [...(schema['~refine'] ?? []), { check, error: () => 'Refine Error' }] }),
  String: (options?: object) => schemaOf('String', { type: 'string' }, options),
  Union: (anyOf: readonly object[], options?: object) => schemaOf('Union', { anyOf }, options),
  Unknown: (options?: object) => schemaOf('Unknown', {}, options),
};

export const Type = builders as unknown as Builders;

/** What a schema asks for beside its keywords. */
export function refinementsOf(schema: TSchema): readonly Refinement[] {
  return (schema as Hidden)['~refine'] ?? [];
}

function kindOf(schema: unknown): string | undefined {
  return (schema as Hidden | undefined)?.['~kind'];
}

function schemaOf(kind: string, keywords: object, options: object = {}): object {
  return withHidden({ ...keywords, ...options }, { '~kind': kind });
}

/** A copy with members that nobody sees who lists them, as TypeBox has them: they are no keywords. */
function withHidden(schema: object, hidden: Hidden): object {
  const members = Object.entries(hidden).map(([name, value]) => [
    name,
    { configurable: true, writable: true, enumerable: false, value },
  ]);
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(schema), ...Object.fromEntries(members) });
}
