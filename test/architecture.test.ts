// The rules of the house that a machine can check: who may import whom, how long a file may be, how it begins.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import { expect, test } from 'vitest';

interface SourceFile {
  /** from the root of the repository: `src/http/server.ts` */
  readonly path: string;
  readonly text: string;
}

/** What each folder of src/ may import besides its own files; `*` is everything. A file outside of a folder has its own line. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'json-schemas.ts': [],
  oci: [],
  ports: ['oci'],
  tables: ['ports', 'oci'],
  charts: ['oci'],
  events: ['tables', 'ports', 'oci'],
  metrics: ['ports'],
  registry: ['charts', 'events', 'metrics', 'tables', 'ports', 'oci'],
  catalog: ['charts', 'events', 'tables', 'ports', 'oci'],
  classic: ['registry', 'charts', 'events', 'tables', 'ports', 'oci'],
  lifecycle: ['registry', 'charts', 'events', 'tables', 'ports', 'oci'],
  backup: ['registry', 'events', 'tables', 'ports', 'oci'],
  journal: ['registry', 'tables', 'ports', 'oci'],
  access: ['events', 'tables', 'ports', 'oci'],
  accounts: ['access', 'events', 'tables', 'ports', 'oci'],
  adapters: ['adapters/files', 'ports', 'oci'],
  config: ['json-schemas.ts'],
  http: [
    'json-schemas.ts',
    'registry',
    'classic',
    'catalog',
    'charts',
    'accounts',
    'access',
    'events',
    'lifecycle',
    'metrics',
    'ports',
    'oci',
  ],
  // Most commands are requests to the management API. The others reach the core through app.ts and the room data-folder.
  cli: [
    'app.ts',
    'data-folder',
    'backup/backup-progress.ts',
    'backup/make-backup.ts',
    'backup/verify-backup.ts',
    'lifecycle/verify-storage.ts',
    'config',
    'accounts',
    'ports/backup.ts',
    'ports/clock.ts',
    'ports/issuer-address.ts',
    'ports/storage-unusable.ts',
  ],
  // The same as the composition root, for commands that need no server.
  'data-folder': [
    'app.ts',
    'core.ts',
    'adapters',
    'backup',
    'journal',
    'lifecycle',
    'config',
    'tables/migrate.ts',
    'ports',
  ],
  // The composition root, in five files.
  'app.ts': ['*'],
  'core.ts': ['*'],
  'reader.ts': ['*'],
  'readers.ts': ['*'],
  'user-sources.ts': ['*'],
  // In JavaScript, so that Node can start them without what strips types.
  'main.mjs': ['compile-cache.mjs', 'cli/command-line.ts'],
  'reader.mjs': ['compile-cache.mjs', 'reader.ts'],
  'compile-cache.mjs': [],
};

/** Where each package may be used. One that is not here may be used nowhere. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@fastify/cookie': ['http'],
  '@fastify/formbody': ['http'],
  '@fastify/multipart': ['http'],
  '@fastify/rate-limit': ['http'],
  '@fastify/swagger': ['http'],
  '@fastify/type-provider-typebox': ['http'],
  '@fastify/under-pressure': ['http'],
  argon2: ['access'],
  'better-sqlite3': [
    'adapters/files/sqlite.ts',
    'adapters/files/sqlite-connection.ts',
    'adapters/sqlite-copies.ts',
    'adapters/folder-lock.ts',
  ],
  diff: ['charts/compare'],
  fastq: ['access', 'accounts', 'catalog'],
  fastify: ['http', 'app.ts', 'readers.ts'],
  jose: ['access/identity-tokens.ts'],
  jsonwebtoken: ['access'],
  ldapts: ['adapters/ldap-directory.ts'],
  'openid-client': ['adapters/openid-provider.ts'],
  pino: ['cli', 'reader.ts'],
  typebox: ['json-schemas.ts', 'http', 'config'],
  yaml: ['charts', 'config'],
};

/** Modules of Node that reach outside of the process. All others only compute, and may be used anywhere. */
const OUTSIDE = [
  'child_process',
  'cluster',
  'dgram',
  'dns',
  'fs',
  'http',
  'http2',
  'https',
  'inspector',
  'net',
  'os',
  'readline',
  'repl',
  'sqlite',
  'tls',
  'worker_threads',
];
const MAY_REACH_OUTSIDE = ['adapters', 'config', 'cli', 'http', 'app.ts', 'core.ts', 'user-sources.ts'];

const MAXIMUM_LINES = 300;

