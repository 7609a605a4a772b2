// Who calls, what they may do, and by which name they reached us.
import type { RegistryError } from '../oci/error.ts';
import type { RegistryAddress } from '../oci/registry-address.ts';
import type { Origin, Principal } from './principal.ts';
import type { Rights } from './rights.ts';
import type { ScopedAccess } from './scope.ts';

export interface Caller {
  readonly principal: Principal;
  /** What the principal itself may do now, whatever its token says. */
  readonly rights: Rights;
  /** What the presented bearer token is good for; undefined when the caller showed something else, or nothing. */
  readonly token: readonly ScopedAccess[] | undefined;
  /**
   * Why the credential that was shown does not count. Such a caller is anonymous: a stale credential does not take away what
   * everybody may read, and is refused everywhere else.
   */
  readonly rejection: RegistryError | undefined;
  /** Whom the rejected credential is of, as far as it is known and may be told in the audit trail; otherwise empty. */
  readonly claimed: string;
  /** As the caller addressed us: what commands in messages must name. */
  readonly address: RegistryAddress;
  readonly origin: Origin;
}
