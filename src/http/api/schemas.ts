// The words of the management API: schemas that several of its routes share, and how times are written.

import type { TObject, TProperties } from 'typebox';
import type { Scope as GivenScope } from '../../access/rights.ts';
import { ALL_ACTIONS, ROLES } from '../../access/roles.ts';
import { DEFAULT_OVERLAP, type IssuedSecret } from '../../accounts/issued-secrets.ts';
import { displayNamespace } from '../../accounts/namespace-path.ts';
import { Type } from '../../json-schemas.ts';
import { RegistryError } from '../../oci/error.ts';
import { quoted } from '../../oci/quoted.ts';

/** No control characters, which break lines where texts are listed, and of which a database may not take NUL. */
export const PRINTABLE = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';
export const UUID = '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
export const EMAIL = '^[^\\s\\u0000-\\u001f\\u007f-\\u009f@]+@[^\\s\\u0000-\\u001f\\u007f-\\u009f@]+$';
const MAXIMUM_PATH = 255;
const FIRST_TIME = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/** An object that has these members and no other ones. */
export function strict<Properties extends TProperties>(
  properties: Properties,
  options: { readonly title?: string; readonly description?: string; readonly minProperties?: number } = {},
): TObject<Properties> {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** One line. @param maximum characters */
export function text(maximum: number, description: string, minimum = 1) {
  return Type.String({ minLength: minimum, maxLength: maximum, pattern: PRINTABLE, description });
}

export function orNull<Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema, description: string) {
  return Type.Union([schema, Type.Null()], { description });
}

/** One of these texts. */
export function choice<Choice extends string>(choices: readonly Choice[], description: string) {
  return Type.Enum([...choices], { type: 'string', description });
}

export function time(description: string) {
  return Type.String({ format: 'date-time', maxLength: 40, description });
}

export const Time = time('A time as in RFC 3339; answers have UTC.');
export const Name = text(64, 'Lower-case letters and digits, joined by single ".", "_" or "-"; at most 64 characters.');
export const Path = text(MAXIMUM_PATH, 'The path of a namespace, such as "team/charts"; "/" is the root.');
export const Role = choice(
  ROLES,
  'reader: pull; writer: also push; maintainer: also delete, and settle the visibility and the robots.',
);
const Actions = Type.Array(choice(ALL_ACTIONS, ''), {
  minItems: 1,
  maxItems: 10,
  description: 'What may be done. Whoever may push may pull as well.',
});

export const AskedScope = strict(
  {
    namespace: Path,
    charts: Type.Optional(
      text(128, 'What stands behind the namespace in the name; "*" is any characters, "?" is one. "*" by default.'),
    ),
    actions: Actions,
  },
  { title: 'AskedScope', description: 'What is to be allowed below a namespace.' },
);

export const Scope = strict(
  { namespace: Type.String(), charts: Type.String(), actions: Actions },
  { title: 'Scope', description: 'What is allowed below a namespace.' },
);

const Secret = strict(
  {
    id: Type.String({ description: 'The eight characters behind "chr_" in the secret.' }),
    createdAt: Time,
    expiresAt: orNull(Time, 'Null when it ends with its holder only.'),
    revokedAt: orNull(Time, 'Null when it was not.'),
    lastUsedAt: orNull(Time, 'Up to a few seconds late; null when it never was.'),
    lastUsedAddress: orNull(Type.String(), 'From which address.'),
    lastUsedAgent: orNull(Type.String(), 'With which program, as that calls itself.'),
  },
  { title: 'Secret', description: 'What is known of a secret, which was itself shown only once.' },
);

export const SecretText = Type.String({
  description: 'The secret, "chr_" and 38 characters. It is shown only this once.',
});

const Overlap = Type.Integer({
  minimum: 0,
  maximum: 30 * 24 * 60 * 60,
  default: DEFAULT_OVERLAP,
  description: 'How long the secrets before it stay good: seconds.',
});

export const Rotation = strict(
  { overlap: Type.Optional(Overlap) },
  { title: 'Rotation', description: 'How a secret is replaced; "{}" will do.' },
);

export const Secrets = Type.Array(Secret, { description: 'The oldest first, also those that have ended of late.' });

export const Expiry = orNull(Time, 'When it ends; null for never.');

/** Of something that is made now. @param usual days, as for `readExpiry` */
export function newExpiry(usual: number) {
  return Type.Optional(orNull(Time, `When it ends: by default in ${usual} days; null for never.`));
}

/** @throws RegistryError for what has the form, but is no time (a leap second), or has in UTC a year of other than four digits */
export function readTime(time: string): number {
  const milliseconds = Date.parse(time);
  if (!(milliseconds >= FIRST_TIME && milliseconds <= LAST_TIME))
    throw new RegistryError('REQUEST_INVALID', `${quoted(time)} is no time that can be kept`);
  return milliseconds;
}

/** `2026-11-23T09:00:00.000Z` @param time milliseconds since 1970 */
export function shownTime(time: number): string {
  return new Date(time).toISOString();
}

export function shownTimeOrNull(time: number | null): string | null {
  return time === null ? null : shownTime(time);
}

/**
 * When something that is made now ends: null for never.
 * @param asked null for never, undefined for the usual
 * @param usual days
 */
export function readExpiry(asked: string | null | undefined, usual: number, now: number): number | null {
  if (asked === undefined) return now + usual * 24 * 60 * 60 * 1000;
  return asked === null ? null : readTime(asked);
}

export function shownScope({ namespace, charts, actions }: GivenScope) {
  return { namespace: displayNamespace(namespace), charts, actions: [...actions] };
}

export function shownIssuedSecret(secret: IssuedSecret) {
  const { id, createdAt, expiresAt, revokedAt, lastUsedAt, lastUsedAddress, lastUsedAgent } = secret;
  return {
    id,
    createdAt: shownTime(createdAt),
    expiresAt: shownTimeOrNull(expiresAt),
    revokedAt: shownTimeOrNull(revokedAt),
    lastUsedAt: shownTimeOrNull(lastUsedAt),
    lastUsedAddress,
    lastUsedAgent,
  };
}
