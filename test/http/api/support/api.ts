// The management API of a test registry, whose every answer is held against the document that describes it.
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { expect } from 'vitest';
import { foldChartName } from '../../../../src/http/fold-chart-name.ts';
import type { TestRegistry } from '../../../support/start-registry.ts';

export const PREFIX = '/api/v1';
const PROBLEM = 'application/problem+json';

interface Operation {
  readonly operationId: string;
  readonly method: string;
  /** `/api/v1/users/{name}` */
  readonly path: string;
  readonly tags: readonly string[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, object>>;
  readonly security?: readonly object[];
}

interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly responses: Readonly<Record<string, object>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

interface Sent {
  /** The administrator by default; undefined for nobody. */
  readonly as?: string | undefined;
  /** Sent as JSON, or as it is when it is a text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer<Body = Readonly<Record<string, unknown>>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** undefined when the text is none, or not JSON */
  readonly body: Body;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** Sends requests and checks that what comes back, and what was taken, is as documented. */
class Api {
  readonly document: OpenApi;
  readonly operations: readonly Operation[];
  /** The ids of the operations that were answered with a 2xx. */
  readonly exercised = new Set<string>();
  readonly #registry: TestRegistry;
  readonly #ajv: Ajv2020;

  constructor(registry: TestRegistry, document: OpenApi) {
    this.#registry = registry;
    this.document = document;
    this.operations = operationsOf(document);
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    (ajvFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addSchema(document, 'api');
  }

  /** @param path below /api/v1, or the address of a next page */
  async send<Body = Readonly<Record<string, unknown>>>(
    method: string,
    path: string,
    sent: Sent = {},
  ): Promise<Answer<Body>> {
    const { body, headers = {}, ...who } = sent;
    const json = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const address = path.startsWith(PREFIX) ? path : `${PREFIX}${path}`;
    const answer = await this.#registry.request(method, address, {
      ...who,
      headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(json === undefined ? {} : { body: json }),
    });
    const text = await answer.text();
    const type = answer.headers.get('content-type') ?? '';
    const received = { status: answer.status, headers: answer.headers, text, body: parsed(text, type) as Body };
    this.#check(method, address, received, json);
    return received;
  }

  /** Items of all pages, in order. */
  async all<Item = Readonly<Record<string, unknown>>>(path: string, sent: Sent = {}): Promise<readonly Item[]> {
    const items: Item[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const page: Answer<Page<Item>> = await this.send<Page<Item>>('GET', next, sent);
      if (page.status !== 200) throw new Error(`${next} answers ${page.status} ${page.text}`);
      items.push(...page.body.items);
      next = page.body.next;
    }
    return items;
  }

  /** The sentence of a refusal with this status. */
  async refusal(status: number, method: string, path: string, sent: Sent = {}): Promise<string> {
    const answer = await this.send<Problem>(method, path, sent);
    expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
    return answer.body.detail;
  }

  #check(method: string, address: string, answer: Answer<unknown>, sentBody: string | undefined): void {
    const { status, headers } = answer;
    // What has an entity tag is asked for again with it.
    expect(headers.get('cache-control')).toBe(headers.has('etag') ? 'private, no-cache' : 'no-store');
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    const type = headers.get('content-type')?.split(';')[0];
    const operation = this.operations.find(
      (each) => each.method === method && matches(each.path, foldChartName(address)),
    );
    if (!operation) {
      expect([status, type]).toEqual([expect.toBeOneOf([404, 405]), PROBLEM]);
      this.#conform('#/components/schemas/Problem', answer.body, address);
      return;
    }
    const base = `#/paths/${pointer(operation.path)}/${method.toLowerCase()}`;
    expect(Object.keys(operation.responses), `${operation.operationId} answers ${status} ${answer.text}`).toContain(
      String(status),
    );
    if (status < 300 && sentBody !== undefined && sentBody !== '') {
      const schema = `${base}/requestBody/content/application~1json/schema`;
      this.#conform(schema, JSON.parse(sentBody), operation.operationId);
    }
    if (status >= 400) {
      expect(type).toBe(PROBLEM);
      this.#conform('#/components/schemas/Problem', answer.body, operation.operationId);
      return;
    }
    this.exercised.add(operation.operationId);
    if (status === 204 || status === 304) expect([answer.text, type]).toEqual(['', undefined]);
    else {
      const content = `${base}/responses/${status}/content/${pointer(type ?? '')}`;
      this.#conform(`${content}/schema`, answer.body ?? answer.text, operation.operationId);
    }
  }

  #conform(schema: string, value: unknown, what: string): void {
    const validate = this.#ajv.getSchema(`api${schema}`);
    if (!validate) throw new Error(`the document has no ${schema}`);
    validate(value);
    expect([what, validate.errors ?? []]).toEqual([what, []]);
  }
}

export async function openApi(registry: TestRegistry): Promise<Api> {
  const answer = await registry.request('GET', `${PREFIX}/openapi.json`, { as: undefined });
  return new Api(registry, (await answer.json()) as OpenApi);
}

function operationsOf({ paths }: OpenApi): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) =>
        ({ parameters: [], ...operation, path, method: method.toUpperCase() }) as unknown as Operation,
    ),
  );
}

function matches(template: string, address: string): boolean {
  const pattern = template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]*');
  return new RegExp(`^${pattern}$`).test(address.split('?')[0] ?? '');
}

function pointer(text: string): string {
  return text.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');
}

function parsed(text: string, type: string): unknown {
  return /^application\/(?:problem\+)?json(?:;|$)/.test(type) && text !== '' ? JSON.parse(text) : undefined;
}
