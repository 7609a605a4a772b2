// Decides where a command goes: to the data folder of this machine, or to a server, and with which credential.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { commandVariables } from '../config/load.ts';
import { isLoopback } from '../ports/issuer-address.ts';
import { type GivenOptions, type Invocation, type Option, UsageError } from './command.ts';
import { localManagement } from './local-management.ts';
import type { Management } from './management.ts';
import { PASSWORD_STDIN, readPasswordAtTerminal } from './read-password.ts';
import { type Credential, remoteManagement } from './remote-management.ts';

const SERVER = 'server';
const LOGIN = 'login';
const TOKEN_FILE = 'token-file';
const PLAIN_HTTP = 'plain-http';

export const CONNECTION_OPTIONS: readonly Option[] = [
  {
    name: SERVER,
    value: 'URL',
    summary: 'ask this server, and not the data folder of this machine; also as CHARTROOM_SERVER',
  },
  {
    name: TOKEN_FILE,
    value: 'FILE',
    summary: 'show that server the personal token in this file; also as CHARTROOM_TOKEN, which holds the token itself',
  },
  { name: LOGIN, value: 'NAME', summary: 'log in to that server as this user; the password is asked for' },
  { name: PLAIN_HTTP, summary: 'show the credential also to a server without TLS, where others may read it' },
];

/** Of a command for this machine alone, so that whoever gives it is told why not. */
export const REFUSED_SERVER: Option = {
  name: SERVER,
  value: 'URL',
  summary: 'refused: the command is for the machine of the server only',
  isHidden: true,
};

/**
 * @param command its name
 * @param reason why it cannot be done from another machine
 * @throws UsageError when a server was named, by the flag or in the environment
 */
export function requireNoServer(options: GivenOptions, command: string, reason: string): void {
  const server = namedServer(options);
  if (server === undefined) return;
  throw new UsageError(
    `${reason}: run "chartroom ${command}" on the machine of ${server.url.host}, without ${server.from}`,
  );
}

/** @throws UsageError, ConfigError, ManagementError or StorageUnusable when the command cannot go anywhere */
export async function openManagement({ options, settings }: Omit<Invocation, 'words'>): Promise<Management> {
  const named = namedServer(options);
  if (named === undefined) {
    const useless = [LOGIN, TOKEN_FILE, PLAIN_HTTP].find((name) => options.has(name));
    if (useless !== undefined) throw new UsageError(`--${useless} is for a server: name it with --server URL`);
    return await localManagement(settings.load());
  }
  const [setting] = settings.flags;
  if (setting !== undefined) {
    throw new UsageError(
      `--${setting} is for the data folder of this machine, and ${named.from} sends the command to ${named.url.origin}: leave one of them out`,
    );
  }
  return remoteManagement(named.url, await credentialFor(named.url, options));
}

/** @throws UsageError when the server that was named cannot be one */
export function namedServer(options: GivenOptions): { readonly url: URL; readonly from: string } | undefined {
  const flag = options.one(SERVER);
  const text = flag ?? commandVariables().server;
  const from = flag === undefined ? 'CHARTROOM_SERVER' : '--server';
  // An empty flag takes back what the environment says.
  if (text === undefined || text === '') return undefined;
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null) {
    // Without what may be a password in it.
    const shown = text.replace(/^.*@/, '…@').slice(0, 100);
    throw new UsageError(`${from} is "${shown}", but must be a URL such as https://charts.example.com`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      `${from} must not have a user name or password in it: use CHARTROOM_TOKEN, --token-file or --login`,
    );
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new UsageError(`${from} must end behind the host: ${url.origin}`);
  }
  return { url, from };
}

async function credentialFor(server: URL, options: GivenOptions): Promise<Credential | undefined> {
  if (options.has(LOGIN) && options.has(TOKEN_FILE)) {
    throw new UsageError('--login and --token-file are two ways to log in: leave one of them out');
  }
  if (options.has(LOGIN) && options.has(PASSWORD_STDIN.name)) {
    throw new UsageError(
      `--login asks at the terminal, where --${PASSWORD_STDIN.name} reads as well: leave that out, and both passwords are asked for`,
    );
  }
  const isReadable = server.protocol === 'http:' && !isLoopback(server);
  const requireSafety = (from: string): void => {
    if (!isReadable || options.has(PLAIN_HTTP)) return;
    throw new UsageError(
      `${from} would cross the network to ${server.origin} readable by others: use https://, or --plain-http if you know that nobody listens`,
    );
  };
  const name = options.one(LOGIN);
  if (name !== undefined) {
    requireSafety(`the password of ${name}`);
    const password = await readPasswordAtTerminal(
      `password for ${name} at ${server.host}: `,
      'give a personal token in CHARTROOM_TOKEN or --token-file',
    );
    return { kind: 'login', name, password, from: `this password of ${name}` };
  }
  const path = options.one(TOKEN_FILE);
  const from = path === undefined ? 'the token in CHARTROOM_TOKEN' : `the token in ${path}`;
  const token = path === undefined ? commandVariables().token : readToken(path);
  if (token === undefined) return undefined;
  requireSafety(from);
  return { kind: 'token', token: checkToken(token, from), from };
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`--token-file names ${resolve(path)}, which cannot be read (${code})`);
  }
}

/** One word of visible ASCII: all else cannot stand in a header. */
function checkToken(text: string, from: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(token === '' ? `${from} is empty` : `${from} is none: a token is one word, such as chr_…`);
}
