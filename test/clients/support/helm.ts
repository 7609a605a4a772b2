// Drives one version of the real helm, as a person at a terminal does.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChartSource, writeChart } from './chart-source.ts';
import { ClientHome } from './client-home.ts';
import { type CommandResult, mustFail, mustSucceed } from './command.ts';
import type { Account } from './server-process.ts';

/** The first version, as major * 100 + minor, whose commands have `--plain-http`; older ones find out on localhost. */
const PLAIN_HTTP_SINCE: Readonly<Record<string, number>> = {
  push: 313,
  pull: 313,
  show: 313,
  template: 313,
  install: 313,
  dependency: 317,
  registry: 318,
};

export class HelmClient {
  readonly version: string;
  readonly path: string;
  readonly #number: number;

  constructor(version: string, path: string) {
    this.version = version;
    this.path = path;
    const [major = 0, minor = 0] = version.split('.').map(Number);
    this.#number = major * 100 + minor;
  }

  get isCurrent(): boolean {
    return this.#number >= 321;
  }

  /** Older helm takes a version from `--version` alone, never from the reference. */
  get readsVersionInReference(): boolean {
    return this.#number >= 317;
  }

  /** From 3.13 to 3.16 helm asks for a dependency's tags with https only, even on localhost. */
  get fetchesDependenciesWithoutTls(): boolean {
    return this.#number < 313 || this.#number >= 317;
  }

  /**
   * What this helm prints of a refusal. Before 3.18 it drops the registry's message, except of a login, and leaves the
   * person with the status.
   */
  printed(status: '401 Unauthorized' | '403 Forbidden' | '409 Conflict', message: string): string {
    return this.#number < 318 ? status : message;
  }

  get clientDryRun(): readonly string[] {
    return this.#number < 313 ? ['--dry-run'] : ['--dry-run=client'];
  }

  plainHttp(parameters: readonly string[]): readonly string[] {
    const [command = '', subcommand] = parameters;
    const since = PLAIN_HTTP_SINCE[command];
    return since === undefined || this.#number < since || subcommand === 'logout' ? [] : ['--plain-http'];
  }

  /** A helm that has never been used, in a home of its own. */
  async fresh(): Promise<Helm> {
    return new Helm(this, await ClientHome.make());
  }

  /** A fresh helm that is logged in. */
  async loggedIn(host: string, account: Account): Promise<Helm> {
    const helm = await this.fresh();
    await helm.login(host, account);
    return helm;
  }
}

export class Helm {
  readonly client: HelmClient;
  readonly home: ClientHome;

  constructor(client: HelmClient, home: ClientHome) {
    this.client = client;
    this.home = home;
  }

  /** Runs `helm …`, with `--plain-http` where this version has it. Works in the home folder. */
  async run(parameters: readonly string[], input?: string): Promise<CommandResult> {
    return this.home.run(this.client.path, [...parameters, ...this.client.plainHttp(parameters)], input);
  }

  /** @returns what helm printed on the terminal */
  async succeed(...parameters: readonly string[]): Promise<string> {
    return mustSucceed(await this.run(parameters));
  }

  /** @returns what helm printed on the terminal */
  async fail(...parameters: readonly string[]): Promise<string> {
    return mustFail(await this.run(parameters));
  }

  /** @returns standard output alone, which helm pipes into other programs */
  async output(...parameters: readonly string[]): Promise<string> {
    const result = await this.run(parameters);
    mustSucceed(result);
    return result.stdout;
  }

  async login(host: string, account: Account): Promise<string> {
    const parameters = ['registry', 'login', host, '--username', account.name, '--password-stdin'];
    return mustSucceed(await this.run(parameters, account.password));
  }

  /** `helm package`. @returns the path of the `.tgz` */
  async package(chart: ChartSource, ...flags: readonly string[]): Promise<string> {
    const folder = await writeChart(this.home.folder, chart);
    const screen = await this.succeed('package', folder, '--destination', folder, ...flags);
    const path = /saved it to: (.+)/.exec(screen)?.[1];
    if (path === undefined) throw new Error(`helm package did not say where it saved the chart:\n${screen}`);
    return path;
  }

  /** `helm package`, then `helm push`. @returns the path of the `.tgz` */
  async publish(chart: ChartSource, target: string): Promise<string> {
    const file = await this.package(chart);
    await this.succeed('push', file, target);
    return file;
  }

  async write(name: string, content: string): Promise<string> {
    const path = join(this.home.folder, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  }
}

/** The `Digest: sha256:…` that helm prints after a push or a pull. */
export function printedDigest(screen: string): string {
  const digest = /Digest: (sha256:[a-f0-9]{64})/.exec(screen)?.[1];
  if (digest === undefined) throw new Error(`helm printed no digest:\n${screen}`);
  return digest;
}
