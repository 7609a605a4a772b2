// What the walks through classic repositories share: adding one, searching, pulling, and uploading as pipelines do.
import { readdir, readFile } from 'node:fs/promises';
import type { Helm } from './helm.ts';
import type { Account } from './server-process.ts';

export class ClassicRepositories {
  readonly #host: string;
  readonly #account: Account;

  constructor(host: string, account: Account) {
    this.#host = host;
    this.#account = account;
  }

  /** @param address behind the host: `/team` @returns what helm printed */
  async add(helm: Helm, name: string, address: string, account: Account = this.#account): Promise<string> {
    const login = ['--username', account.name, '--password', account.password];
    return await helm.succeed('repo', 'add', name, `http://${this.#host}${address}`, ...login);
  }

  /** A packed chart as the body of a request. */
  async upload(namespace: string, file: string): Promise<Response> {
    return await this.#post(`${namespace}/charts`, new Uint8Array(await readFile(file)));
  }

  /** A provenance file as the body of a request. */
  async uploadProvenance(namespace: string, file: string): Promise<Response> {
    return await this.#post(`${namespace}/prov`, new Uint8Array(await readFile(file)));
  }

  /** A packed chart with the provenance file that stands beside it, as a form. */
  async uploadSigned(namespace: string, file: string): Promise<Response> {
    const form = new FormData();
    form.append('chart', new Blob([new Uint8Array(await readFile(file))]), 'chart.tgz');
    form.append('prov', new Blob([new Uint8Array(await readFile(`${file}.prov`))]), 'chart.tgz.prov');
    return await this.#post(`${namespace}/charts`, form);
  }

  async #post(path: string, body: FormData | Uint8Array<ArrayBuffer>): Promise<Response> {
    const { name, password } = this.#account;
    const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
    return await fetch(`http://${this.#host}/api/${path}`, { method: 'POST', headers: { authorization }, body });
  }
}

/** What `helm search repo --versions` finds: `team/web 1.2.0`. */
export async function search(helm: Helm, ...words: readonly string[]): Promise<readonly string[]> {
  const output = await helm.output('search', 'repo', ...words, '--versions', '--devel', '--output', 'json');
  const found = JSON.parse(output) as readonly { name: string; version: string }[];
  return found.map(({ name, version }) => `${name} ${version}`);
}

/** `helm pull` into a new folder. */
export async function pull(
  helm: Helm,
  ...words: readonly string[]
): Promise<{ readonly names: readonly string[]; readonly folder: string }> {
  const folder = await helm.home.makeFolder('pulled');
  await helm.succeed('pull', ...words, '--destination', folder);
  return { names: await readdir(folder), folder };
}
