// `chartroom group …`: people who have roles together.
import { type Group, readGroup, readMember } from './answers.ts';
import { rolesOf } from './grants.ts';
import { allItems } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { shownTime } from './moments.ts';
import { pathOf } from './path-of.ts';
import { facts, table } from './table.ts';
import { readTrueOrFalse, yesOrNo } from './yes-or-no.ts';

const ADMINISTRATOR = 'administrator';
const EXTERNAL_NAME = {
  name: 'external-name',
  value: 'TEXT',
  summary: 'what the directory or the identity provider calls it, whose members are then its members',
};

export const groupCommands = [
  managementCommand({
    name: 'group add',
    words: ['NAME'],
    summary: 'add a group',
    options: [EXTERNAL_NAME, { name: ADMINISTRATOR, summary: 'its members may do everything' }],
    hasAnswer: true,
    run: addGroup,
  }),
  managementCommand({ name: 'group list', summary: 'list groups', hasAnswer: true, run: listGroups }),
  managementCommand({
    name: 'group show',
    words: ['NAME'],
    summary: 'show a group with its roles and members',
    hasAnswer: true,
    run: showGroup,
  }),
  managementCommand({
    name: 'group set',
    words: ['NAME'],
    summary: 'change a group',
    options: [
      { ...EXTERNAL_NAME, summary: `${EXTERNAL_NAME.summary}; empty for none` },
      { name: ADMINISTRATOR, value: 'true|false', summary: 'whether its members may do everything' },
    ],
    hasAnswer: true,
    needsOption: true,
    run: changeGroup,
  }),
  managementCommand({
    name: 'group join',
    words: ['GROUP', 'USER'],
    summary: 'make a user a member of a group',
    run: async ({ management, words: [group = '', user = ''] }) => {
      await management.request('PUT', pathOf`/groups/${group}/members/${user}`);
      return { lines: [`${user} is a member of ${group}`] };
    },
  }),
  managementCommand({
    name: 'group leave',
    words: ['GROUP', 'USER'],
    summary: 'take a user out of a group',
    run: async ({ management, words: [group = '', user = ''] }) => {
      await management.request('DELETE', pathOf`/groups/${group}/members/${user}`);
      return { lines: [`${user} is no member of ${group} any more`] };
    },
  }),
  managementCommand({
    name: 'group remove',
    words: ['NAME'],
    summary: 'remove a group with all its roles',
    run: async ({ management, words: [name = ''] }) => {
      await management.request('DELETE', pathOf`/groups/${name}`);
      return { lines: [`removed the group ${name}`] };
    },
  }),
];

async function addGroup({ management, words: [name = ''], options }: Call): Promise<Outcome> {
  const externalName = options.one(EXTERNAL_NAME.name);
  const administrator = options.has(ADMINISTRATOR);
  const group = { name, administrator, ...(externalName === undefined ? {} : { externalName }) };
  const answer = await management.request('POST', '/groups', group);
  const roles = administrator
    ? 'whose members may do everything'
    : `which has no role yet: "chartroom grant add ${name} writer team --group" lets its members push to team`;
  return { answer, lines: [`added the group ${name}, ${roles}`, membersOf(readGroup(answer))] };
}

async function listGroups({ management }: Call): Promise<Outcome> {
  const items = await allItems(management, '/groups');
  const rows = items
    .map(readGroup)
    .map(({ name, administrator, externalName }) => [name, yesOrNo(administrator), externalName ?? '']);
  return { answer: { items }, lines: rows.length === 0 ? [] : table(['NAME', 'ADMINISTRATOR', 'EXTERNAL NAME'], rows) };
}

async function showGroup({ management, words: [name = ''] }: Call): Promise<Outcome> {
  const answer = await management.request('GET', pathOf`/groups/${name}`);
  const members = await allItems(management, pathOf`/groups/${name}/members`);
  const roles = await rolesOf(management, { group: name });
  const rows = members
    .map(readMember)
    .map(({ user, source }) => [user, source === 'login' ? 'by the last login' : 'by an administrator']);
  return {
    answer: { ...readGroup(answer), members },
    lines: [
      ...groupFacts(readGroup(answer), roles),
      ...(rows.length === 0 ? [] : ['', ...table(['MEMBER', 'MADE'], rows)]),
    ],
  };
}

function groupFacts(group: Group, roles: string): readonly string[] {
  return facts([
    ['name', group.name],
    ['external name', group.externalName ?? ''],
    ['administrator', yesOrNo(group.administrator)],
    ['roles', roles],
    ['added', shownTime(group.createdAt)],
  ]);
}

async function changeGroup({ management, words: [name = ''], options }: Call): Promise<Outcome> {
  const externalName = options.one(EXTERNAL_NAME.name);
  const administrator = readTrueOrFalse(options, ADMINISTRATOR);
  const answer = await management.request('PATCH', pathOf`/groups/${name}`, {
    ...(externalName === undefined ? {} : { externalName: externalName || null }),
    ...(administrator === undefined ? {} : { administrator }),
  });
  const group = readGroup(answer);
  const lines = [membersOf(group), ...(group.administrator ? ['they may do everything'] : [])];
  return { answer, lines };
}

function membersOf({ name, externalName }: Group): string {
  const own = `those whom "chartroom group join ${name} USER" adds`;
  const all = externalName === null ? own : `${own}, and those who are in "${externalName}" when they log in`;
  return `members of ${name} are ${all}`;
}
