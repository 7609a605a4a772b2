// On whose behalf the registry acts: what it must know of the caller, without knowing how callers are authenticated.
import type { Author } from '../events/author.ts';
import type { RegistryAddress } from '../oci/registry-address.ts';
import type { RepositoryName } from '../oci/repository-name.ts';

export interface Actor {
  /** For messages, and for what it publishes. */
  readonly name: string;
  /** For events. */
  readonly author: Author;
  /** What uploads belong to: no two principals share it. */
  readonly ownerKey: string;
  /** As the caller addressed us: what commands in messages must name. */
  readonly address: RegistryAddress;
  /** Whether the repository's existence may be told; a token may cover less than its owner may see. */
  maySee(repository: RepositoryName): boolean;
  /** Whether the repository may be read with the credential that was shown, be it only because everybody may. */
  mayPull(repository: RepositoryName): boolean;
}
