// What goes wrong inside is told to the log, and to clients only that it did: no path, no statement, no stack.

import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import Fastify from 'fastify';
import { afterAll, describe, expect, test } from 'vitest';
import { decorate } from '../../src/http/server.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { RegistryError } from '../../src/oci/error.ts';
import { pushBlob } from '../support/artifacts.ts';
import { blobPath } from '../support/blob-path.ts';
import { startRegistry } from '../support/start-registry.ts';

const SECRET_PLACE = '/srv/chartroom-secret-place';
/** What an answer of a server must not have in it, whatever failed. */
const INSIDE =
  /chartroom-secret-place|chartroom-test-|node_modules|\/src\/|\/tmp\/|SQLITE|select |insert |at .+:\d+:\d+|ENO[A-Z]+|E[A-Z]{3,}:/;

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Errors as they come out of what lies below, with a path of the machine in their messages. */
const ERRORS: Readonly<Record<string, () => unknown>> = {
  'of the file system': () => thrownBy(() => readFileSync(`${SECRET_PLACE}/blobs/sha256/ab`)),
  'of the file system, of another kind': () =>
    Object.assign(new Error(`EIO: i/o error, read '${SECRET_PLACE}'`), { code: 'EIO', errno: -5, path: SECRET_PLACE }),
  'of SQLite, which cannot open a file': () => thrownBy(() => new Database(`${SECRET_PLACE}/chartroom.db`)),
  'of SQLite, with a statement': () =>
    thrownBy(() => new Database(':memory:').prepare('select * from chartroom_secret')),
  'of a native module': () => thrownBy(() => process.dlopen({ exports: {} }, `${SECRET_PLACE}/argon2.node`)),
  'of an import': () => thrownBy(() => createRequire(import.meta.url).resolve(`${SECRET_PLACE}/module.js`)),
  'that says which status it wants': () => Object.assign(new Error(SECRET_PLACE), { statusCode: 500 }),
  'that wants a status beyond all': () => Object.assign(new Error(SECRET_PLACE), { statusCode: 503 }),
  'with a cause': () => new RegistryError('UNAVAILABLE', 'try again', { cause: new Error(SECRET_PLACE) }),
  'that is a programming mistake': () => thrownBy(() => (undefined as unknown as { x: object }).x),
  'that is no error': () => SECRET_PLACE,
};

describe('an error that nobody has foreseen is a 500 or 503 in the form of the spec, and says nothing of the inside', () => {
  const app = Fastify();
  decorate(app, null);
  for (const prefix of ['/v2', '/api/v1']) {
    app.get<{ Params: { name: string } }>(`${prefix}/:name`, async ({ params }) => {
      throw ERRORS[params.name]?.();
    });
  }
  afterAll(() => app.close());

  test.each(Object.keys(ERRORS))('%s', async (name) => {
    for (const prefix of ['/v2', '/api/v1']) {
      const answer = await app.inject(`${prefix}/${encodeURIComponent(name)}`);
      expect([500, 503]).toContain(answer.statusCode);
      expect(answer.body).not.toMatch(INSIDE);
      expect(JSON.stringify(answer.headers)).not.toMatch(INSIDE);
    }
  });
});

describe('a folder that somebody has broken is told to no client', () => {
  test('where an upload goes', async () => {
    await using registry = await startRegistry();
    await rm(join(registry.dataDir, 'uploads'), { recursive: true });
    const path = `/v2/team/web/blobs/uploads/?digest=${digestOf(Buffer.from('abc'))}`;
    const answer = await registry.request('POST', path, { body: 'abc' });
    expect([answer.status >= 500, await answer.text()]).toEqual([true, expect.not.stringMatching(INSIDE)]);
    await mkdir(join(registry.dataDir, 'uploads'));
  });

  test('where blobs are', async () => {
    await using registry = await startRegistry();
    const digest = await pushBlob(registry, 'team/web', Buffer.from('a blob'));
    const folder = dirname(blobPath(registry.dataDir, digest));
    await rename(folder, `${folder}-away`);
    await writeFile(folder, 'a file in the place of a folder');
    expect(await readdir(`${folder}-away`)).toHaveLength(1);
    const answer = await registry.request('GET', `/v2/team/web/blobs/${digest}`);
    expect([answer.status >= 400, await answer.text()]).toEqual([true, expect.not.stringMatching(INSIDE)]);
  });
});
