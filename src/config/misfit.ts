// Checks the value of a setting against its schema: the few kinds of schemas that settings have.
import type { TSchema } from 'typebox';
import { refinementsOf } from '../json-schemas.ts';

interface Misfit {
  /** Where a list is one, and an item of it does not fit: its place, from 0. */
  readonly item: number | undefined;
}

interface Keywords {
  readonly type?: unknown;
  readonly anyOf?: readonly TSchema[];
  readonly enum?: readonly unknown[];
  readonly items?: TSchema;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
}

export function fits(schema: TSchema, value: unknown): boolean {
  return findMisfit(schema, value) === undefined;
}

/** The first thing that does not fit. @throws Error when the schema is of a kind that no setting had so far */
export function findMisfit(schema: TSchema, value: unknown): Misfit | undefined {
  const { type, items } = schema as Keywords;
  if (type === 'array' && items && Array.isArray(value)) {
    const item = value.findIndex((each: unknown) => !fits(items, each));
    if (item !== -1) return { item };
  } else if (!fitsKeywords(schema, value)) return { item: undefined };
  return refinementsOf(schema).every(({ check }) => check(value)) ? undefined : { item: undefined };
}

function fitsKeywords(schema: Keywords, value: unknown): boolean {
  if (schema.anyOf) return schema.anyOf.some((each) => fits(each, value));
  if (schema.enum) return schema.enum.includes(value);
  switch (schema.type) {
    case 'array':
      return false;
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer': {
      const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
      return Number.isInteger(value) && minimum <= Number(value) && Number(value) <= maximum;
    }
    case 'null':
      return value === null;
    case 'string':
      return typeof value === 'string' && (schema.pattern?.test(value) ?? true);
    default:
      throw new Error(`settings of the kind ${JSON.stringify(schema)} cannot be checked`);
  }
}
