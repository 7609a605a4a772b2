// People with a role, or without any.
import jsonwebtoken from 'jsonwebtoken';
import type { Role } from '../../../src/access/roles.ts';
import { AUTHOR } from '../../support/manager.ts';
import type { TestRegistry } from '../../support/start-registry.ts';

/** Adds a user, with a role on a namespace if one is given. @returns `name:password`, as `request` takes it */
export async function addMember(
  registry: TestRegistry,
  name: string,
  grant?: { readonly role: Role; readonly namespace: string },
): Promise<string> {
  const password = `${name}-password`;
  await registry.accounts.users.add({ name, password, administrator: false }, AUTHOR);
  if (grant) await registry.accounts.grants.put({ holder: 'user', name, ...grant }, AUTHOR);
  return `${name}:${password}`;
}

/** Whom a token of ours names. */
export function principalOf(bearer: string): object {
  return (jsonwebtoken.decode(bearer.slice('Bearer '.length)) as unknown as { readonly principal: object }).principal;
}

/** A token as a client fetches it, ready for `as`. */
export async function tokenFor(
  registry: TestRegistry,
  as: string | undefined,
  ...scopes: readonly string[]
): Promise<string> {
  const query = scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&');
  const answer = await registry.request('GET', `/token?${query}`, { as });
  if (answer.status !== 200) throw new Error(`token refused: ${answer.status} ${await answer.text()}`);
  const { token } = (await answer.json()) as { token: string };
  return `Bearer ${token}`;
}
