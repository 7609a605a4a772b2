// Checks requests against the schemas of their routes, to the letter, and words what is wrong.

import { createRequire } from 'node:module';
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import type { TSchema } from 'typebox';
import type { Validator } from 'typebox/compile';
import { Type } from '../../json-schemas.ts';
import { RegistryError } from '../../oci/error.ts';
import { quoted } from '../../oci/quoted.ts';
import { EMAIL, PRINTABLE, UUID } from './schemas.ts';

type Fault = FastifySchemaValidationError;

const PARTS: Readonly<Record<string, string>> = { body: 'body', params: 'path', querystring: 'query' };
const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  object: 'an object',
  string: 'a text',
};
const PATTERNS: Readonly<Record<string, string>> = {
  [EMAIL]: 'must be an e-mail address',
  [PRINTABLE]: 'must not have control characters',
  [UUID]: 'must be a UUID such as 4e6a2b90-3c5d-4f7e-8a1b-2c3d4e5f6a7b',
};

/**
 * In place of Fastify's own one, which makes a body fit: it drops members that a schema does not know, and takes "yes" for
 * true. A misspelled member must not look as if it had done something. Only the query, where everything is text, has its
 * whole numbers read. Compiled with the first request, since most routes get none while a server runs.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  let compiled: Validator | undefined;
  return (given: unknown) => {
    compiled ??= typeBox().Compile(schema);
    const value = httpPart === 'querystring' ? withNumbers(schema, given) : given;
    return compiled.Check(value) ? { value } : { error: compiled.Errors(value) as Fault[] };
  };
};

/** Loaded with the first request as well: it is 680 files, of which a server that only moves charts needs none. */
function typeBox(): Pick<typeof import('typebox/compile'), 'Compile'> {
  return createRequire(import.meta.url)('typebox/compile');
}

/** The first fault, as a sentence that names the member; never its value, which may be a password. */
export function describeFaults(faults: readonly Fault[], part: string): RegistryError {
  const place = `the ${PARTS[part] ?? part}`;
  // What an unknown member does not fit is the schema "false", which says nothing.
  const [first] = faults.filter(({ keyword }) => keyword !== 'boolean');
  if (!first) return new RegistryError('REQUEST_INVALID', `${place} is not as it must be`);
  const path = first.instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
  const what = path === '' ? place : `${quoted(path)} in ${place}`;
  const wording = alternativesOf(first, faults)
    .map((fault) => wordingOf(fault))
    .join(' or ');
  return new RegistryError('REQUEST_INVALID', `${what} ${wording}`);
}

/** Where one of several schemas would do, what each of them misses. */
function alternativesOf(first: Fault, faults: readonly Fault[]): readonly Fault[] {
  const union = faults.find(
    ({ keyword, schemaPath, instancePath }) =>
      keyword === 'anyOf' && instancePath === first.instancePath && first.schemaPath.startsWith(`${schemaPath}/anyOf/`),
  );
  if (!union) return [first];
  return faults.filter(
    ({ schemaPath, instancePath }) =>
      schemaPath.startsWith(`${union.schemaPath}/anyOf/`) && instancePath === union.instancePath,
  );
}

function wordingOf({ keyword, params, message = 'is not as it must be' }: Fault): string {
  switch (keyword) {
    case 'type':
      return `must be ${KINDS[String(params.type)] ?? String(params.type)}`;
    case 'required':
      return `needs ${listed(params.requiredProperties)}`;
    case 'additionalProperties':
      return `has what is not known here: ${listed(params.additionalProperties)}`;
    case 'enum':
      return `must be one of ${listed(params.allowedValues)}`;
    case 'format':
      return 'must be a time such as 2026-11-23T00:00:00Z';
    case 'pattern':
      return PATTERNS[String(params.pattern)] ?? message;
    default:
      return message.replace('must NOT', 'must not');
  }
}

function listed(names: unknown): string {
  return Array.isArray(names) ? names.slice(0, 5).map(quoted).join(', ') : quoted(names);
}

function withNumbers(schema: TSchema, given: unknown): unknown {
  if (!Type.IsObject(schema) || typeof given !== 'object' || given === null) return given;
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const isNumber = Type.IsInteger(schema.properties[key]) && typeof value === 'string' && /^\d{1,9}$/.test(value);
      return [key, isNumber ? Number(value) : value];
    }),
  );
}
