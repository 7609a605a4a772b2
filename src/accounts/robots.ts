// Manages robots: the accounts of CI and clusters.
import { randomUUID } from 'node:crypto';
import { isWithin, type Scope } from '../access/rights.ts';
import { type AskedScope, checkScopes, parseScopesOf, ScopeError } from '../access/scoped-rights.ts';
import type { Queryable } from '../ports/database.ts';
import { deleteRobot, findRobot, insertRobot, listRobots, type RobotRow, updateRobot } from '../tables/robots.ts';
import { findSecret, listSecretsOf, revokeSecret } from '../tables/secrets.ts';
import { AccountError } from './account-error.ts';
import { requireName } from './account-name.ts';
import type { Changes, PageQuery } from './changes.ts';
import { type IssuedSecret, issueSecret, replaceSecrets, shownSecretRow } from './issued-secrets.ts';
import { type Manager, requireMaintainer } from './manager.ts';
import { displayNamespace, readNamespace } from './namespace-path.ts';

const MAXIMUM_DESCRIPTION = 500;
/** How many rows are looked through for a page of those that a maintainer may see. */
const BATCH = 500;

export interface Robot {
  readonly name: string;
  /** Whose maintainers manage it; its scopes lie within. */
  readonly namespace: string;
  readonly description: string;
  readonly scopes: readonly Scope[];
  readonly disabled: boolean;
  /** milliseconds since 1970, as all times here; null for never */
  readonly expiresAt: number | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly secrets: readonly IssuedSecret[];
}

interface RobotWithSecret {
  readonly robot: Robot;
  /** Shown this once. */
  readonly secret: string;
}

export class Robots {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** @throws AccountError when the name is taken, something is not allowed, or the manager is no maintainer there */
  async add(
    asked: {
      readonly name: string;
      readonly namespace: string;
      readonly description?: string | undefined;
      readonly scopes: readonly AskedScope[];
      readonly expiresAt: number | null;
    },
    manager: Manager,
  ): Promise<RobotWithSecret> {
    const { name, description = '', expiresAt } = asked;
    requireName(name, "a robot's name");
    const namespace = readNamespace(asked.namespace);
    requireMaintainer(manager, namespace);
    const scopes = scopesWithin(namespace, asked.scopes);
    requireDescription(description);
    requireFuture(expiresAt, this.#changes.now());
    return await this.#changes.make(manager.author, async (change) => {
      const { tx, at, record } = change;
      const row = { name, id: randomUUID(), namespace, description, scopes: JSON.stringify(scopes), expiresAt };
      if (!(await insertRobot(tx, { ...row, createdAt: at, createdBy: manager.author.name }))) throw taken(name);
      const { id, secret } = await issueSecret(change, { robot: name });
      await record('robot.added', { robot: name, namespace, scopes, expiresAt, secret: id });
      return { robot: await read(tx, name), secret };
    });
  }

  /** Those that the manager may manage. */
  async list(page: PageQuery, { rights }: Manager): Promise<readonly Robot[]> {
    const found: RobotRow[] = [];
    let { last } = page;
    while (found.length < page.limit && rights.maintainsAnything) {
      const batch = await listRobots(this.#changes.reading, { last, limit: BATCH });
      found.push(...batch.filter(({ namespace }) => rights.maintains(namespace)));
      const end = batch.at(-1);
      if (end === undefined || batch.length < BATCH) break;
      last = end.name;
    }
    return await Promise.all(found.slice(0, page.limit).map((row) => shown(this.#changes.reading, row)));
  }

  /** @throws AccountError when there is no such robot that the manager may manage */
  async find(name: string, manager: Manager): Promise<Robot> {
    return await shown(this.#changes.reading, await this.#manageable(name, manager));
  }

  /** @throws AccountError as `find` and `add` do */
  async change(
    name: string,
    asked: {
      readonly description?: string | undefined;
      readonly scopes?: readonly AskedScope[] | undefined;
      readonly disabled?: boolean | undefined;
      readonly expiresAt?: number | null | undefined;
    },
    manager: Manager,
  ): Promise<Robot> {
    const before = await this.#manageable(name, manager);
    const scopes = asked.scopes && scopesWithin(before.namespace, asked.scopes);
    requireDescription(asked.description ?? '');
    requireFuture(asked.expiresAt ?? null, this.#changes.now());
    return await this.#changes.make(manager.author, async ({ tx, at, record }) => {
      const row = await findRobot(tx, name);
      if (row?.id !== before.id) throw unknown(name);
      const after = {
        name,
        description: asked.description ?? row.description,
        scopes: scopes ? JSON.stringify(scopes) : row.scopes,
        disabled: asked.disabled === undefined ? row.disabled : Number(asked.disabled),
        expiresAt: asked.expiresAt === undefined ? row.expiresAt : asked.expiresAt,
        ends: asked.disabled === true,
      };
      await updateRobot(tx, after, at);
      await record('robot.changed', { robot: name, ...asked, ...(scopes ? { scopes } : {}) });
      return await read(tx, name);
    });
  }

  /** Its tokens end with it. @throws AccountError as `find` does */
  async remove(name: string, manager: Manager): Promise<void> {
    const before = await this.#manageable(name, manager);
    await this.#changes.make(manager.author, async ({ tx, record }) => {
      if ((await findRobot(tx, name))?.id !== before.id || !(await deleteRobot(tx, name))) throw unknown(name);
      await record('robot.removed', { robot: name, namespace: before.namespace });
    });
  }

  /**
   * Gives out another secret; the ones before it are good for `overlap` seconds more.
   * @throws AccountError as `find` does
   */
  async rotate(name: string, overlap: number, manager: Manager): Promise<RobotWithSecret> {
    const before = await this.#manageable(name, manager);
    return await this.#changes.make(manager.author, async (change) => {
      const { tx, record } = change;
      if ((await findRobot(tx, name))?.id !== before.id) throw unknown(name);
      const { id, secret } = await replaceSecrets(change, { robot: name }, overlap);
      await record('robot.rotated', { robot: name, secret: id, overlap });
      return { robot: await read(tx, name), secret };
    });
  }

  /** Ends one of its secrets at once. @throws AccountError when there is none of this id, and as `find` does */
  async revokeSecret(name: string, id: string, manager: Manager): Promise<void> {
    await this.#manageable(name, manager);
    await this.#changes.make(manager.author, async ({ tx, at, record }) => {
      const secret = await findSecret(tx, id);
      if (secret?.robot !== name || !(await revokeSecret(tx, id, at))) {
        throw new AccountError(
          'missing',
          `robot ${name} has no secret ${id} to revoke: see "chartroom robot show ${name}"`,
        );
      }
      await record('robot.secret-revoked', { robot: name, secret: id });
    });
  }

  /** Whoever may not manage it does not learn that it exists. */
  async #manageable(name: string, { rights }: Manager): Promise<RobotRow> {
    const row = await findRobot(this.#changes.reading, name);
    if (!row || !rights.maintains(row.namespace)) throw unknown(name);
    return row;
  }
}

