// Pages of lists: `n` and `last` in the query, a relative `Link` to the next page (OCI Distribution Spec, "Listing Tags").

import type { FastifyReply } from 'fastify';
import type { Static } from 'typebox';
import { Type } from '../../json-schemas.ts';
import { RegistryError } from '../../oci/error.ts';
import { MAXIMUM_PAGE } from '../../registry/pages.ts';

export const PageQuery = Type.Object({ n: Type.Optional(Type.String()), last: Type.Optional(Type.String()) });

/** Clients name what they like, so a limit is cut to what we serve and nonsense counts as none. */
export function pageOf(query: Static<typeof PageQuery>): { readonly last: string; readonly limit: number } {
  const asked = query.n !== undefined && /^\d{1,9}$/.test(query.n) ? Number(query.n) : MAXIMUM_PAGE;
  return { last: plainText('last', query.last), limit: Math.min(asked, MAXIMUM_PAGE) };
}

/** A parameter that goes into a query of the database, which may fail on a NUL. @throws RegistryError REQUEST_INVALID */
export function plainText(name: string, value = ''): string {
  if (/\p{Cc}/u.test(value)) {
    throw new RegistryError(
      'REQUEST_INVALID',
      `"${name}" in the query has a control character, which nothing here is named with`,
    );
  }
  return value;
}

/** Relative: behind a proxy an absolute address may name another origin, which oras and crane refuse to follow. */
export function linkNext(reply: FastifyReply, path: string, query: Readonly<Record<string, string>>): void {
  reply.header('link', `<${path}?${new URLSearchParams(query)}>; rel="next"`);
}
