// A registry in this process, whose accounts and clock are at hand: clients reach it over HTTP as they reach any other one.
import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AskedScope } from '../../../src/access/scoped-rights.ts';
import type { Accounts } from '../../../src/accounts/accounts.ts';
import type { Config } from '../../../src/config/schema.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { TestClock } from '../../support/clock.ts';
import { AUTHOR, MANAGER } from '../../support/manager.ts';
import { ADMIN, startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { chartArchive } from './chart-archive.ts';
import { RegistryCaller } from './registry-caller.ts';
import type { Account } from './server-process.ts';

/** Where Node.js tells of every answer of its HTTP servers. */
const ANSWERED = 'http.server.response.finish';
const ADMINISTRATOR: Account = { name: 'admin', password: ADMIN.slice('admin:'.length) };

export class ClockedRegistry implements AsyncDisposable {
  /** `localhost:PORT`, as clients name it. */
  readonly host: string;
  /** Starts with the time of this machine, at which clients look, and then stands still. */
  readonly clock: TestClock;
  readonly #registry: TestRegistry;

  private constructor(registry: TestRegistry, clock: TestClock) {
    this.#registry = registry;
    this.clock = clock;
    this.host = `localhost:${new URL(registry.url).port}`;
  }

  static async start(settings: Partial<Config> = {}): Promise<ClockedRegistry> {
    const clock = new TestClock(new Date(systemClock.now()).toISOString());
    return new ClockedRegistry(await startRegistry(settings, clock), clock);
  }

  get accounts(): Accounts {
    return this.#registry.accounts;
  }

  /** Asks as the administrator, with a token of this moment. */
  get administrator(): RegistryCaller {
    return new RegistryCaller(this.host, ADMINISTRATOR);
  }

  /** The day that messages name: `2026-11-23` */
  get today(): string {
    return new Date(this.clock.now()).toISOString().slice(0, 10);
  }

  /** Publishes version 1.0.0 of a chart in each: `team/web` */
  async publish(...repositories: readonly string[]): Promise<void> {
    for (const repository of repositories) {
      const chart = { name: repository.slice(repository.lastIndexOf('/') + 1), version: '1.0.0' };
      await this.administrator.pushChart(repository, chart.version, await chartArchive(chart));
    }
  }

  async makePublic(path: string): Promise<void> {
    await this.accounts.namespaces.setVisibility({ path, visibility: 'public' }, MANAGER);
  }

  /** @param roles by path, like `{ team: 'writer' }` */
  async addUser(name: string, roles: Readonly<Record<string, 'reader' | 'writer' | 'maintainer'>>): Promise<Account> {
    const account = { name, password: `the-password-of-${name}` };
    await this.accounts.users.add({ ...account, administrator: false }, AUTHOR);
    for (const [namespace, role] of Object.entries(roles)) {
      await this.accounts.grants.put({ holder: 'user', name, namespace, role }, AUTHOR);
    }
    return account;
  }

  /** @returns its name, and its secret as the password */
  async addRobot(name: string, ...scopes: readonly AskedScope[]): Promise<Account> {
    const robot = { name, namespace: '/', scopes, expiresAt: null };
    const { secret } = await this.accounts.robots.add(robot, MANAGER);
    return { name, password: secret };
  }

  /** Calls the listener with every answer, once it is sent: `POST /token 401` @returns what ends that */
  onAnswer(listener: (answer: string) => void): () => void {
    const listen = (message: unknown) => {
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
      if (request.headers.host !== this.host) return;
      const { pathname } = new URL(request.url ?? '/', `http://${this.host}`);
      listener(`${request.method} ${pathname} ${response.statusCode}`);
    };
    diagnostics.subscribe(ANSWERED, listen);
    return () => diagnostics.unsubscribe(ANSWERED, listen);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry[Symbol.asyncDispose]();
  }
}

/** How messages and lists name a secret: `chr_ab12cd34…` */
export function shown({ password }: Account): string {
  return `${password.slice(0, 'chr_'.length + 8)}…`;
}
