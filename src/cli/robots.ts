// `chartroom robot …`: the accounts of CI and clusters.
import { systemClock } from '../ports/clock.ts';
import { type Robot, readRobot, readRobotWithSecret } from './answers.ts';
import type { GivenOptions } from './command.ts';
import { allItems } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { readExpiry, shownTime } from './moments.ts';
import { pathOf } from './path-of.ts';
import { commonPath, readScope, SCOPE_OPTION, shownScope } from './scope-syntax.ts';
import { lastUse, OVERLAP_OPTION, readOverlap, replacedNote, secretOutcome, secretTable } from './secrets.ts';
import { shownPath } from './shown-path.ts';
import { facts, table } from './table.ts';

const NAMESPACE = {
  name: 'namespace',
  value: 'PATH',
  summary: 'whose maintainers manage it (default: the path that its scopes have in common)',
};
const EXPIRES = {
  name: 'expires',
  value: 'TIME',
  summary: 'when it ends: 90d, 2027-01-31 or never (default: 365d)',
};
const DESCRIPTION = { name: 'description', value: 'TEXT', summary: 'what it is for' };

export const robotCommands = [
  managementCommand({
    name: 'robot add',
    words: ['NAME'],
    summary: 'add a robot, the account of CI or a cluster, and show its secret',
    options: [{ ...SCOPE_OPTION, isRequired: true }, NAMESPACE, EXPIRES, DESCRIPTION],
    hasAnswer: true,
    run: addRobot,
  }),
  managementCommand({ name: 'robot list', summary: 'list robots', hasAnswer: true, run: listRobots }),
  managementCommand({
    name: 'robot show',
    words: ['NAME'],
    summary: 'show a robot, and when its secrets were used',
    hasAnswer: true,
    run: async ({ management, words: [name = ''] }) => {
      const answer = await management.request('GET', pathOf`/robots/${name}`);
      return { answer, lines: robotLines(readRobot(answer)) };
    },
  }),
  managementCommand({
    name: 'robot set',
    words: ['NAME'],
    summary: 'change a robot; its scopes are replaced, all of them',
    options: [SCOPE_OPTION, { ...EXPIRES, summary: 'when it ends: 90d, 2027-01-31 or never' }, DESCRIPTION],
    hasAnswer: true,
    needsOption: true,
    run: setRobot,
  }),
  managementCommand({
    name: 'robot rotate',
    words: ['NAME'],
    summary: 'give a robot another secret, and show it',
    options: [OVERLAP_OPTION],
    hasAnswer: true,
    run: rotateRobot,
  }),
  managementCommand({
    name: 'robot revoke',
    words: ['NAME', 'SECRET'],
    summary: 'end one secret of a robot at once; "chartroom robot show" has the ids of its secrets',
    run: revokeSecret,
  }),
  managementCommand({
    name: 'robot disable',
    words: ['NAME'],
    summary: 'refuse every login of a robot, and end what it has logged in with',
    hasAnswer: true,
    run: async ({ management, words: [name = ''] }) => {
      const answer = await management.request('PATCH', pathOf`/robots/${name}`, { disabled: true });
      return { answer, lines: [`robot ${name} is disabled: "chartroom robot enable ${name}" takes that back`] };
    },
  }),
  managementCommand({
    name: 'robot enable',
    words: ['NAME'],
    summary: 'let a disabled robot log in again',
    hasAnswer: true,
    run: async ({ management, words: [name = ''] }) => {
      const answer = await management.request('PATCH', pathOf`/robots/${name}`, { disabled: false });
      return { answer, lines: [`robot ${name} is enabled, with ${scopesAndEnd(readRobot(answer))}`] };
    },
  }),
  managementCommand({
    name: 'robot remove',
    words: ['NAME'],
    summary: 'remove a robot with all its secrets',
    run: async ({ management, words: [name = ''] }) => {
      await management.request('DELETE', pathOf`/robots/${name}`);
      return { lines: [`removed robot ${name}`] };
    },
  }),
];

