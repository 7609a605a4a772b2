// In which form an index is asked for: `?format=` and `?urls=`, which helm keeps when they stand in a repository's address.

import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { IndexForm } from '../../classic/index-document.ts';
import { Type } from '../../json-schemas.ts';
import { RegistryError } from '../../oci/error.ts';
import { baseUrlOf } from '../base-url.ts';
import { localAddressOf } from '../client-address.ts';

export const IndexQuery = Type.Object({ format: Type.Optional(Type.String()), urls: Type.Optional(Type.String()) });

/** JSON is YAML, so that is its type unless somebody asks for JSON by its name (RFC 9512). */
const YAML = 'application/yaml';
const JSON_TYPE = 'application/json';

/**
 * @param defaultUrls for whoever names none
 * @throws RegistryError REQUEST_INVALID
 */
export function indexFormOf(
  request: FastifyRequest,
  defaultUrls: 'tgz' | 'oci',
): { readonly form: IndexForm; readonly type: string } {
  const { format, urls = defaultUrls } = request.query as Static<typeof IndexQuery>;
  if (format !== undefined && format !== 'json' && format !== 'yaml') throw unknown('format', format, 'json or yaml');
  if (urls !== 'tgz' && urls !== 'oci') throw unknown('urls', urls, 'tgz or oci');
  return {
    form: {
      format: format ?? 'json',
      urls: urls === 'tgz' ? { kind: 'tgz' } : { kind: 'oci', host: hostInUrls(request) },
    },
    type: format === 'json' ? JSON_TYPE : YAML,
  };
}

/**
 * An index with whole addresses is kept in memory for each host that stands in them, so it is not one that the client makes
 * up: that of the public URL, or one by which this machine is called.
 */
function hostInUrls(request: FastifyRequest): string {
  const { host } = baseUrlOf(request);
  if (request.server.publicUrl !== null) return host;
  const name = new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '');
  const isThisMachine = name === 'localhost' || (isIP(name) !== 0 && isLocalAddress(name, request));
  if (isThisMachine) return host;
  throw new RegistryError(
    'REQUEST_INVALID',
    `this registry does not know its own address, which stands in each URL of an index with "oci://": have its operator set publicUrl, or ask for ?urls=tgz`,
  );
}

/** The socket calls an IPv4 address `::ffff:127.0.0.1` where it takes both. */
function isLocalAddress(name: string, request: FastifyRequest): boolean {
  return localAddressOf(request)?.replace(/^::ffff:/, '') === name;
}

function unknown(name: string, value: string, expected: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', `"${name}=${value.slice(0, 40)}" in the query: it may be ${expected}`);
}
