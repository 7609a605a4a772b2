// Every operation of the OpenAPI document with parameters and bodies that fit it, and with such that do not: none fails the server.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildChart } from '../support/chart-builder.ts';
import { type AttackedServer, expectAnswer, startAttackedServer } from './support/attacked-server.ts';
import { fuzzing } from './support/fuzz-runs.ts';
import { hostileText } from './support/hostile-text.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly body: Schema | undefined;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters?: Operation['parameters'];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** What is there, or may come to be there. */
const NAMES = [
  'team',
  'team/web',
  'web',
  '1.0.0',
  'ann',
  'ci',
  'staff',
  'reader',
  '/',
  '^1.0.0',
  'team:push',
  'long-password',
];
/** By the names of parameters: what is there for certain. */
const THERE: Readonly<Record<string, string>> = {
  ...{ chart: 'team/web', version: '1.0.0', from: '1.0.0', to: '1.0.0', range: '*', path: 'Chart.yaml' },
  ...{ user: 'ann', group: 'staff', namespace: 'team', role: 'reader' },
};

let server: AttackedServer;
let document: Document;
beforeAll(async () => {
  server = await startAttackedServer();
  document = (await (await server.request('GET', '/api/v1/openapi.json')).json()) as Document;
});
afterAll(() => server[Symbol.asyncDispose]());

function operationsOf({ paths }: Document): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => ({
      operationId,
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
    })),
  );
}

/** What fits a schema, mostly; and now and then what does not. */
function valueFor(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 14, arbitrary: fittingValue(schema, depth) },
    { weight: 1, arbitrary: hostileText() },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  );
}

function fittingValue(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return fittingValue(document.components?.schemas?.[name] ?? {}, depth);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => fittingValue(choice, depth)));
  const [type] = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['string']);
  switch (type) {
    case 'integer':
    case 'number':
      return fc.oneof(
        fc.integer({ min: schema.minimum ?? -5, max: Math.max(schema.minimum ?? -5, schema.maximum ?? 1000) }),
        fc.constantFrom(0, -1, 2 ** 31, 2 ** 53, 1e308, -0.5),
      );
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(depth > 3 ? fc.constant(null) : valueFor(schema.items ?? {}, depth + 1), { maxLength: 4 });
    case 'object': {
      const properties = Object.entries(schema.properties ?? {}).map(([name, each]) => [
        name,
        valueFor(each, depth + 1),
      ]);
      const requiredKeys = (schema.required ?? []).filter((name) => schema.properties?.[name] !== undefined);
      return fc.record(Object.fromEntries(properties) as Record<string, fc.Arbitrary<unknown>>, {
        requiredKeys: [...requiredKeys],
      });
    }
    default:
      return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...NAMES) }, { weight: 1, arbitrary: hostileText() });
  }
}

function requestFor({
  path,
  parameters,
  body,
}: Operation): fc.Arbitrary<{ readonly path: string; readonly body: string | undefined }> {
  const values = fc.tuple(
    ...parameters.map(({ name, schema, in: place }) => {
      const there = THERE[name];
      const value = there === undefined ? valueFor(schema) : fc.oneof(fc.constant(there), valueFor(schema));
      return fc.option(value, { nil: undefined, freq: place === 'path' ? 20 : 1 });
    }),
  );
  const bodies = body
    ? fc.oneof(
        { weight: 8, arbitrary: valueFor(body).map((value) => JSON.stringify(value) ?? '') },
        { weight: 1, arbitrary: hostileText() },
      )
    : fc.option(fc.constantFrom('', '{}', '[]'), { nil: undefined, freq: 4 });
  return fc.tuple(values, bodies).map(([chosen, text]) => {
    let target = path;
    const query: string[] = [];
    for (const [index, { name, in: place }] of parameters.entries()) {
      const value = encoded(chosen[index]);
      if (place === 'path') target = target.replace(`{${name}}`, value ?? 'x');
      else if (value !== undefined) query.push(`${encodeURIComponent(name)}=${value}`);
    }
    return { path: `${target}${query.length > 0 ? `?${query.join('&')}` : ''}`, body: text };
  });
}

function encoded(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return encodeURIComponent((typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed());
}

async function publishChart(): Promise<void> {
  const { archive } = await buildChart({ name: 'web', version: '1.0.0' });
  const answer = await server.request('POST', '/api/team/charts', { body: new Uint8Array(archive) });
  expect(answer.status).toBe(201);
}

test('no operation fails, hangs, leaks or stores what it must not', async () => {
  const operations = operationsOf(document);
  expect(operations.length).toBeGreaterThan(50);
  await publishChart();
  const statuses = new Map<string, Set<number>>();
  for (const operation of operations) {
    const seen = new Set<number>();
    statuses.set(operation.operationId, seen);
    await fc.assert(
      fc.asyncProperty(requestFor(operation), async ({ path, body }) => {
        const hasBody = body !== undefined && operation.method !== 'GET';
        const answer = await server.request(operation.method, path, {
          headers: hasBody ? { 'content-type': 'application/json' } : {},
          ...(hasBody ? { body } : {}),
        });
        const text = await answer.text();
        seen.add(answer.status);
        expectAnswer(answer.status);
        if (answer.status >= 400) expect(JSON.parse(text)).toBeTypeOf('object');
      }),
      fuzzing(40),
    );
  }
  // That requests are turned away at the door alone would show nothing: most operations have been carried out as well.
  const carriedOut = [...statuses].filter(([, seen]) => [...seen].some((status) => status < 300));
  expect(carriedOut.length).toBeGreaterThan(operations.length / 3);
  await server.expectUnharmed();
});