function scopesWithin(namespace: string, asked: readonly AskedScope[]): readonly Scope[] {
  const scopes = checkAsked(asked);
  const outside = scopes.find((scope) => !isWithin(scope.namespace, namespace));
  if (!outside) return scopes;
  throw new AccountError(
    'invalid',
    `the scope on ${displayNamespace(outside.namespace)} is outside of ${displayNamespace(namespace)}, to which the robot belongs: add a robot of a namespace that has both`,
  );
}

export function checkAsked(asked: readonly AskedScope[]): readonly Scope[] {
  try {
    return checkScopes(asked);
  } catch (error) {
    if (error instanceof ScopeError) throw new AccountError('invalid', error.message);
    throw error;
  }
}

function requireDescription(description: string): void {
  if (description.length > MAXIMUM_DESCRIPTION) {
    throw new AccountError('invalid', `a description has at most ${MAXIMUM_DESCRIPTION} characters`);
  }
}

export function requireFuture(expiresAt: number | null, now: number): void {
  if (expiresAt !== null && expiresAt <= now) {
    throw new AccountError('invalid', 'the time of expiry has passed already: name one that is to come');
  }
}

async function read(database: Queryable, name: string): Promise<Robot> {
  const row = await findRobot(database, name);
  if (!row) throw unknown(name);
  return await shown(database, row);
}

async function shown(database: Queryable, row: RobotRow): Promise<Robot> {
  const { name, namespace, description, expiresAt, createdAt, createdBy } = row;
  const secrets = (await listSecretsOf(database, { robot: name })).map(shownSecretRow);
  const scopes = parseScopesOf(row.scopes);
  return {
    name,
    namespace,
    description,
    scopes,
    disabled: row.disabled === 1,
    expiresAt,
    createdAt,
    createdBy,
    secrets,
  };
}

function taken(name: string): AccountError {
  return new AccountError(
    'conflict',
    `there is already a robot ${name}: choose another name, or "chartroom robot rotate ${name}" gives it another secret`,
  );
}

function unknown(name: string): AccountError {
  return new AccountError(
    'missing',
    `there is no robot ${name.slice(0, 100)} that you may manage: see "chartroom robot list"`,
  );
}
