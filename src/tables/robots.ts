// Table robots: the accounts of CI and clusters.
import type { Queryable, Transaction } from '../ports/database.ts';

export interface RobotRow {
  readonly name: string;
  /** No other robot has, had or will have it, also not of the same name. */
  readonly id: string;
  readonly version: number;
  /** Whose maintainers manage it. */
  readonly namespace: string;
  readonly description: string;
  /** JSON, as `access/scoped-rights.ts` reads it. */
  readonly scopes: string;
  readonly disabled: number;
  readonly expiresAt: number | null;
  readonly createdAt: number;
  readonly createdBy: string;
}

export type NewRobot = Pick<
  RobotRow,
  'name' | 'id' | 'namespace' | 'description' | 'scopes' | 'expiresAt' | 'createdAt' | 'createdBy'
>;

const COLUMNS = `name, id, version, namespace, description, scopes, disabled, expires_at as "expiresAt",
  created_at as "createdAt", created_by as "createdBy"`;

/** False when the name is taken. */
export async function insertRobot(tx: Transaction, robot: NewRobot): Promise<boolean> {
  const rows = await tx.query(
    `insert into robots (name, id, version, namespace, description, scopes, disabled, expires_at, created_at, created_by, updated_at)
     values ($1, $2, 1, $3, $4, $5, 0, $6, $7, $8, $7) on conflict (name) do nothing returning name`,
    [
      robot.name,
      robot.id,
      robot.namespace,
      robot.description,
      robot.scopes,
      robot.expiresAt,
      robot.createdAt,
      robot.createdBy,
    ],
  );
  return rows.length > 0;
}

/** Replaces all of these; `ends` counts the version up. False when there is no such robot. */
export async function updateRobot(
  tx: Transaction,
  robot: Pick<RobotRow, 'name' | 'description' | 'scopes' | 'disabled' | 'expiresAt'> & { readonly ends: boolean },
  now: number,
): Promise<boolean> {
  const rows = await tx.query(
    `update robots set description = $2, scopes = $3, disabled = $4, expires_at = $5, version = version + $6, updated_at = $7
     where name = $1 returning name`,
    [robot.name, robot.description, robot.scopes, robot.disabled, robot.expiresAt, Number(robot.ends), now],
  );
  return rows.length > 0;
}

export async function findRobot(database: Queryable, name: string): Promise<RobotRow | undefined> {
  return (await database.query<RobotRow>(`select ${COLUMNS} from robots where name = $1`, [name]))[0];
}

export async function findRobotById(database: Queryable, id: string): Promise<RobotRow | undefined> {
  return (await database.query<RobotRow>(`select ${COLUMNS} from robots where id = $1`, [id]))[0];
}

/** In byte order of the names, behind `last`. */
export async function listRobots(
  database: Queryable,
  page: { readonly last: string; readonly limit: number },
): Promise<readonly RobotRow[]> {
  return await database.query<RobotRow>(`select ${COLUMNS} from robots where name > $1 order by name limit $2`, [
    page.last,
    page.limit,
  ]);
}

/** With its secrets. False when there is no such robot. */
export async function deleteRobot(tx: Transaction, name: string): Promise<boolean> {
  return (await tx.query('delete from robots where name = $1 returning name', [name])).length > 0;
}
