// The document that describes the management API.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import pino from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { openApp } from '../../../src/app.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi, PREFIX } from './support/api.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const { document, operations } = api;

test('the document is valid OpenAPI 3.1, and open to everybody', async () => {
  const answer = await api.send('GET', '/openapi.json', { as: undefined });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  expect(document.openapi).toBe('3.1.0');
  expect(await new Validator().validate({ ...document })).toEqual({ valid: true });
});

test('the document is open also with a credential that does not count', async () => {
  expect((await api.send('GET', '/openapi.json', { as: 'ann:wrong-password' })).status).toBe(200);
});

test('the document has the version of the program', () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'));
  expect(document.info.version).toBe(version);
});

test('every route of the API is in the document, and nothing else', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir };
  {
    await using app = await openApp(config, pino({ level: 'silent' }));
    await app.server.ready();
    const routes = routesIn(app.server.printRoutes({ commonPrefix: false }));
    expect(routes).toContain('GET /v2/_catalog');
    expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(
      routes
        .filter((route) => route.includes(` ${PREFIX}/`))
        .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'))
        .toSorted(),
    );
  }
  await rm(dataDir, { recursive: true });
});

describe('every operation', () => {
  test('has an id of its own, a tag that is explained, and a summary', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = (document as unknown as { readonly tags: { readonly name: string }[] }).tags.map(({ name }) => name);
    for (const operation of operations) {
      expect([operation.operationId, operation.tags.length]).toEqual([operation.operationId, 1]);
      expect(tags).toContain(operation.tags[0]);
      expect(operation).toHaveProperty('summary');
    }
    expect(new Set(operations.flatMap((operation) => operation.tags))).toEqual(new Set(tags));
  });

  test('says how it refuses', () => {
    for (const { operationId, responses, security } of operations) {
      const needed = security?.length === 0 ? ['500', '503'] : ['401', '429', '500', '503'];
      expect([operationId, Object.keys(responses)]).toEqual([operationId, expect.arrayContaining(needed)]);
    }
    for (const response of Object.values(document.components.responses)) {
      expect(Object.keys((response as { readonly content: object }).content)).toEqual(['application/problem+json']);
    }
  });

  test('but the document itself, and what reads charts, needs a credential, be it Basic or Bearer', () => {
    const open = operations.filter(({ security }) => security !== undefined);
    expect(open.filter(({ security }) => security?.length === 0).map(({ operationId }) => operationId)).toEqual([
      'getOpenApi',
    ]);
    const readers = open.filter(({ security }) => security?.length !== 0);
    for (const { operationId, security } of readers) {
      expect([operationId, security]).toEqual([operationId, [{}, { basic: [] }, { bearer: [] }]]);
    }
    const reading = operations.filter(({ tags, method }) => tags.includes('charts') && method === 'GET');
    expect(reading.length).toBeGreaterThan(10);
    expect(readers.map(({ operationId }) => operationId).toSorted()).toEqual(
      [...reading.map(({ operationId }) => operationId), 'checkLock'].toSorted(),
    );
    for (const { operationId, responses } of reading) {
      expect([operationId, Object.keys(responses)]).toEqual([operationId, expect.arrayContaining(['200', '304'])]);
    }
    expect((document as unknown as { readonly security: object[] }).security).toEqual([{ basic: [] }, { bearer: [] }]);
    expect(Object.keys(document.components.securitySchemes)).toEqual(['basic', 'bearer']);
  });

  test('bounds what it takes: each text, list and object, and no members that are not known', () => {
    const given = operations.flatMap(({ operationId, parameters, requestBody }) => [
      ...parameters.map(({ name, schema }) => [`${operationId} ${name}`, schema] as const),
      ...Object.values(requestBody?.content ?? {}).map(({ schema }) => [operationId, schema] as const),
    ]);
    expect(given.length).toBeGreaterThan(60);
    expect(given.flatMap(([where, schema]) => unbounded(schema, where))).toEqual([]);
  });

  test('takes JSON where it takes a body, and every POST takes one', () => {
    for (const { operationId, method, requestBody } of operations) {
      const types = requestBody ? Object.keys(requestBody.content) : undefined;
      if (types || method === 'POST') expect([operationId, types]).toEqual([operationId, ['application/json']]);
    }
  });
});

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maximum?: number;
  readonly maxProperties?: number;
  readonly additionalProperties?: Schema | false;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

function unbounded(given: Schema, where: string): readonly string[] {
  const schema = given.$ref ? (document.components.schemas[given.$ref.split('/').at(-1) ?? ''] as Schema) : given;
  // A public key is whatever it is (RFC 7517); the body as a whole is bounded, and each key is checked.
  if (where.endsWith('/keys/keys')) return schema.maxItems === undefined ? [where] : [];
  if (schema.anyOf) return schema.anyOf.flatMap((each) => unbounded(each, where));
  switch (schema.type) {
    case 'string':
      return schema.maxLength === undefined && schema.enum === undefined ? [where] : [];
    case 'integer':
      return schema.maximum === undefined ? [where] : [];
    case 'array':
      return [...(schema.maxItems === undefined ? [where] : []), ...unbounded(schema.items ?? {}, `${where}[]`)];
    case 'object': {
      const { additionalProperties: others = {}, properties = {} } = schema;
      const isBounded = others === false || schema.maxProperties !== undefined || where.endsWith('/keys');
      return [
        ...(isBounded ? [] : [where]),
        ...(others === false || where.endsWith('/keys') ? [] : unbounded(others, `${where}/*`)),
        ...Object.entries(properties).flatMap(([name, each]) => unbounded(each, `${where}/${name}`)),
      ];
    }
    case 'boolean':
    case 'null':
      return [];
    default:
      return [`${where} has no type`];
  }
}

/** `METHOD /path` of each, from the tree that Fastify prints. */
function routesIn(tree: string): readonly string[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part, methods = ''] = /^((?:│ {3}| {4})*)[├└]── (\S+)(?: \((.*)\))?$/.exec(line) ?? [];
    if (part === undefined) return [];
    const depth = indent.length / 4;
    const path = `${depth === 0 ? '' : parents[depth - 1]}${part}`;
    parents[depth] = path;
    return methods.split(', ').map((method) => `${method} ${path}`);
  });
}
