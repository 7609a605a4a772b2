// Where a chart is found by clients of either kind, and what to type.

import type { FastifyRequest } from 'fastify';
import { Type } from '../../json-schemas.ts';
import type { Digest } from '../../oci/digest.ts';
import { lastSegment, parentOf, type RepositoryName } from '../../oci/repository-name.ts';
import { addressOf, baseUrlOf } from '../base-url.ts';
import { strict } from './schemas.ts';

export const Commands = strict(
  {
    ociReference: Type.String({ description: 'For OCI clients: oci://host/team/web.' }),
    repositoryUrl: Type.String({ description: 'Of the classic repository of its namespace.' }),
    pull: Type.String(),
    install: Type.String(),
    addRepository: Type.String({ description: 'For clients that know classic repositories only.' }),
    installFromRepository: Type.String({ description: 'Once that repository was added.' }),
  },
  { title: 'ChartCommands', description: 'Where it is found, and what to type.' },
);

/** For the host by which the request came. */
export function commandsFor(request: FastifyRequest, repository: RepositoryName, version: string) {
  const { host, isPlainHttp } = addressOf(request);
  const name = lastSegment(repository);
  const namespace = parentOf(repository);
  const ociReference = `oci://${host}/${repository}`;
  const repositoryUrl = `${baseUrlOf(request).href}${namespace === '' ? '' : `/${namespace}`}`;
  // helm takes no slash in the name of a repository.
  const alias = namespace === '' ? 'charts' : namespace.replaceAll('/', '-');
  const plain = isPlainHttp ? ' --plain-http' : '';
  return {
    ...{ ociReference, repositoryUrl },
    pull: `helm pull ${ociReference} --version ${version}${plain}`,
    install: `helm install my-${name} ${ociReference} --version ${version}${plain}`,
    addRepository: `helm repo add ${alias} ${repositoryUrl}`,
    installFromRepository: `helm install my-${name} ${alias}/${name} --version ${version}`,
  };
}

/** `oci://host/team/web@sha256:…`, which is always the same. */
export function pinnedReference(request: FastifyRequest, repository: RepositoryName, digest: Digest): string {
  return `oci://${addressOf(request).host}/${repository}@${digest}`;
}

/** Addresses of the archive and its provenance file in the classic repository, without scheme and host. */
export function archiveAddress(repository: RepositoryName, fileName: string): string {
  const namespace = parentOf(repository);
  return `${namespace === '' ? '' : `/${namespace}`}/charts/${encodeURIComponent(fileName)}`;
}
