// Notices: who may delete a version may also deprecate it, or yank it, and take that back.

import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { authorize } from '../../access/permissions.ts';
import { scopeFor } from '../../access/scope.ts';
import { tagOfVersion } from '../../charts/version.ts';
import { Type } from '../../json-schemas.ts';
import { parseRepositoryName } from '../../oci/repository-name.ts';
import { parseTag } from '../../oci/tag.ts';
import type { NoticeSubject } from '../../registry/notices.ts';
import { actorOf } from '../authenticate.ts';
import type { Routes } from '../server.ts';
import { ChartPath, Notice, VersionPath } from './chart-schemas.ts';
import type { Management } from './management.ts';
import { choice, shownTime, strict, text } from './schemas.ts';

const NewNotice = strict(
  {
    kind: choice(['deprecated', 'yanked'], 'Only versions can be yanked, not a whole chart.'),
    reason: Type.Optional(text(500, 'For whoever uses it.', 0)),
    replacement: Type.Optional(
      text(300, 'What to use instead: a version, or a chart such as "team/web2", with or without one.', 0),
    ),
  },
  { title: 'NewChartNotice', description: 'What to say; it takes the place of what was said before.' },
);
const RemovalQuery = strict({
  kind: Type.Optional(choice(['deprecated', 'yanked'], 'Only when it says this; otherwise whatever it says.')),
});
const REMOVED = { 204: Type.Null({ description: 'Nothing is said any more.' }) };
const tags = ['charts'];

const PUT_CHART = {
  ...{ operationId: 'putChartNotice', tags, summary: 'Deprecate a chart; takes the right to delete from it' },
  ...{ params: ChartPath, body: NewNotice, response: { 200: Notice } },
};
const REMOVE_CHART = {
  ...{ operationId: 'removeChartNotice', tags, summary: 'Take back what was said of a chart' },
  ...{ params: ChartPath, querystring: RemovalQuery, response: REMOVED },
};
const PUT_VERSION = {
  ...{ operationId: 'putVersionNotice', tags, summary: 'Yank or deprecate a version; takes the right to delete it' },
  ...{ params: VersionPath, body: NewNotice, response: { 200: Notice } },
};
const REMOVE_VERSION = {
  ...{ operationId: 'removeVersionNotice', tags, summary: 'Take back what was said of a version' },
  ...{ params: VersionPath, querystring: RemovalQuery, response: REMOVED },
};

export function noticeRoutes(app: Routes, { registry: { notices } }: Management): void {
  const config = { access: 'reader', refuses: [404] } as const;
  const put = async (request: FastifyRequest, subject: NoticeSubject, said: Static<typeof NewNotice>) => {
    const { kind, reason = '', replacement = '' } = said;
    const { notedAt, notedBy } = await notices.put({ ...subject, kind, reason, replacement }, actorOf(request));
    const about = subject.tag === '' ? ('chart' as const) : ('version' as const);
    return { kind, about, reason, replacement, createdAt: shownTime(notedAt), createdBy: notedBy };
  };

  app.put('/charts/:chart/-/notice', { config, schema: PUT_CHART }, async (request) =>
    put(request, subjectOf(request, request.params), request.body),
  );
  app.delete('/charts/:chart/-/notice', { config, schema: REMOVE_CHART }, async (request, reply) => {
    await notices.remove(subjectOf(request, request.params), actorOf(request), request.query.kind);
    return await reply.code(204).send(null);
  });
  app.put('/charts/:chart/-/versions/:version/notice', { config, schema: PUT_VERSION }, async (request) =>
    put(request, subjectOf(request, request.params), request.body),
  );
  app.delete(
    '/charts/:chart/-/versions/:version/notice',
    { config, schema: REMOVE_VERSION },
    async (request, reply) => {
      await notices.remove(subjectOf(request, request.params), actorOf(request), request.query.kind);
      return await reply.code(204).send(null);
    },
  );
}

/** @throws Unauthorized, or RegistryError FORBIDDEN, the same whether there is such a chart or not */
function subjectOf(
  request: FastifyRequest,
  { chart, version }: { readonly chart: string; readonly version?: string },
): NoticeSubject {
  const repository = parseRepositoryName(chart);
  request.neededScope = scopeFor('delete', repository);
  authorize(request.caller, 'delete', repository);
  return { repository, tag: version === undefined ? '' : parseTag(tagOfVersion(version)) };
}
