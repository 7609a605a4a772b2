// Who is calling: nobody, a person, a robot, or a workload that somebody else vouches for.
import type { Author } from '../events/author.ts';
import type { UserRow } from '../tables/users.ts';
import { shownSecret } from './secret.ts';

/**
 * What a credential says of its owner, and what a token carries: enough to find out, at every use, whether it still holds. An
 * id belongs to one account for ever, a version ends with the next change that ends credentials.
 */
export type Principal =
  | { readonly kind: 'anonymous' }
  /** Everybody in open mode, where nobody logs in. */
  | { readonly kind: 'open' }
  /** Whoever runs commands on the server's machine. */
  | { readonly kind: 'operator'; readonly name: string }
  | UserPrincipal
  | RobotPrincipal
  | WorkloadPrincipal;

export interface UserPrincipal {
  readonly kind: 'user';
  readonly name: string;
  readonly id: string;
  readonly version: number;
  /** The id of the personal token's secret that was shown; undefined for a password or single sign-on. */
  readonly secret?: string;
  readonly singleSignOn?: true;
}

export interface RobotPrincipal {
  readonly kind: 'robot';
  readonly name: string;
  readonly id: string;
  readonly version: number;
  readonly secret: string;
}

/** A job or a service of elsewhere, by the identity token of an issuer that rules trust. */
export interface WorkloadPrincipal {
  readonly kind: 'workload';
  /** The token's subject. */
  readonly name: string;
  readonly issuer: string;
  /** Those that it fulfilled, in the version that they had. */
  readonly rules: readonly { readonly name: string; readonly version: number }[];
}

/** A user who logged in as a person, not by a token. */
export function principalOfUser({ name, id, version, login }: UserRow): UserPrincipal {
  return { kind: 'user', name, id, version, ...(login === 'provider' ? { singleSignOn: true } : {}) };
}

/** Whether a token of ours may carry this: it must be complete, and nobody becomes the operator or everybody by a token. */
export function isPrincipal(value: unknown): value is Principal {
  const { kind, name, id, version, secret, issuer, rules } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isAccount = typeof name === 'string' && typeof id === 'string' && typeof version === 'number';
  switch (kind) {
    case 'anonymous':
      return true;
    case 'user':
      return isAccount && (secret === undefined || typeof secret === 'string');
    case 'robot':
      return isAccount && typeof secret === 'string';
    case 'workload':
      return typeof name === 'string' && typeof issuer === 'string' && Array.isArray(rules);
    default:
      return false;
  }
}

/** Where a request comes from. */
export interface Origin {
  readonly clientAddress: string;
  readonly userAgent: string;
}

/** What messages and tags call the principal: `ann`, `robot ci`, `workload repo:acme/web:ref:refs/heads/main`. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'user':
    case 'operator':
      return principal.name;
    case 'robot':
    case 'workload':
      return `${principal.kind} ${principal.name}`;
    default:
      return principal.kind;
  }
}

/** Tells principals apart where something belongs to one of them; no two principals share it. */
export function ownerKeyOf(principal: Principal): string {
  switch (principal.kind) {
    case 'user':
    case 'robot':
      return `${principal.kind}:${principal.id}`;
    case 'workload':
      return `workload:${principal.issuer} ${principal.name}`;
    case 'operator':
      return `operator:${principal.name}`;
    default:
      return principal.kind;
  }
}

/** What was shown to be this principal, for the audit trail. */
function credentialOf(principal: Principal): string {
  switch (principal.kind) {
    case 'user':
      if (principal.secret !== undefined) return `token ${shownSecret(principal.secret)}`;
      return principal.singleSignOn ? 'single sign-on' : 'password';
    case 'robot':
      return `token ${shownSecret(principal.secret)}`;
    case 'workload':
      return `identity token of ${principal.issuer}`;
    default:
      return '';
  }
}

export function authorOf(principal: Principal, origin: Origin): Author {
  const name = 'name' in principal ? principal.name : principal.kind;
  return { name, kind: principal.kind, credential: credentialOf(principal), ...origin };
}
