// The files in a version's archive: all of them by name, and each as it is.

import type { FastifyReply } from 'fastify';
import { Type } from '../../json-schemas.ts';
import { digestOf } from '../../oci/digest.ts';
import type { Routes } from '../server.ts';
import { ChartFile } from './chart-contents-schema.ts';
import { readableChart } from './chart-request.ts';
import { VersionPath } from './chart-schemas.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import { strict } from './schemas.ts';

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
const tags = ['charts'];

const FilePath = strict({
  ...VersionPath.properties,
  // Whatever an archive names its files, line breaks included.
  path: Type.String({
    ...{ minLength: 1, maxLength: 4096 },
    description: "The path of a file below the chart's top folder. Its slashes may stay as they are.",
  }),
});
/** As their own types: what is sent are the bytes of the file. */
const File: object = {
  description: 'The file: text in UTF-8 as such, all else as bytes to be saved.',
  content: { 'text/plain': { schema: Type.String() }, [BYTES]: { schema: Type.String() } },
};

const LIST = {
  ...{ operationId: 'listFiles', tags, summary: 'List the files of a version by their paths' },
  ...{ params: VersionPath, querystring: listQuery({}), response: { 200: pageOf(ChartFile) } },
};
const GET = {
  ...{ operationId: 'getFile', tags, summary: 'Send a file of a version as it is' },
  ...{ params: FilePath, querystring: strict({}), response: { 200: File } },
};

export function chartFileRoutes(app: Routes, { catalog }: Management): void {
  app.get(
    '/charts/:chart/-/versions/:version/files',
    { config: { access: 'reader', refuses: [404] }, schema: LIST },
    async (request, reply) => {
      const repository = readableChart(request, reply);
      return await answerPage(request, {
        find: ([after], limit) =>
          catalog.listFiles(repository, request.params.version, { after: after && readPath(after), limit }),
        key: ({ path }) => [writtenPath(path)],
        keyLength: 1,
        show: ({ path, size, kind }) => ({ path, size, kind }),
      });
    },
  );

  app.get(
    '/charts/:chart/-/versions/:version/files/:path',
    { config: { access: 'reader', refuses: [404] }, schema: GET },
    async (request, reply) => {
      const repository = readableChart(request, reply);
      const { version, path } = request.params;
      const bytes = Buffer.from(await catalog.readFile(repository, version, path));
      makeHarmless(reply, path, isText(bytes));
      return await reply.header('etag', `"${digestOf(bytes)}"`).send(bytes);
    },
  );
}

/** Printable, whatever is in the path. */
function writtenPath(path: string): string {
  return Buffer.from(path).toString('base64url');
}

function readPath(written: string): string {
  return Buffer.from(written, 'base64url').toString();
}

/** Without scheme and host. */
export function fileAddress(
  { repository, version }: { readonly repository: string; readonly version: string },
  path: string,
): string {
  const file = path.toWellFormed().split('/').map(encodeURIComponent).join('/');
  return `/api/v1/charts/${repository}/-/versions/${encodeURIComponent(version)}/files/${file}`;
}

/** Whoever published the chart must not have a browser run anything under the name of this server: see `answer-headers.ts` too. */
function makeHarmless(reply: FastifyReply, path: string, isPlain: boolean): void {
  reply.type(isPlain ? TEXT : BYTES);
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!isPlain) reply.header('content-disposition', `attachment; filename*=UTF-8''${encoded(name)}`);
}

/** RFC 8187, section 3.2.1: what `encodeURIComponent` leaves and a parameter may not have. */
function encoded(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(/['()*!]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}

/** No NUL, and UTF-8: what every client shows as text. */
function isText(bytes: Buffer): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
