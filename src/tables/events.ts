// Table events: what happened, written in the transaction of what happened.
import type { Transaction } from '../ports/database.ts';

export interface EventRow {
  readonly at: number;
  readonly kind: string;
  readonly actor: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
  readonly detail: Readonly<Record<string, unknown>>;
}

export async function insertEvent(tx: Transaction, event: EventRow): Promise<void> {
  await tx.query(
    'insert into events (at, kind, actor, repository, tag, digest, detail) values ($1, $2, $3, $4, $5, $6, $7)',
    [
      event.at,
      event.kind,
      event.actor,
      event.repository,
      event.tag ?? null,
      event.digest ?? null,
      JSON.stringify(event.detail),
    ],
  );
}