test('every file imports only what its room may know', () => {
  expect(forbiddenImports(sources())).toEqual([]);
});

test('every room imports from all that it may import from', () => {
  const files = sources();
  const unused = Object.entries(MAY_IMPORT).flatMap(([room, allowed]) => {
    const targets = files
      .filter(({ path }) => roomOf(path) === room)
      .flatMap(({ path, text }) => targetsOf(path, text));
    return allowed
      .filter((place) => place !== '*' && !targets.some((target) => isWithin(target, [place])))
      .map((place) => `${room} imports nothing from ${place}`);
  });
  expect(unused).toEqual([]);
});

test('packages are used only where their technology belongs', () => {
  expect(forbiddenPackages(sources())).toEqual([]);
});

test('every package that is a dependency has its place, and every place its dependency', () => {
  const { dependencies } = JSON.parse(readFileSync(root('package.json'), 'utf8')) as { dependencies: object };
  expect(Object.keys(PACKAGES).toSorted()).toEqual(Object.keys(dependencies).toSorted());
});

test('files, sockets and processes are reached only from the rooms that face outwards', () => {
  expect(forbiddenReaches(sources())).toEqual([]);
});

test('only config/load.ts reads the environment, and only ports/clock.ts the time', () => {
  const found = sources().flatMap(({ path, text }) => [
    ...(/\bprocess\.env\b|\benv\b.*from 'node:process'/.test(text) ? [`${path} reads the environment`] : []),
    ...(/\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/.test(text) ? [`${path} reads the time`] : []),
  ]);
  expect(found.toSorted()).toEqual(['src/config/load.ts reads the environment', 'src/ports/clock.ts reads the time']);
});

test('SQL stands in tables/ alone, but for the search, whose SQL is that of one database', () => {
  const statement = /['"`](?:select|insert into|update|delete from|create|alter|drop) [a-z0-9_*$]/;
  const found = sources().filter(({ path, text }) => roomOf(path) !== 'tables' && statement.test(text));
  expect(found.map(({ path }) => path)).toEqual(['src/adapters/sqlite-chart-search.ts']);
});

test(`no file has more than ${MAXIMUM_LINES} lines`, () => {
  const long = sources().filter(({ text }) => text.trimEnd().split('\n').length > MAXIMUM_LINES);
  expect(long.map(({ path }) => path)).toEqual([]);
});

test('every file opens with a comment of a sentence that says what it is', () => {
  expect(sources().flatMap(({ path, text }) => (opensWithSentence(text) ? [] : [path]))).toEqual([]);
});

test('files export by name, are imported by their own path, and are not re-exported', () => {
  expect(sources().flatMap(indirections)).toEqual([]);
});

test('no folder or file is named after nothing in particular', () => {
  const vague = /\/(?:utils?|helpers?|common|shared|types|services?|misc|index)(?:\/|\.m?[jt]s$)/;
  expect(sources().flatMap(({ path }) => (vague.test(path) ? [path] : []))).toEqual([]);
});

test('files are named in kebab case', () => {
  expect(
    sources().flatMap(({ path }) => (/^src(?:\/[a-z0-9]+(?:-[a-z0-9]+)*)+\.(?:ts|mjs)$/.test(path) ? [] : [path])),
  ).toEqual([]);
});

test('every folder of src/ has its rules', () => {
  const rooms = new Set(sources().map(({ path }) => roomOf(path)));
  expect([...rooms].filter((room) => MAY_IMPORT[room] === undefined)).toEqual([]);
});

test('the rules find what breaks them', () => {
  const tags = (text: string): SourceFile[] => [{ path: 'src/http/oci/tags.ts', text }];
  expect(forbiddenImports(tags(`import { listTags } from '../../tables/tags.ts';`))).toEqual([
    'src/http/oci/tags.ts imports tables/tags.ts',
  ]);
  expect(forbiddenImports(tags(`const x = await import('../../adapters/x.ts');`))).toHaveLength(1);
  expect(forbiddenImports(tags(`import {\n  type A,\n  b,\n} from '../../app.ts';`))).toHaveLength(1);
  expect(forbiddenImports(tags(`export { a } from '../../cli/a.ts';`))).toHaveLength(1);
  expect(forbiddenImports(tags(`import type { A } from '../server.ts';`))).toEqual([]);
  expect(forbiddenImports([{ path: 'src/adapters/a.ts', text: `import '../adapters/b.ts';` }])).toHaveLength(1);
  expect(forbiddenPackages([{ path: 'src/oci/a.ts', text: `import x from 'yaml/util';` }])).toEqual([
    'src/oci/a.ts imports yaml',
  ]);
  expect(forbiddenPackages([{ path: 'src/oci/a.ts', text: `import x from 'left-pad';` }])).toHaveLength(1);
  expect(forbiddenPackages([{ path: 'src/oci/a.ts', text: `import x from 'fs';` }])).toHaveLength(1);
  expect(forbiddenReaches([{ path: 'src/registry/a.ts', text: `import { open } from 'node:fs/promises';` }])).toEqual([
    'src/registry/a.ts imports node:fs/promises',
  ]);
  expect(opensWithSentence(`import x from 'y';`)).toBe(false);
  expect(opensWithSentence('// no capital, no end\n')).toBe(false);
  expect(indirections({ path: 'src/a.ts', text: 'export default 5;' })).toHaveLength(1);
  expect(indirections({ path: 'src/a.ts', text: `export * from './b.ts';` })).toHaveLength(1);
  expect(indirections({ path: 'src/a.ts', text: `import { b } from './b';` })).toHaveLength(1);
});

function forbiddenImports(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const room = roomOf(path);
    const allowed = MAY_IMPORT[room] ?? [];
    return targetsOf(path, text).flatMap((target) => {
      // Adapters know nothing of each other, but share what they do with files.
      const isOwn = roomOf(`src/${target}`) === room && room !== 'adapters';
      const isAllowed = isOwn || allowed.includes('*') || isWithin(target, allowed);
      return isAllowed ? [] : [`${path} imports ${target}`];
    });
  });
}

