// A home of its own for every test's clients, so that no login, cache or setting of one test or of this machine leaks in.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, mustFail, mustSucceed, runCommand } from './command.ts';
import { scratchFolder } from './scratch-folder.ts';

export class ClientHome {
  readonly folder: string;
  readonly dockerConfig: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.dockerConfig = join(folder, '.docker');
  }

  static async make(): Promise<ClientHome> {
    const home = new ClientHome(await scratchFolder('home'));
    await mkdir(home.dockerConfig);
    // Old helm warns of a missing one before everything it says.
    await writeFile(home.environment.KUBECONFIG ?? '', 'apiVersion: v1\nkind: Config\n', { mode: 0o600 });
    return home;
  }

  /** What a program sees of its surroundings: deliberately nothing of the real environment but PATH. */
  get environment(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.folder,
      TMPDIR: this.folder,
      XDG_RUNTIME_DIR: this.folder,
      DOCKER_CONFIG: this.dockerConfig,
      REGISTRY_AUTH_FILE: join(this.dockerConfig, 'config.json'),
      HELM_CONFIG_HOME: join(this.folder, 'helm-config'),
      HELM_CACHE_HOME: join(this.folder, 'helm-cache'),
      HELM_DATA_HOME: join(this.folder, 'helm-data'),
      KUBECONFIG: join(this.folder, 'kubeconfig.yaml'),
    };
  }

  /** A new, empty folder. @returns its path */
  async makeFolder(purpose: string): Promise<string> {
    return mkdtemp(join(this.folder, `${purpose}-`));
  }

  async run(program: string, parameters: readonly string[], input?: string): Promise<CommandResult> {
    return runCommand(program, parameters, { environment: this.environment, directory: this.folder, input });
  }

  /** @returns what was printed */
  async succeed(program: string, parameters: readonly string[], input?: string): Promise<string> {
    return mustSucceed(await this.run(program, parameters, input));
  }

  /** @returns standard output alone, without warnings and progress */
  async output(program: string, parameters: readonly string[]): Promise<string> {
    const result = await this.run(program, parameters);
    mustSucceed(result);
    return result.stdout;
  }

  /** @returns what was printed */
  async fail(program: string, parameters: readonly string[], input?: string): Promise<string> {
    return mustFail(await this.run(program, parameters, input));
  }

  /** What `docker login` stores: user name and password in the docker config file, for every client that reads it. */
  async storeDockerLogin(host: string, account: { readonly name: string; readonly password: string }): Promise<void> {
    const auth = Buffer.from(`${account.name}:${account.password}`).toString('base64');
    await writeFile(join(this.dockerConfig, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
  }
}
