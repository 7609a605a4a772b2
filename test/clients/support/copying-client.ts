// oras, crane, regctl and skopeo in what all of them do: log in, copy an artifact, and list its tags.
import { ClientHome } from './client-home.ts';
import { type CommandResult, mustSucceed } from './command.ts';
import { requireClient } from './found-clients.ts';
import type { Account } from './server-process.ts';

/** Parameters behind the program's name, for a registry without TLS; `at` is `HOST/team/web:1.0.0`. */
interface Syntax {
  /** The password comes on standard input. */
  login(host: string, user: string): readonly string[];
  copy(from: string, to: string): readonly string[];
  tags(at: string): readonly string[];
}

const SYNTAX = {
  oras: {
    login: (host, user) => ['login', host, '--username', user, '--password-stdin', '--plain-http'],
    copy: (from, to) => ['cp', '--from-plain-http', '--to-plain-http', from, to],
    tags: (at) => ['repo', 'tags', '--plain-http', at],
  },
  crane: {
    login: (host, user) => ['auth', 'login', host, '--username', user, '--password-stdin', '--insecure'],
    copy: (from, to) => ['copy', '--insecure', from, to],
    tags: (at) => ['ls', '--insecure', at],
  },
  regctl: {
    login: (host, user) => ['registry', 'login', host, '--user', user, '--pass-stdin'],
    copy: (from, to) => ['image', 'copy', from, to],
    tags: (at) => ['tag', 'ls', at],
  },
  skopeo: {
    login: (host, user) => ['login', '--tls-verify=false', '--username', user, '--password-stdin', host],
    copy: (from, to) => [
      ...['copy', '--src-tls-verify=false', '--dest-tls-verify=false'],
      ...[`docker://${from}`, `docker://${to}`],
    ],
    tags: (at) => ['list-tags', '--tls-verify=false', `docker://${at}`],
  },
} satisfies Readonly<Record<string, Syntax>>;

export type CopyingProgram = keyof typeof SYNTAX;

export const COPYING_PROGRAMS: readonly CopyingProgram[] = ['oras', 'crane', 'regctl', 'skopeo'];

/** One that has never been used, in a home of its own. */
export class CopyingClient {
  readonly home: ClientHome;
  readonly #path: string;
  readonly #syntax: Syntax;
  readonly #host: string;

  private constructor(program: CopyingProgram, host: string, home: ClientHome) {
    this.#path = requireClient(program);
    this.#syntax = SYNTAX[program];
    this.#host = host;
    this.home = home;
  }

  static async fresh(program: CopyingProgram, host: string): Promise<CopyingClient> {
    const client = new CopyingClient(program, host, await ClientHome.make());
    const withoutTls = ['registry', 'set', host, '--tls', 'disabled', '--skip-check'];
    if (program === 'regctl') await client.home.succeed(client.#path, withoutTls);
    return client;
  }

  static async loggedIn(program: CopyingProgram, host: string, account: Account): Promise<CopyingClient> {
    const client = await CopyingClient.fresh(program, host);
    mustSucceed(await client.login(account));
    return client;
  }

  async login({ name, password }: Account): Promise<CommandResult> {
    return await this.home.run(this.#path, this.#syntax.login(this.#host, name), password);
  }

  /** @param from and `to`: `team/web:1.0.0` */
  async copy(from: string, to: string): Promise<CommandResult> {
    return await this.home.run(this.#path, this.#syntax.copy(`${this.#host}/${from}`, `${this.#host}/${to}`));
  }

  /** @param repository `team/web` */
  async tags(repository: string, ...flags: readonly string[]): Promise<CommandResult> {
    return await this.home.run(this.#path, [...this.#syntax.tags(`${this.#host}/${repository}`), ...flags]);
  }
}