/** The files of src/ that a file imports, from there. */
function targetsOf(path: string, text: string): readonly string[] {
  return importsOf(text)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(posix.dirname(path), name).replace('src/', ''));
}

function forbiddenPackages(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    importsOf(text).flatMap((name) => {
      if (name.startsWith('.') || name.startsWith('node:')) return [];
      const packageName = name.split('/', name.startsWith('@') ? 2 : 1).join('/');
      return isWithin(path.replace('src/', ''), PACKAGES[packageName] ?? []) ? [] : [`${path} imports ${packageName}`];
    }),
  );
}

function forbiddenReaches(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    importsOf(text).flatMap((name) => {
      const isOutside = OUTSIDE.some((module) => name === `node:${module}` || name.startsWith(`node:${module}/`));
      return isOutside && !isWithin(path.replace('src/', ''), MAY_REACH_OUTSIDE) ? [`${path} imports ${name}`] : [];
    }),
  );
}

function indirections({ path, text }: SourceFile): readonly string[] {
  return [
    ...(/^export default\b|^export \{[^}]*\bdefault\b/m.test(text) ? [`${path} has a default export`] : []),
    ...(/^export (?:type )?(?:\*|\{[^}]*\} from)/m.test(text) ? [`${path} exports what is not its own`] : []),
    ...importsOf(text).flatMap((name) =>
      name.startsWith('.') && !/\.(?:ts|mjs)$/.test(name) ? [`${path} imports ${name} without ".ts"`] : [],
    ),
  ];
}

/** One line or several, of which the last ends a sentence. */
function opensWithSentence(text: string): boolean {
  const lines = text.split('\n');
  const comment = lines.slice(
    0,
    Math.max(
      0,
      lines.findIndex((line) => !line.startsWith('//')),
    ),
  );
  return /^\/\/ [A-Z`]/.test(comment[0] ?? '') && /[.?!)]$/.test(comment.at(-1) ?? '');
}

function importsOf(text: string): readonly string[] {
  const statements = /(?:^(?:import|export)\b[^'";]*?\bfrom\s*|^import\s*|\bimport\(\s*)['"]([^'"]+)['"]/gm;
  return [...text.matchAll(statements)].map(([, name = '']) => name);
}

/** @param places folders, or files with their folder */
function isWithin(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

/** The first folder below src/, or the file's own name where it is in none. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function sources(): readonly SourceFile[] {
  const names = readdirSync(root('src'), { recursive: true, encoding: 'utf8' });
  const files = names
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.m?[jt]s$/.test(path))
    .toSorted();
  if (files.length < 50) throw new Error('the sources were not found');
  return files.map((path) => ({ path, text: readFileSync(root(path), 'utf8') }));
}

function root(path: string): string {
  return join(import.meta.dirname, '..', path);
}

test('the list of what reaches outside has no names that Node does not know', () => {
  expect(OUTSIDE.filter((name) => !builtinModules.includes(name) && !builtinModules.includes(`node:${name}`))).toEqual(
    [],
  );
});
