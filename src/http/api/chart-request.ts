// What requests to the chart API have in common: which chart they are about, and by which names this registry is known.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { allows } from '../../access/permissions.ts';
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts';
import { baseUrlOf } from '../base-url.ts';
import { requireReadable } from '../reader.ts';
import { warn } from '../warning.ts';

/**
 * The chart of the path, which the caller may read. Who shows a credential that does not count is told so, even where
 * everybody may read.
 * @throws RegistryError NAME_INVALID, or as `requireReadable`
 */
export function readableChart(request: FastifyRequest, reply: FastifyReply): RepositoryName {
  const { chart } = request.params as { readonly chart: string };
  const repository = parseRepositoryName(chart);
  requireReadable(request, repository);
  if (request.caller.rejection) warn(reply, request.caller.rejection.message);
  return repository;
}

/** By which addresses of dependencies are found to lead here: that of the request, and the configured one. */
export function hostsOf(request: FastifyRequest): readonly string[] {
  return [...new Set([baseUrlOf(request).host, request.host])].map((host) => host.toLowerCase());
}

/** What else of this registry an answer about a chart may name. */
export function mayRead({ caller }: FastifyRequest): (repository: RepositoryName) => boolean {
  return (repository) => allows(caller, 'pull', repository);
}
