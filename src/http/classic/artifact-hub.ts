// GET artifacthub-repo.yml: who owns a classic repository, for Artifact Hub (https://artifacthub.io/docs/topics/repositories/#ownership-claim).
import type { FastifyRequest } from 'fastify';
import { allows } from '../../access/permissions.ts';
import type { Accounts } from '../../accounts/accounts.ts';
import type { ArtifactHubClaim } from '../../accounts/namespaces.ts';
import { digestOf } from '../../oci/digest.ts';
import { RegistryError } from '../../oci/error.ts';
import { parentOf, type RepositoryName } from '../../oci/repository-name.ts';
import { isNotModified } from '../conditional.ts';
import type { Routes } from '../server.ts';
import { CLASSIC_PREFIX } from './addresses.ts';

export interface ArtifactHubRoute {
  readonly accounts: Accounts;
}

/** Whoever may read nothing in the namespace gets the same answer as where nothing is said to Artifact Hub. */
export function artifactHubRoute(app: Routes, { accounts: { namespaces } }: ArtifactHubRoute): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: `${CLASSIC_PREFIX}/:namespace/artifacthub-repo.yml`,
    config: { access: 'pull' },
    handler: async (request, reply) => {
      const { namespace } = request;
      const claim = mayReadIn(request) ? await namespaces.findArtifactHubClaim(namespace) : undefined;
      if (!claim) {
        const place = namespace === '' ? 'the root namespace' : namespace;
        throw new RegistryError('NOT_FOUND', `there is no artifacthub-repo.yml in ${place} that you may read`);
      }
      const file = Buffer.from(yamlOf(claim));
      reply.type('application/yaml').header('cache-control', 'private, no-cache').header('vary', 'Authorization');
      if (isNotModified(request, reply, digestOf(file))) return await reply.code(304).send();
      return await reply.header('content-length', file.length).send(request.method === 'HEAD' ? undefined : file);
    },
  });
}

/** Whether any chart of the namespace may be read with the credential that was shown. */
function mayReadIn({ caller, namespace }: FastifyRequest): boolean {
  const { rights, token } = caller;
  // What is public of a namespace, is so as for a repository of that path.
  if (rights.isPublic(namespace as RepositoryName)) return true;
  if (rights.chartsNamedIn(namespace).some((chart) => allows(caller, 'pull', chart))) return true;
  if (token === undefined) return rights.mayIn(namespace, 'pull');
  const named = token.flatMap((access) => (access.type === 'repository' ? [access.name] : []));
  return named.some((name) => parentOf(name) === namespace && allows(caller, 'pull', name));
}

/** A text of JSON is one of YAML as well. */
function yamlOf({ repositoryID, owners }: ArtifactHubClaim): string {
  const id = repositoryID === null ? [] : [`repositoryID: ${repositoryID}`];
  const list = owners.flatMap(({ name, email }) => [
    `  - name: ${JSON.stringify(name)}`,
    `    email: ${JSON.stringify(email)}`,
  ]);
  return `${[...id, list.length === 0 ? 'owners: []' : 'owners:', ...list].join('\n')}\n`;
}
