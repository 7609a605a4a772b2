// Asks the registry over HTTP what a test wants to know for certain, and pushes where a thousand helm processes would be slow.
import { createHash } from 'node:crypto';
import type { Account } from './server-process.ts';

export const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';
export const HELM_CONTENT = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export class RegistryCaller {
  readonly #host: string;
  readonly #account: Account | undefined;
  readonly #tokens = new Map<string, Promise<string>>();

  /** @param account undefined for an anonymous caller */
  constructor(host: string, account?: Account) {
    this.#host = host;
    this.#account = account;
  }

  /** One request as it is, with no credentials. */
  async plain(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`http://${this.#host}${path}`, init);
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  /** One request to `/v2/<repository>/<rest>`, with a token for the repository. */
  async call(repository: string, rest: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${await this.token(`repository:${repository}:delete,pull,push`)}`);
    return this.plain(`/v2/${repository}/${rest}`, { ...init, headers });
  }

  /** @returns the tags; undefined when there is no such repository */
  async tags(repository: string): Promise<readonly string[] | undefined> {
    const answer = await this.call(repository, 'tags/list');
    if (answer.status === 404) return undefined;
    return (JSON.parse(expectStatus(answer, 200).body) as { tags: string[] }).tags;
  }

  /** All tags by pages of `size`, following `Link` as clients do. */
  async tagPages(repository: string, size: number): Promise<readonly string[][]> {
    const pages: string[][] = [];
    let next: string | undefined = `tags/list?n=${size}`;
    while (next !== undefined) {
      const answer: Answer = expectStatus(await this.call(repository, next), 200);
      pages.push((JSON.parse(answer.body) as { tags: string[] }).tags);
      next = /^<\/v2\/.+\/(tags\/list\?[^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    return pages;
  }

  /** @returns the digest that the tag points to; undefined when there is none */
  async digestOf(repository: string, tag: string): Promise<string | undefined> {
    const answer = await this.call(repository, `manifests/${tag}`, {
      method: 'HEAD',
      headers: { accept: OCI_MANIFEST },
    });
    return answer.status === 404
      ? undefined
      : (expectStatus(answer, 200).headers.get('docker-content-digest') ?? undefined);
  }

  /** The repositories that the caller may see. */
  async catalog(): Promise<readonly string[]> {
    const headers = { authorization: `Bearer ${await this.token('registry:catalog:*')}` };
    const answer = expectStatus(await this.plain('/v2/_catalog', { headers }), 200);
    return (JSON.parse(answer.body) as { repositories: string[] }).repositories;
  }

  /** Pushes a chart as helm does, in three requests. */
  async pushChart(repository: string, tag: string, chart: { config: Buffer; archive: Buffer }): Promise<void> {
    const manifest = {
      schemaVersion: 2,
      config: await this.#pushBlob(repository, HELM_CONFIG, chart.config),
      layers: [await this.#pushBlob(repository, HELM_CONTENT, chart.archive)],
    };
    const answer = await this.call(repository, `manifests/${tag}`, {
      method: 'PUT',
      headers: { 'content-type': OCI_MANIFEST },
      body: JSON.stringify(manifest),
    });
    expectStatus(answer, 201);
  }

  async #pushBlob(repository: string, mediaType: string, bytes: Buffer) {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const answer = await this.call(repository, `blobs/uploads/?digest=${digest}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
    });
    expectStatus(answer, 201);
    return { mediaType, digest, size: bytes.length };
  }

  /** @throws Error when it is refused */
  async token(scope: string): Promise<string> {
    let token = this.#tokens.get(scope);
    if (token === undefined) {
      token = this.#fetchToken(scope);
      this.#tokens.set(scope, token);
    }
    return token;
  }

  async #fetchToken(scope: string): Promise<string> {
    const challenge = (await this.plain('/v2/')).headers.get('www-authenticate') ?? '';
    const [, realm = '', service = ''] = /^Bearer realm="([^"]+)",service="([^"]+)"/.exec(challenge) ?? [];
    const query = new URLSearchParams({ service, scope });
    const headers = new Headers();
    if (this.#account !== undefined) {
      const { name, password } = this.#account;
      headers.set('authorization', `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`);
    }
    const response = await fetch(`${realm}?${query}`, { headers });
    const body = await response.text();
    if (response.status !== 200) throw new Error(`no token for ${scope}: ${response.status} ${body}`);
    return (JSON.parse(body) as { token: string }).token;
  }
}

function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${answer.body}`);
  return answer;
}
