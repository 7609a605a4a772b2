// A numbered change of the database's tables.

export interface Migration {
  readonly number: number;
  readonly name: string;
  /** One or more SQL statements, each ended by a semicolon. */
  readonly script: string;
}
