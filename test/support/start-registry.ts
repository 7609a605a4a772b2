// A whole registry on a temporary folder, reached over real HTTP.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Accounts } from '../../src/accounts/accounts.ts';
import { openApp, openDataFolder } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Storage } from '../../src/core.ts';
import { type ServerLimits, serverLimits } from '../../src/http/limits/server-limits.ts';
import { type Clock, systemClock } from '../../src/ports/clock.ts';
import { routesOf } from './routes.ts';

/** The administrator of every test registry, for `Authorization: Basic`. */
export const ADMIN = 'admin:administrator-password';

export interface TestRegistry extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly dataDir: string;
  readonly accounts: Accounts;
  /** `GET /v2/:name/tags/list` and so on */
  readonly routes: readonly string[];
  /**
   * Sends a request; paths start with a slash. Redirects are not followed.
   * @param as `name:password`, a bearer token as `Bearer …`, or undefined for nobody; the administrator by default
   */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
  /** Stops the server until `restart`. */
  stop(): Promise<void>;
  /** Stops the server and opens it again on the same folder, with some settings changed. */
  restart(changes?: Partial<Config>): Promise<void>;
}

export interface RequestOptions {
  readonly as?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | ReadableStream;
}

interface RegistryChanges {
  /** Stands between the server and its storage. */
  readonly between?: (storage: Storage) => Storage;
  readonly limits?: Partial<ServerLimits>;
}

export async function startRegistry(
  settings: Partial<Config> = {},
  clock: Clock = systemClock,
  { between, limits: changedLimits }: RegistryChanges = {},
): Promise<TestRegistry> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  const defaults = loadConfig({ flags: {}, environment: {} });
  const config: Config = {
    ...{ ...defaults, dataDir, adminPassword: ADMIN.slice(ADMIN.indexOf(':') + 1) },
    // Where the issuers of tests are.
    ...{ allowedPrivateHosts: ['127.0.0.1'], ...settings },
  };
  const logger = pino({ level: 'silent' });
  const changes = { limits: { ...serverLimits(), ...changedLimits }, ...(between && { between }) };
  let app = await openApp(config, logger, clock, changes);
  let url = await app.server.listen({ host: '127.0.0.1', port: 0 });
  const dataFolder = await openDataFolder(config, 'operator', clock);
  return {
    get url() {
      return url;
    },
    dataDir,
    accounts: dataFolder.accounts,
    get routes() {
      return routesOf(app.server);
    },
    request: (method, path, options = {}) => send(url, method, path, options),
    stop: async () => await app[Symbol.asyncDispose](),
    restart: async (changed = {}) => {
      await app[Symbol.asyncDispose]();
      app = await openApp({ ...config, ...changed }, logger, clock, changes);
      url = await app.server.listen({ host: '127.0.0.1', port: 0 });
    },
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]();
      await dataFolder[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true });
    },
  };
}

async function send(url: string, method: string, path: string, options: RequestOptions): Promise<Response> {
  const as = 'as' in options ? options.as : ADMIN;
  const authorization = as?.startsWith('Bearer ') ? as : as && `Basic ${Buffer.from(as).toString('base64')}`;
  return await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(authorization ? { authorization } : {}), ...options.headers },
    ...(options.body === undefined ? {} : { body: options.body, duplex: 'half' }),
  } as RequestInit);
}
