// Tables user_grants and group_grants: who has which role where.
import type { Queryable, Transaction } from '../ports/database.ts';

type HolderKind = 'user' | 'group';

export interface GrantRow {
  readonly holder: HolderKind;
  readonly name: string;
  readonly namespace: string;
  readonly role: string;
}

/** Gives a role on a namespace, in place of the one that may be there. @throws ConstraintViolation when there is no such holder */
export async function putGrant(tx: Transaction, grant: GrantRow, now: number): Promise<void> {
  const { holder } = grant;
  await tx.query(
    `insert into ${holder}_grants (${holder}_name, namespace, role, granted_at) values ($1, $2, $3, $4)
     on conflict (${holder}_name, namespace) do update set role = excluded.role, granted_at = excluded.granted_at`,
    [grant.name, grant.namespace, grant.role, now],
  );
}

/** False when there was no such grant. */
export async function deleteGrant(
  tx: Transaction,
  { holder, name, namespace }: Pick<GrantRow, 'holder' | 'name' | 'namespace'>,
): Promise<boolean> {
  const rows = await tx.query(
    `delete from ${holder}_grants where ${holder}_name = $1 and namespace = $2 returning role`,
    [name, namespace],
  );
  return rows.length > 0;
}

export interface GrantFilter {
  readonly holder?: HolderKind | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** Those of users and groups alike, in the order of holder, name and namespace, behind `after`. */
export async function listGrants(
  database: Queryable,
  filter: GrantFilter,
  page: { readonly after: Pick<GrantRow, 'holder' | 'name' | 'namespace'> | undefined; readonly limit: number },
): Promise<readonly GrantRow[]> {
  const { after } = page;
  return await database.query<GrantRow>(
    `select holder, name, namespace, role from (
       select 'user' as holder, user_name as name, namespace, role from user_grants
       union all select 'group' as holder, group_name as name, namespace, role from group_grants
     ) grants
     where ($1 = '' or holder = $1) and ($2 = '' or name = $2) and ($3 = '*' or namespace = $3)
       and (holder < $4 or (holder = $4 and (name > $5 or (name = $5 and namespace > $6))))
     order by holder desc, name, namespace limit $7`,
    [
      filter.holder ?? '',
      filter.name ?? '',
      // No namespace is called so, but the root's name is empty.
      filter.namespace ?? '*',
      // Behind every kind of holder, in the order in which they are listed.
      after?.holder ?? 'z',
      after?.name ?? '',
      after?.namespace ?? '',
      page.limit,
    ],
  );
}

/** What a user may do by its own grants and by those of its groups: the same namespace may come more than once. */
export async function listGrantsOf(
  database: Queryable,
  user: string,
): Promise<readonly { readonly namespace: string; readonly role: string }[]> {
  return await database.query(
    `select namespace, role from user_grants where user_name = $1
     union select namespace, role from group_grants
       where group_name in (select group_name from group_members where user_name = $1)
     order by namespace, role`,
    [user],
  );
}
