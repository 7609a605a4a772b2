// Chartroom as an operator runs it, with everybody who is to log in.
import { join } from 'node:path';
import type { Accounts } from '../src/accounts/accounts.ts';
import { openDataFolder } from '../src/app.ts';
import { loadConfig } from '../src/config/load.ts';
import { AUTHOR, MANAGER } from '../test/support/manager.ts';
import { pushChart } from './chart.ts';
import { type Server, startServer } from './server.ts';

const MAIN = join(import.meta.dirname, '../src/main.mjs');
export const ADMINISTRATOR = { name: 'admin', password: 'administrator-password' };
/** Hashing a password takes the processor, of which there is not more for more at once. */
const AT_ONCE = 4;

export const PRIVATE_REPOSITORY = 'team/web';
export const PUBLIC_REPOSITORY = 'public/web';

export interface Person {
  readonly name: string;
  readonly password: string;
}

export interface Chartroom extends AsyncDisposable {
  readonly server: Server;
  readonly robotSecret: string;
}

/** Starts it with a chart in a private repository and one in a public one; people and a robot may read both. */
export async function startChartroom(folder: string, people: readonly Person[], processes = 1): Promise<Chartroom> {
  const dataDir = join(folder, 'chartroom');
  const server = await startOn(folder, { CHARTROOM_PROCESSES: String(processes) });
  await using data = await openDataFolder(loadConfig({ flags: { 'data-dir': dataDir }, environment: {} }));
  const { accounts } = data;
  await accounts.namespaces.setVisibility({ path: 'public', visibility: 'public' }, MANAGER);
  const waiting = [...people];
  await Promise.all(Array.from({ length: AT_ONCE }, () => addEach(accounts, waiting)));
  const scopes = [{ namespace: 'team', actions: ['pull'] as const }];
  const robot = { name: 'ci', namespace: 'team', scopes, expiresAt: null };
  const { secret: robotSecret } = await accounts.robots.add(robot, MANAGER);
  for (const repository of [PRIVATE_REPOSITORY, PUBLIC_REPOSITORY]) {
    await pushChart(server.url, repository, basic(ADMINISTRATOR));
  }
  return { server, robotSecret, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** On the data folder `chartroom` of a folder, be there anything in it or not. */
export async function startOn(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<Server> {
  return await startServer((port) => ({
    program: process.execPath,
    words: [...process.execArgv, MAIN, 'serve', '--port', String(port), '--data-dir', join(folder, 'chartroom')],
    environment: {
      CHARTROOM_ADMIN_PASSWORD: ADMINISTRATOR.password,
      // So that those that are made at the beginning are good to the end.
      CHARTROOM_TOKEN_LIFETIME: '3600',
      CHARTROOM_REQUESTS_PER_MINUTE: '0',
      ...environment,
    },
    logPath: join(folder, 'chartroom.log'),
  }));
}

/** `Authorization` */
export function basic({ name, password }: Person): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/** The path of a token for the chart of a repository. */
export function tokenPath(repository: string): string {
  return `/token?scope=repository:${repository}:pull`;
}

async function addEach(accounts: Accounts, waiting: Person[]): Promise<void> {
  for (let person = waiting.pop(); person; person = waiting.pop()) {
    await accounts.users.add({ ...person, administrator: false }, AUTHOR);
    const grant = { holder: 'user', name: person.name, namespace: 'team', role: 'reader' } as const;
    await accounts.grants.put(grant, AUTHOR);
  }
}
