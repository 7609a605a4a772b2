// `chartroom grant …`: who has which role where.
import { type Grant, readGrant } from './answers.ts';
import { allItems, type Management, withQuery } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { readRole } from './roles.ts';
import { shownPath } from './shown-path.ts';

const GROUP = 'group';
const TO_A_GROUP = { name: GROUP, summary: 'the name is that of a group' };

export const grantCommands = [
  managementCommand({
    name: 'grant add',
    words: ['NAME', 'ROLE', 'PATH'],
    summary: 'let a user read (reader), push (writer) or also delete (maintainer) below a path; "/" is everything',
    options: [TO_A_GROUP],
    hasAnswer: true,
    run: addGrant,
  }),
  managementCommand({
    name: 'grant remove',
    words: ['NAME', 'PATH'],
    summary: "take a user's role on a path away",
    options: [TO_A_GROUP],
    run: removeGrant,
  }),
  managementCommand({
    name: 'grant list',
    summary: 'list roles',
    options: [
      { name: 'user', value: 'NAME', summary: 'only those of this user' },
      { name: GROUP, value: 'NAME', summary: 'only those of this group' },
      { name: 'namespace', value: 'PATH', summary: 'only those on this path' },
    ],
    hasAnswer: true,
    run: listGrants,
  }),
];

async function addGrant({
  management,
  words: [name = '', role = '', namespace = ''],
  options,
}: Call): Promise<Outcome> {
  const holder = options.has(GROUP) ? { group: name } : { user: name };
  const answer = await management.request('PUT', '/grants', { ...holder, namespace, role: readRole(role) });
  const grant = readGrant(answer);
  return { answer, lines: [`${holderOf(grant)} is ${grant.role} of ${grant.namespace}`] };
}

async function removeGrant({ management, words: [name = '', namespace = ''], options }: Call): Promise<Outcome> {
  const holder = options.has(GROUP) ? { group: name } : { user: name };
  await management.request('DELETE', withQuery('/grants', { ...holder, namespace }));
  return { lines: [`${holderOf(holder)} has no role on ${shownPath(namespace)} any more`] };
}

async function listGrants({ management, options }: Call): Promise<Outcome> {
  const filter = { user: options.one('user'), group: options.one(GROUP), namespace: options.one('namespace') };
  const items = await allItems(management, '/grants', filter);
  const lines = items.map(readGrant).map((grant) => `${holderOf(grant)}\t${grant.role}\t${grant.namespace}`);
  return { answer: { items }, lines };
}

function holderOf({ user, group }: Pick<Grant, 'user' | 'group'>): string {
  return group === undefined ? `${user}` : `group ${group}`;
}

/** `reader of library, writer of team` */
export async function rolesOf(
  management: Management,
  holder: { readonly user: string } | { readonly group: string },
): Promise<string> {
  const grants = (await allItems(management, '/grants', holder)).map(readGrant);
  return grants.map(({ role, namespace }) => `${role} of ${namespace}`).join(', ');
}
