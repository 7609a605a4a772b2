// The API's description of itself: OpenAPI 3.1, made from the schemas by which requests are checked.

import swagger from '@fastify/swagger';
import { MANAGEMENT_SCOPE } from '../../access/scope.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { NotModified } from './entity-tags.ts';
import type { ManagementAccess } from './guard.ts';
import { PROBLEM_TYPE, Problem } from './problem.ts';
import { strict } from './schemas.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a route of the management API refuses besides what follows from its access and its schemas; for the document. */
    readonly refuses?: readonly (403 | 404 | 409)[];
  }
}

/** To whom it is a matter of the credential, or of what is there, and not of a right. */
const NEVER_FORBIDDEN: readonly string[] = ['anybody', 'reader', 'credential'] satisfies ManagementAccess[];

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'Something in the request is not as it must be; the detail names it.',
  401: 'Nobody is logged in, or the credential does not count (any more).',
  403: 'Whoever is logged in may not do this, or the page of another site asked for it.',
  404: 'There is no such thing, or none that the caller may know of.',
  409: 'It does not fit what is there already.',
  413: 'The body has more than 64 KiB.',
  415: 'The body is not sent as "application/json".',
  429: 'Too many wrong passwords, or too many at once; "Retry-After" says in how many seconds to try again.',
  500: 'The server failed; its log says why.',
  503: 'The server, or something that it needs, cannot be used at the moment.',
};

const TAGS = [
  { name: 'self', description: 'Who is logged in, and what this API is.' },
  { name: 'users', description: 'People: their accounts and passwords.' },
  { name: 'groups', description: 'People who have roles together.' },
  { name: 'grants', description: 'Who has which role where.' },
  {
    name: 'namespaces',
    description: 'What everybody may read, where floating tags are kept, what Artifact Hub is told.',
  },
  { name: 'robots', description: 'The accounts of CI and clusters.' },
  { name: 'tokens', description: 'Personal tokens: what people give to their programs in place of a password.' },
  { name: 'trust-rules', description: 'Whose identity tokens are believed without an account.' },
  { name: 'audit', description: 'What was done and what was refused: by whom, with what, from where.' },
  { name: 'jobs', description: 'What runs in the background, such as garbage collection, and what came of it.' },
  { name: 'uploads', description: 'Uploads that were begun and are not over.' },
  {
    name: 'charts',
    description: 'What is published: charts, their versions, what is in them, and what depends on what.',
  },
];

/** Nobody has to be logged in to read what is public. */
const WITHOUT_TOO = [{}, { basic: [] }, { bearer: [] }];

const DESCRIPTION = [
  'Tells what is published in a Chartroom registry, and manages who may do what in it.',
  'Bodies are JSON, and members that are not known are refused. Times are written as in RFC 3339, in answers as UTC with',
  'milliseconds. The path of the root namespace is "/". Lists come in pages: "next" is the address of the next one. Every',
  'refusal is a problem (RFC 9457), whose "detail" is for the person who asked.',
].join(' ');

/** Before the routes, which it then knows; only those of this scope. @param version of the program */
export async function describeRoutes(app: Routes, version: string): Promise<void> {
  await app.register(swagger, {
    hideUntagged: true,
    // Which is for OpenAPI 3.0.
    convertConstToEnum: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Chartroom API',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: TAGS,
      security: [{ basic: [] }, { bearer: [] }],
      components: {
        securitySchemes: {
          basic: {
            type: 'http',
            scheme: 'basic',
            description: 'A user name with its password, or any name with the secret of a personal token.',
          },
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: `The secret of a personal token, or what /token gives out for the scope ${MANAGEMENT_SCOPE}.`,
          },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const config = route.config ?? {};
      const isForReaders = config.access === ('reader' satisfies ManagementAccess);
      const isGet = route.method === 'GET';
      const confirmed = isForReaders && isGet ? { 304: NotModified } : {};
      // What changes something takes a right, which the handler asks for.
      const isOpen = isForReaders && (isGet || route.method === 'POST');
      const refusals = refusalsOf(isForReaders && !isOpen ? { ...config, access: 'management' } : config, schema);
      const response = { ...(schema.response as object), ...confirmed, ...refusals };
      return { url, schema: { ...schema, ...(isOpen ? { security: WITHOUT_TOO } : {}), response } };
    },
    transformObject: (document) => ('openapiObject' in document ? withComponents(document.openapiObject) : {}),
  });
}

export function documentRoute(app: Routes): void {
  const document = Type.Object({}, { additionalProperties: true, description: 'An OpenAPI 3.1 document.' });
  app.get(
    '/openapi.json',
    {
      config: { access: 'anybody' },
      schema: {
        operationId: 'getOpenApi',
        tags: ['self'],
        summary: 'Describe this API',
        security: [],
        querystring: strict({}),
        response: { 200: document },
      },
    },
    async () => app.swagger(),
  );
}

function refusalsOf(
  { access, refuses = [] }: { readonly access?: string; readonly refuses?: readonly number[] },
  schema: { readonly body?: unknown; readonly params?: unknown; readonly querystring?: unknown },
): object {
  const isOpen = access === ('anybody' satisfies ManagementAccess);
  const takesAnything = schema.body ?? schema.params ?? schema.querystring;
  const statuses = [
    ...(takesAnything === undefined ? [] : [400]),
    ...(isOpen ? [] : [401, 429]),
    ...(NEVER_FORBIDDEN.includes(access ?? '') ? [] : [403]),
    ...refuses,
    ...(schema.body === undefined ? [] : [413, 415]),
    ...[500, 503],
  ];
  return Object.fromEntries(statuses.map((status) => [status, refusalOf(status)]));
}

function refusalOf(status: number): object {
  return { description: REFUSALS[status] ?? '', content: { [PROBLEM_TYPE]: { schema: Problem } } };
}

/** Has every schema with a title, and every refusal, once, and references to it where it stood. */
function withComponents<Document extends { paths?: object; components?: object }>(document: Document): Document {
  const schemas: Record<string, unknown> = {};
  const responses = referencing(
    Object.fromEntries(Object.keys(REFUSALS).map((status) => [nameOf(status), refusalOf(Number(status))])),
    schemas,
  );
  const paths = referencing(document.paths ?? {}, schemas);
  return { ...document, paths, components: { ...document.components, schemas, responses } };
}

function referencing(part: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(part)) return part.map((item) => referencing(item, schemas));
  if (typeof part !== 'object' || part === null) return part;
  const inside = Object.fromEntries(
    Object.entries(part).map(([key, value]) => [
      key,
      // Only the statuses of refusals, and each is the same everywhere.
      key in REFUSALS ? { $ref: `#/components/responses/${nameOf(key)}` } : referencing(value, schemas),
    ]),
  );
  // A member that is called "title" is a schema.
  if (typeof inside.title !== 'string') return inside;
  schemas[inside.title] = inside;
  return { $ref: `#/components/schemas/${inside.title}` };
}

function nameOf(status: string): string {
  return `Refusal${status}`;
}
