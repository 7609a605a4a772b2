// What the management API answers, as far as commands show it. Times are ISO 8601.
import { notUnderstood } from './management.ts';

export interface Whoami {
  readonly kind: string;
  readonly name: string;
  readonly credential: string;
  readonly administrator: boolean;
  readonly management: boolean;
}

export interface User {
  readonly name: string;
  readonly administrator: boolean;
  readonly disabled: boolean;
  readonly login: string;
  readonly createdAt: string;
  readonly lastLoginAt: string | null;
}

export interface Group {
  readonly name: string;
  readonly externalName: string | null;
  readonly administrator: boolean;
  readonly createdAt: string;
}

interface Member {
  readonly user: string;
  readonly source: string;
}

/** Either of a user or of a group. */
export interface Grant {
  readonly user?: string;
  readonly group?: string;
  readonly namespace: string;
  readonly role: string;
}

export interface ArtifactHubClaim {
  readonly repositoryID: string | null;
  readonly owners: readonly { readonly name: string; readonly email: string }[];
}

/** Null: as the path above it. */
export interface Namespace {
  readonly path: string;
  readonly visibility: string | null;
  readonly floatingTags: boolean | null;
  readonly artifactHub: ArtifactHubClaim | null;
}

export interface Scope {
  readonly namespace: string;
  readonly charts: string;
  readonly actions: readonly string[];
}

export interface Secret {
  readonly id: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
  readonly lastUsedAddress: string | null;
  readonly lastUsedAgent: string | null;
}

export interface Robot {
  readonly name: string;
  readonly namespace: string;
  readonly description: string;
  readonly scopes: readonly Scope[];
  readonly disabled: boolean;
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly secrets: readonly Secret[];
}

export interface Token {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly scopes: readonly Scope[] | null;
  readonly management: boolean;
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly secrets: readonly Secret[];
}

export interface TrustRule {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly claims: Readonly<Record<string, string>>;
  readonly keys: object | null;
  readonly namespace: string;
  readonly role: string;
  readonly disabled: boolean;
  readonly createdAt: string;
}

export interface AuditEvent {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly actor: string;
  readonly actorKind: string;
  readonly credential: string;
  readonly clientAddress: string;
  readonly userAgent: string;
  readonly outcome: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export const readWhoami = reader<Whoami>('kind', 'name', 'administrator', 'management');
export const readUser = reader<User>('name', 'administrator', 'disabled', 'login', 'createdAt', 'lastLoginAt');
export const readGroup = reader<Group>('name', 'externalName', 'administrator', 'createdAt');
export const readMember = reader<Member>('user', 'source');
export const readGrant = reader<Grant>('namespace', 'role');
export const readNamespace = reader<Namespace>('path', 'visibility', 'floatingTags', 'artifactHub');
export const readRobot = reader<Robot>('name', 'namespace', 'scopes', 'disabled', 'expiresAt', 'secrets');
export const readRobotWithSecret = reader<{ readonly robot: unknown; readonly secret: string }>('robot', 'secret');
export const readToken = reader<Token>('id', 'user', 'name', 'scopes', 'management', 'expiresAt', 'secrets');
export const readTokenWithSecret = reader<{ readonly token: unknown; readonly secret: string }>('token', 'secret');
export const readTrustRule = reader<TrustRule>('name', 'issuer', 'audience', 'claims', 'namespace', 'role', 'disabled');
export const readAuditEvent = reader<AuditEvent>('id', 'at', 'kind', 'actor', 'outcome', 'repository', 'detail');

/** A server of another version, or another program, may answer with something else. */
export function reader<Item>(...members: readonly (keyof Item & string)[]): (answer: unknown) => Item {
  return (answer) => {
    if (typeof answer !== 'object' || answer === null || members.some((member) => !Object.hasOwn(answer, member))) {
      throw notUnderstood();
    }
    return answer as Item;
  };
}
