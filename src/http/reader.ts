// What the caller of a route that reads charts may read.
import type { FastifyRequest } from 'fastify';
import { allows, authorize } from '../access/permissions.ts';
import { scopeFor } from '../access/scope.ts';
import type { RepositoryName } from '../oci/repository-name.ts';

/**
 * For lists, which have only what the caller may read.
 * @throws RegistryError when the credential that was shown does not count: a list without what it was shown for would mislead
 */
export function readableBy({ caller }: FastifyRequest): (repository: RepositoryName) => boolean {
  if (caller.rejection) throw caller.rejection;
  return (repository) => allows(caller, 'pull', repository);
}

/** @throws Unauthorized, or RegistryError NAME_UNKNOWN where it must not even be known that the repository exists */
export function requireReadable(request: FastifyRequest, repository: RepositoryName): void {
  request.neededScope = scopeFor('pull', repository);
  authorize(request.caller, 'pull', repository);
}
