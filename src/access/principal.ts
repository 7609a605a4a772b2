// Who is calling, with which credential, and by which name they reached us.
import type { RegistryAddress } from '../oci/registry-address.ts';
import type { ScopedAccess } from './scope.ts';

/** `open` is everybody in open mode, where nobody logs in. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'open' }
  | { readonly kind: 'user'; readonly name: string };

export interface Caller {
  readonly principal: Principal;
  /** What the presented token is good for; undefined when the caller showed a password, or nothing. */
  readonly token: readonly ScopedAccess[] | undefined;
  /** As the caller addressed us: what commands in messages must name. */
  readonly address: RegistryAddress;
}

/** What messages, logs and events call the principal. */
export function nameOf(principal: Principal): string {
  return principal.kind === 'user' ? principal.name : principal.kind;
}

/** Tells principals apart where something belongs to one of them; no two principals share it. */
export function ownerKeyOf(principal: Principal): string {
  return principal.kind === 'user' ? `user:${principal.name}` : principal.kind;
}