async function addRobot({ management, words: [name = ''], options }: Call): Promise<Outcome> {
  const scopes = options.all(SCOPE_OPTION.name).map(readScope);
  const answer = await management.request('POST', '/robots', {
    name,
    namespace: options.one(NAMESPACE.name) ?? commonPath(scopes),
    scopes,
    ...descriptionAndExpiry(options),
  });
  const { robot, secret } = readRobotWithSecret(answer);
  const added = readRobot(robot);
  return secretOutcome(management, {
    secret,
    userName: name,
    answer,
    notes: [`added robot ${name} of ${shownPath(added.namespace)}, with ${scopesAndEnd(added)}`],
  });
}

async function listRobots({ management }: Call): Promise<Outcome> {
  const items = await allItems(management, '/robots');
  const now = systemClock.now();
  const rows = items
    .map(readRobot)
    .map((robot) => [
      robot.name,
      shownPath(robot.namespace),
      robot.scopes.map(shownScope).join(' '),
      stateOf(robot, now),
      shownTime(robot.expiresAt),
      shownTime(lastUse(robot.secrets)),
    ]);
  const head = ['NAME', 'NAMESPACE', 'SCOPES', 'STATE', 'EXPIRES', 'LAST USED'];
  return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows) };
}

function robotLines(robot: Robot): readonly string[] {
  return [
    ...facts([
      ['name', robot.name],
      ['namespace', shownPath(robot.namespace)],
      ['description', robot.description],
      ['scopes', robot.scopes.map(shownScope).join(' ')],
      ['state', stateOf(robot, systemClock.now())],
      ['expires', shownTime(robot.expiresAt)],
      ['added', `${shownTime(robot.createdAt)} by ${robot.createdBy}`],
    ]),
    '',
    ...secretTable(robot.secrets),
  ];
}

async function setRobot({ management, words: [name = ''], options }: Call): Promise<Outcome> {
  const scopes = options.all(SCOPE_OPTION.name).map(readScope);
  const answer = await management.request('PATCH', pathOf`/robots/${name}`, {
    ...(scopes.length === 0 ? {} : { scopes }),
    ...descriptionAndExpiry(options),
  });
  return { answer, lines: [`robot ${name} has ${scopesAndEnd(readRobot(answer))}`] };
}

async function rotateRobot({ management, words: [name = ''], options }: Call): Promise<Outcome> {
  const overlap = readOverlap(options);
  const answer = await management.request('POST', pathOf`/robots/${name}/rotate`, { overlap });
  const { robot, secret } = readRobotWithSecret(answer);
  return secretOutcome(management, {
    secret,
    userName: name,
    answer,
    notes: [`robot ${name} has another secret; ${replacedNote(readRobot(robot).secrets, overlap)}`],
  });
}

async function revokeSecret({ management, words: [name = '', shown = ''] }: Call): Promise<Outcome> {
  // The id as lists have it, as messages show it, or as the beginning of a secret that was found somewhere.
  const id = /^chr_([0-9A-Za-z]{8})/.exec(shown)?.[1] ?? shown;
  await management.request('DELETE', pathOf`/robots/${name}/secrets/${id}`);
  return { lines: [`the secret ${id} of robot ${name} has ended`] };
}

function descriptionAndExpiry(options: GivenOptions): object {
  const description = options.one(DESCRIPTION.name);
  const expires = options.one(EXPIRES.name);
  return {
    ...(description === undefined ? {} : { description }),
    ...(expires === undefined ? {} : { expiresAt: readExpiry(expires, systemClock.now()) }),
  };
}

/** `the scopes team:pull,push until 2027-01-31 14:00 UTC` */
function scopesAndEnd({ scopes, expiresAt }: Robot): string {
  const end = expiresAt === null ? 'for ever' : `until ${shownTime(expiresAt)}`;
  return `the ${scopes.length === 1 ? 'scope' : 'scopes'} ${scopes.map(shownScope).join(' and ')} ${end}`;
}

function stateOf({ disabled, expiresAt }: Robot, now: number): string {
  if (disabled) return 'disabled';
  return expiresAt !== null && Date.parse(expiresAt) <= now ? 'expired' : 'active';
}
