// PUT /users/{name}/password: the own password, or as an administrator anybody's.

import type { FastifyRequest } from 'fastify';
import { Unauthorized } from '../../access/unauthorized.ts';
import { AccountError } from '../../accounts/account-error.ts';
import { MAXIMUM_PASSWORD_LENGTH, MINIMUM_PASSWORD_LENGTH } from '../../accounts/password-length.ts';
import { Type } from '../../json-schemas.ts';
import { quoted } from '../../oci/quoted.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { Name, strict } from './schemas.ts';

export const NewPassword = Type.String({
  minLength: MINIMUM_PASSWORD_LENGTH,
  maxLength: MAXIMUM_PASSWORD_LENGTH,
  description: `${MINIMUM_PASSWORD_LENGTH} to ${MAXIMUM_PASSWORD_LENGTH} characters.`,
});

const PasswordChange = strict(
  {
    password: NewPassword,
    currentPassword: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAXIMUM_PASSWORD_LENGTH,
        description: 'The password until now, of whoever changes the own one.',
      }),
    ),
  },
  { title: 'PasswordChange', description: 'A new password.' },
);

const CHANGE_PASSWORD = {
  ...{
    operationId: 'changePassword',
    tags: ['users'],
    summary: 'Change a password; every login with the old one ends',
  },
  params: strict({ name: Name }),
  body: PasswordChange,
  response: { 204: Type.Null({ description: 'The password is changed.' }) },
};

export function passwordRoute(app: Routes, management: Management): void {
  const config = { access: 'management', refuses: [404, 409] } as const;
  app.put('/users/:name/password', { config, schema: CHANGE_PASSWORD }, async (request, reply) => {
    const { name } = request.params;
    const { password, currentPassword } = request.body;
    const isOwn = requireRight(request, name);
    // Of the own account also for administrators: a token that got into other hands must not become the account.
    const isNeeded = isOwn || currentPassword !== undefined;
    if (isNeeded) await requirePassword(request, { name, isOwn, currentPassword }, management);
    await management.accounts.users.changePassword(name, password, managerOf(request).author);
    return await reply.code(204).send(null);
  });
}

/** @returns whether it is the caller's own account @throws AccountError, the same whether there is such a user or not */
function requireRight({ caller: { principal, rights } }: FastifyRequest, name: string): boolean {
  const isOwn = principal.kind === 'user' && principal.name === name;
  if (isOwn || rights.isAdministrator) return isOwn;
  throw new AccountError(
    'forbidden',
    `the password of ${quoted(name)} is for that user and for administrators to change: ask one to run "chartroom user passwd"`,
  );
}

/**
 * Whoever finds a machine unlocked, or a token, must not be able to take over the account.
 * @throws AccountError, or what logging in throws when it was tried too often
 */
async function requirePassword(
  request: FastifyRequest,
  account: { readonly name: string; readonly isOwn: boolean; readonly currentPassword: string | undefined },
  management: Management,
): Promise<void> {
  const { name, isOwn, currentPassword } = account;
  if (!isOwn) {
    throw new AccountError('invalid', '"currentPassword" is for whoever changes the own password: leave it out');
  }
  if (currentPassword === undefined) {
    throw new AccountError('invalid', 'the body needs "currentPassword", the password until now');
  }
  const { principal, rejection } = await management.logIn(request, { name, password: currentPassword });
  if (rejection && !(rejection instanceof Unauthorized)) throw rejection;
  const { caller } = request;
  // Elsewhere the secret of a personal token may stand for the password; here it must not become one.
  const isRight =
    principal.kind === 'user' &&
    caller.principal.kind === 'user' &&
    principal.id === caller.principal.id &&
    principal.secret === undefined;
  if (!isRight) throw new AccountError('forbidden', `"currentPassword" is not the password of ${name}: try again`);
}
