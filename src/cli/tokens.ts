// `chartroom token …`: personal tokens, which people give to their programs in place of a password.
import { systemClock } from '../ports/clock.ts';
import { readToken, readTokenWithSecret, type Token } from './answers.ts';
import { UsageError } from './command.ts';
import { allItems } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { readExpiry, shownTime } from './moments.ts';
import { pathOf } from './path-of.ts';
import { readScope, SCOPE_OPTION, shownScope } from './scope-syntax.ts';
import { lastUse, OVERLAP_OPTION, readOverlap, replacedNote, secretOutcome } from './secrets.ts';
import { table } from './table.ts';

const USER = 'user';
const MANAGEMENT = 'management';
const EXPIRES = 'expires';

export const tokenCommands = [
  managementCommand({
    name: 'token add',
    words: ['NAME'],
    summary: 'add a personal token, and show its secret',
    options: [
      {
        name: USER,
        value: 'NAME',
        summary: 'whose it is, on the data folder of this machine; on a server it is that of whoever logs in',
      },
      { ...SCOPE_OPTION, summary: `${SCOPE_OPTION.summary} (default: all that the user may do)` },
      { name: MANAGEMENT, summary: 'it is also good for the management API, so for this command line with --server' },
      { name: EXPIRES, value: 'TIME', summary: 'when it ends: 90d, 2027-01-31 or never (default: 90d)' },
    ],
    hasAnswer: true,
    run: addToken,
  }),
  managementCommand({
    name: 'token list',
    summary: 'list personal tokens: of everybody for administrators, otherwise your own',
    options: [{ name: USER, value: 'NAME', summary: 'only those of this user' }],
    hasAnswer: true,
    run: listTokens,
  }),
  managementCommand({
    name: 'token rotate',
    words: ['ID'],
    summary: 'give a personal token another secret, and show it',
    options: [OVERLAP_OPTION],
    hasAnswer: true,
    run: rotateToken,
  }),
  managementCommand({
    name: 'token remove',
    words: ['ID'],
    summary: 'remove a personal token, which ends at once',
    run: async ({ management, words: [id = ''] }) => {
      await management.request('DELETE', pathOf`/tokens/${id}`);
      return { lines: [`removed the token ${id}`] };
    },
  }),
];

async function addToken({ management, words: [name = ''], options }: Call): Promise<Outcome> {
  const user = options.one(USER);
  if (management.isLocal && user === undefined) {
    throw new UsageError('a personal token belongs to a user: name it with --user');
  }
  if (!management.isLocal && user !== undefined) {
    throw new UsageError(
      'on a server, everybody makes tokens for themselves: leave --user out, and log in as that user',
    );
  }
  const scopes = options.all(SCOPE_OPTION.name).map(readScope);
  const expires = options.one(EXPIRES);
  const answer = await management.request('POST', '/tokens', {
    name,
    management: options.has(MANAGEMENT),
    ...(user === undefined ? {} : { user }),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(expires === undefined ? {} : { expiresAt: readExpiry(expires, systemClock.now()) }),
  });
  const { token, secret } = readTokenWithSecret(answer);
  const added = readToken(token);
  const end = added.expiresAt === null ? 'for ever' : `until ${shownTime(added.expiresAt)}`;
  return secretOutcome(management, {
    secret,
    userName: added.user,
    answer,
    notes: [
      `added the token "${name}" of ${added.user} for ${purposeOf(added)}, ${end}; its id is ${added.id}`,
      ...(added.management
        ? ['Commands with --server take it from CHARTROOM_TOKEN, or from a file with --token-file.']
        : []),
    ],
  });
}

async function listTokens({ management, options }: Call): Promise<Outcome> {
  const items = await allItems(management, '/tokens', { user: options.one(USER) });
  const rows = items
    .map(readToken)
    .map((token) => [
      token.id,
      token.user,
      token.name,
      purposeOf(token),
      shownTime(token.expiresAt),
      shownTime(lastUse(token.secrets)),
    ]);
  const head = ['ID', 'USER', 'NAME', 'FOR', 'EXPIRES', 'LAST USED'];
  return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows) };
}

async function rotateToken({ management, words: [id = ''], options }: Call): Promise<Outcome> {
  const overlap = readOverlap(options);
  const answer = await management.request('POST', pathOf`/tokens/${id}/rotate`, { overlap });
  const { token, secret } = readTokenWithSecret(answer);
  const { user, name, secrets } = readToken(token);
  return secretOutcome(management, {
    secret,
    userName: user,
    answer,
    notes: [`the token "${name}" of ${user} has another secret; ${replacedNote(secrets, overlap)}`],
  });
}

function purposeOf({ scopes, management }: Token): string {
  const charts = scopes === null ? 'everything' : scopes.map(shownScope).join(' ');
  return management ? `${charts} and management` : charts;
}
