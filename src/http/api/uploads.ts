// Uploads that were begun and are not over, whosever they are.
import { Type } from '../../json-schemas.ts';
import { isUploadId } from '../../ports/blob-store.ts';
import type { OpenUpload, UploadPlace } from '../../registry/open-uploads.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, foreignCursor, listQuery, pageOf } from './paging.ts';
import { shownTime, strict, Time, UUID } from './schemas.ts';

const Upload = strict(
  {
    id: Type.String(),
    repository: Type.String({ description: 'The repository that it is for.' }),
    createdBy: Type.String({ description: 'Who began it.' }),
    createdAt: Time,
    lastReceivedAt: Time,
    receivedBytes: Type.Integer({ description: 'How many bytes have arrived.' }),
  },
  { title: 'Upload', description: 'The bytes of a blob that arrive in several requests.' },
);
const Params = strict({ id: Type.String({ maxLength: 36, pattern: UUID }) });
const tags = ['uploads'];

const LIST = {
  ...{
    operationId: 'listUploads',
    tags,
    summary: 'List the uploads that were begun and are not over, the oldest first',
  },
  querystring: listQuery({}),
  response: { 200: pageOf(Upload) },
};
const END = {
  ...{ operationId: 'endUpload', tags, summary: 'End an upload, whosever it is; what arrived of it goes at once' },
  params: Params,
  response: { 204: Type.Null({ description: 'The upload is over.' }) },
};

export function uploadRoutes(app: Routes, { registry: { uploads } }: Management): void {
  app.get('/uploads', { config: { access: 'administrator' }, schema: LIST }, async (request) =>
    answerPage(request, {
      find: (after, limit) => uploads.list(readPlace(after), limit),
      key: ({ createdAt, id }) => [String(createdAt), id],
      keyLength: 2,
      show: shownUpload,
    }),
  );

  const config = { access: 'administrator', refuses: [404] } as const;
  app.delete('/uploads/:id', { config, schema: END }, async (request, reply) => {
    await uploads.end(request.params.id, managerOf(request).author);
    return await reply.code(204).send(null);
  });
}

function readPlace([createdAt, id]: readonly string[]): UploadPlace | undefined {
  if (createdAt === undefined || id === undefined) return undefined;
  if (!/^\d{1,15}$/.test(createdAt) || !isUploadId(id)) throw foreignCursor();
  return { createdAt: Number(createdAt), id };
}

function shownUpload({ id, repository, createdBy, createdAt, lastReceivedAt, received }: OpenUpload) {
  return {
    ...{ id, repository, createdBy, receivedBytes: received },
    ...{ createdAt: shownTime(createdAt), lastReceivedAt: shownTime(lastReceivedAt) },
  };
}
