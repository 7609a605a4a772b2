// Callers of the management API of every kind, in one registry.
import type { Role } from '../../../../src/access/roles.ts';
import { AUTHOR, MANAGER } from '../../../support/manager.ts';
import type { TestRegistry } from '../../../support/start-registry.ts';

/** Adds a user with roles. @returns `name:password`, as `request` takes it */
export async function addUser(
  { accounts }: TestRegistry,
  name: string,
  roles: Readonly<Record<string, Role>> = {},
  administrator = false,
): Promise<string> {
  const password = `${name}-password`;
  await accounts.users.add({ name, password, administrator }, AUTHOR);
  for (const [namespace, role] of Object.entries(roles)) {
    await accounts.grants.put({ holder: 'user', name, namespace, role }, AUTHOR);
  }
  return `${name}:${password}`;
}

/** @returns its id, and its secret as `request` takes it */
export async function addToken(
  { accounts }: TestRegistry,
  user: string,
  options: { readonly name?: string; readonly management?: boolean; readonly expiresAt?: number } = {},
): Promise<{ readonly id: string; readonly as: string; readonly secret: string }> {
  const { name = 'laptop', management = true, expiresAt = null } = options;
  const asked = { name, management, expiresAt, scopes: null };
  const { token, secret } = await accounts.personalTokens.add(user, asked, AUTHOR);
  return { id: token.id, as: `Bearer ${secret}`, secret };
}

/** @returns its secret as `request` takes it */
export async function addRobot({ accounts }: TestRegistry, name: string, namespace: string): Promise<string> {
  const scopes = [{ namespace, actions: ['pull', 'push'] as const }];
  const { secret } = await accounts.robots.add({ name, namespace, scopes, expiresAt: null }, MANAGER);
  return `Bearer ${secret}`;
}
