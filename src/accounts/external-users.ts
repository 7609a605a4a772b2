// Finds the user of somebody who logged in elsewhere: made at the first login, with the groups that the place names.
import { randomUUID } from 'node:crypto';
import { principalOfUser, type UserPrincipal } from '../access/principal.ts';
import { isUserName, NAME_RULE } from '../access/user-name.ts';
import type { Author } from '../events/author.ts';
import { deleteMemberFromLogin, findGroupByExternalName, insertMember, listGroupsFromLogin } from '../tables/groups.ts';
import { findUser, findUserBySubject, insertUser, type UserRow } from '../tables/users.ts';
import { AccountError } from './account-error.ts';
import type { Change, Changes } from './changes.ts';

/** More than so many are not looked up. */
const MAXIMUM_GROUPS = 500;

/** Who somebody is elsewhere. */
interface ExternalIdentity {
  readonly login: 'directory' | 'provider';
  /** Which place it is; together with the subject it tells people apart for ever. */
  readonly issuer: string;
  readonly subject: string;
  /** What the person is called here when this is the first login. */
  readonly name: string;
  /** By the names that groups have there. */
  readonly groups: readonly string[];
}

export class ExternalUsers {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /**
   * @throws AccountError when the name cannot be one here, or belongs to a user who logs in another way: who may call
   * themselves what elsewhere must not decide who they are here
   */
  async ensure(
    identity: ExternalIdentity,
    origin: Pick<Author, 'clientAddress' | 'userAgent'>,
  ): Promise<UserPrincipal> {
    const { reading } = this.#changes;
    const known = await findUserBySubject(reading, identity.issuer, identity.subject);
    // The ordinary case, which must not write.
    if (known && (await isIn(reading, known.name, identity.groups))) return principalOfUser(known);
    // Whoever is known keeps the name, whatever they are called elsewhere meanwhile.
    const name = known?.name ?? nameHere(identity.name);
    const author: Author = {
      name,
      kind: 'user',
      credential: identity.login === 'directory' ? 'password' : 'single sign-on',
      ...origin,
    };
    return await this.#changes.make(author, async (change) => {
      const user =
        (await findUserBySubject(change.tx, identity.issuer, identity.subject)) ?? (await add(change, identity, name));
      await takeGroups(change, user.name, identity.groups);
      return principalOfUser(user);
    });
  }
}

/** Whether the last login put the user in just these groups. */
async function isIn(database: Changes['reading'], user: string, names: readonly string[]): Promise<boolean> {
  const [wanted, actual] = await Promise.all([groupsHere(database, names), listGroupsFromLogin(database, user)]);
  return wanted.join(' ') === actual.join(' ');
}

async function add({ tx, at, record }: Change, identity: ExternalIdentity, name: string): Promise<UserRow> {
  const { login, issuer, subject } = identity;
  const row = { name, id: randomUUID(), login, passwordHash: null, issuer, subject, administrator: false };
  if (!(await insertUser(tx, row, at))) {
    throw new AccountError(
      'conflict',
      `there is another user ${name} here, who logs in another way: ask an administrator to remove or rename one of the two`,
    );
  }
  await record('user.added', { user: name, administrator: false, login });
  const user = await findUser(tx, name);
  if (!user) throw new Error(`the user ${name} was added and is not there`);
  return user;
}

async function takeGroups({ tx, record }: Change, user: string, names: readonly string[]): Promise<void> {
  const wanted = await groupsHere(tx, names);
  const actual = await listGroupsFromLogin(tx, user);
  for (const group of wanted.filter((name) => !actual.includes(name))) {
    await insertMember(tx, { group, user, source: 'login' });
    await record('group.member-added', { group, user, source: 'login' });
  }
  for (const group of actual.filter((name) => !wanted.includes(name))) {
    await deleteMemberFromLogin(tx, group, user);
    await record('group.member-removed', { group, user, source: 'login' });
  }
}

/** Only groups that an administrator has tied to a name there: in byte order. */
async function groupsHere(database: Changes['reading'], names: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of names.slice(0, MAXIMUM_GROUPS)) {
    const group = await findGroupByExternalName(database, name);
    if (group && !found.includes(group.name)) found.push(group.name);
  }
  return found.toSorted((one, other) => (one < other ? -1 : 1));
}

/** Of a mail address the part before the "@"; lower case. */
function nameHere(text: string): string {
  const name = (text.split('@')[0] ?? '').toLowerCase();
  if (isUserName(name)) return name;
  throw new AccountError(
    'invalid',
    `${JSON.stringify(text.slice(0, 100))} cannot be a user name here: ${NAME_RULE}; ask an administrator to choose another claim or attribute for names`,
  );
}
