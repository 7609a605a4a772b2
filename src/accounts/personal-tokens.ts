// Manages personal tokens: what people give to their programs in place of a password.
import { randomUUID } from 'node:crypto';
import type { UserPrincipal } from '../access/principal.ts';
import type { Scope } from '../access/rights.ts';
import { type AskedScope, parseScopesOf } from '../access/scoped-rights.ts';
import type { Author } from '../events/author.ts';
import type { Queryable } from '../ports/database.ts';
import {
  countPersonalTokens,
  deletePersonalToken,
  findPersonalToken,
  insertPersonalToken,
  listPersonalTokens,
  type PersonalTokenRow,
} from '../tables/personal-tokens.ts';
import { listSecretsOf } from '../tables/secrets.ts';
import { findUser } from '../tables/users.ts';
import { AccountError } from './account-error.ts';
import type { Changes, PageQuery } from './changes.ts';
import { type IssuedSecret, issueSecret, replaceSecrets, shownSecretRow } from './issued-secrets.ts';
import { checkAsked, requireFuture } from './robots.ts';
import { unknownUser } from './users.ts';

/** Of one user, who need not have any other right. */
export const MAXIMUM_TOKENS = 100;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@/:-]{0,63}$/u;

export interface PersonalToken {
  readonly id: string;
  readonly user: string;
  /** What its owner calls it. */
  readonly name: string;
  /** Null for all that the user may do. */
  readonly scopes: readonly Scope[] | null;
  /** Whether it is also good for the management API. */
  readonly management: boolean;
  /** milliseconds since 1970, as all times here; null for never */
  readonly expiresAt: number | null;
  readonly createdAt: number;
  readonly secrets: readonly IssuedSecret[];
}

interface TokenWithSecret {
  readonly token: PersonalToken;
  /** Shown this once. */
  readonly secret: string;
}

/** Whose tokens may be managed: everybody's, or one user's. */
export type TokenManager = { readonly author: Author; readonly of: 'everybody' | Pick<UserPrincipal, 'name'> };

export class PersonalTokens {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** @throws AccountError when the user has one of this name, or something is not allowed */
  async add(
    user: string,
    asked: {
      readonly name: string;
      readonly scopes: readonly AskedScope[] | null;
      readonly management: boolean;
      readonly expiresAt: number | null;
    },
    author: Author,
  ): Promise<TokenWithSecret> {
    const { name, management, expiresAt } = asked;
    if (!NAME.test(name)) {
      throw new AccountError('invalid', 'a token has a name of 1 to 64 letters, digits, spaces and . _ @ / : -');
    }
    if (management && asked.scopes) {
      throw new AccountError(
        'invalid',
        'a token for the management API has all rights of its owner: leave the scopes out',
      );
    }
    const scopes = asked.scopes && checkAsked(asked.scopes);
    requireFuture(expiresAt, this.#changes.now());
    return await this.#changes.make(author, async (change) => {
      const { tx, at, record } = change;
      if (!(await findUser(tx, user))) throw unknownUser(user);
      if ((await countPersonalTokens(tx, user)) >= MAXIMUM_TOKENS) {
        throw new AccountError('conflict', `${user} has ${MAXIMUM_TOKENS} tokens already: remove some first`);
      }
      const id = randomUUID();
      const row: PersonalTokenRow = {
        ...{ id, user, name, expiresAt, createdAt: at, management: Number(management) },
        scopes: scopes && JSON.stringify(scopes),
      };
      if (!(await insertPersonalToken(tx, row))) {
        throw new AccountError(
          'conflict',
          `${user} has a token "${name}" already: choose another name, or rotate that one`,
        );
      }
      const { id: secretId, secret } = await issueSecret(change, { personalToken: id });
      await record('token.added', { user, token: id, name, scopes, management, expiresAt, secret: secretId });
      return { token: await shown(tx, row), secret };
    });
  }

  /** Behind the id `last`. */
  async list(user: string | undefined, page: PageQuery): Promise<readonly PersonalToken[]> {
    const rows = await listPersonalTokens(this.#changes.reading, user, page);
    return await Promise.all(rows.map((row) => shown(this.#changes.reading, row)));
  }

  /** @throws AccountError when there is none of this id that the manager may manage */
  async find(id: string, manager: TokenManager): Promise<PersonalToken> {
    return await shown(this.#changes.reading, await manageable(this.#changes.reading, id, manager));
  }

  /** Ends at once. @throws AccountError as `find` does */
  async remove(id: string, manager: TokenManager): Promise<void> {
    await this.#changes.make(manager.author, async ({ tx, record }) => {
      const { user, name } = await manageable(tx, id, manager);
      await deletePersonalToken(tx, id);
      await record('token.removed', { user, token: id, name });
    });
  }

  /**
   * Gives out another secret; the ones before it are good for `overlap` seconds more.
   * @throws AccountError as `find` does
   */
  async rotate(id: string, overlap: number, manager: TokenManager): Promise<TokenWithSecret> {
    return await this.#changes.make(manager.author, async (change) => {
      const row = await manageable(change.tx, id, manager);
      const { id: secretId, secret } = await replaceSecrets(change, { personalToken: id }, overlap);
      await change.record('token.rotated', { user: row.user, token: id, name: row.name, secret: secretId, overlap });
      return { token: await shown(change.tx, row), secret };
    });
  }
}

async function manageable(database: Queryable, id: string, { of }: TokenManager): Promise<PersonalTokenRow> {
  const row = await findPersonalToken(database, id);
  if (row && (of === 'everybody' || of.name === row.user)) return row;
  throw new AccountError(
    'missing',
    `there is no personal token ${id.slice(0, 100)} of yours: see "chartroom token list"`,
  );
}

async function shown(database: Queryable, row: PersonalTokenRow): Promise<PersonalToken> {
  const { id, user, name, expiresAt, createdAt } = row;
  const secrets = (await listSecretsOf(database, { personalToken: id })).map(shownSecretRow);
  const scopes = row.scopes === null ? null : parseScopesOf(row.scopes);
  return { id, user, name, scopes, management: row.management === 1, expiresAt, createdAt, secrets };
}
