// The audit trail: what was done and what was refused.

import { Readable } from 'node:stream';
import type { Static } from 'typebox';
import type { AuditEvent } from '../../accounts/audit-trail.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import type { Management } from './management.ts';
import { answerPage, foreignCursor, listQuery, pageOf } from './paging.ts';
import { choice, orNull, readTime, shownTime, strict, Time, text, time } from './schemas.ts';

const JSON_LINES = 'application/jsonl';

const Outcome = choice(['allowed', 'refused'], 'How it ended.');
const Event = strict(
  {
    id: Type.Integer({ description: 'Later ones are larger.' }),
    at: Time,
    kind: Type.String({ description: 'What happened, such as "user.added".' }),
    actor: Type.String({ description: 'Who it was.' }),
    actorKind: Type.String({ description: 'anonymous, open, operator, robot, system, user or workload.' }),
    credential: Type.String({ description: 'What they showed, such as "password" or "token chr_ab12cd34…".' }),
    clientAddress: Type.String(),
    userAgent: Type.String(),
    outcome: Outcome,
    repository: Type.String({ description: 'Empty when it was about none.' }),
    tag: orNull(Type.String(), 'Null when it was about none.'),
    digest: orNull(Type.String(), 'Null when it was about none.'),
    detail: Type.Record(Type.String(), Type.Unknown(), { description: 'What changed, or why it was refused.' }),
  },
  { title: 'Event', description: 'Something that was done or refused.' },
);
const filters = {
  actor: Type.Optional(text(300, 'Who it was.')),
  kind: Type.Optional(text(100, 'What happened: "user.added", or "user" for all that begins with "user.".')),
  repository: Type.Optional(text(255, 'This repository and all below it.')),
  outcome: Type.Optional(Outcome),
  address: Type.Optional(text(100, 'From which address.')),
  from: Type.Optional(time('Not before then.')),
  to: Type.Optional(time('Before then.')),
};
const Filters = strict(filters);
const tags = ['audit'];

const LIST = {
  ...{
    operationId: 'listEvents',
    tags,
    summary: 'List what happened, the newest first',
  },
  querystring: listQuery(filters),
  response: { 200: pageOf(Event) },
};
/** As its own type: what is sent is a stream of it. */
const Lines: object = {
  description: 'All of it, an event on each line.',
  content: { [JSON_LINES]: { schema: Type.String({ description: 'Lines of JSON, each one an "Event".' }) } },
};
const EXPORT = {
  ...{ operationId: 'exportEvents', tags, summary: 'Export what happened, the newest first' },
  querystring: Filters,
  response: { 200: Lines },
};

export function auditRoutes(app: Routes, { accounts: { auditTrail } }: Management): void {
  app.get('/audit', { config: { access: 'administrator' }, schema: LIST }, async (request) => {
    const filter = readFilter(request.query);
    return await answerPage(request, {
      find: (after, limit) => auditTrail.list(filter, { before: readId(after), limit }),
      key: ({ id }) => [String(id)],
      keyLength: 1,
      show: shownEvent,
    });
  });

  app.get('/audit/export', { config: { access: 'administrator' }, schema: EXPORT }, async (request, reply) => {
    const events = auditTrail.export(readFilter(request.query));
    return await reply.type(JSON_LINES).send(Readable.from(linesOf(events)));
  });
}

function readId([text]: readonly string[]): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw foreignCursor();
  return Number(text);
}

async function* linesOf(events: AsyncIterable<AuditEvent>): AsyncIterable<string> {
  for await (const event of events) yield `${JSON.stringify(shownEvent(event))}\n`;
}

function readFilter(query: Static<typeof Filters>) {
  const { actor, kind, repository, outcome, address, from, to } = query;
  return {
    ...{ actor, kind, repository, outcome, clientAddress: address },
    from: from === undefined ? undefined : readTime(from),
    to: to === undefined ? undefined : readTime(to),
  };
}

function shownEvent({ at, ...event }: AuditEvent) {
  const { id, kind, actor, actorKind, credential, clientAddress, userAgent, outcome, repository, tag, digest, detail } =
    event;
  return {
    ...{ id, at: shownTime(at), kind, actor, actorKind, credential, clientAddress, userAgent },
    ...{ outcome, repository, tag, digest, detail: { ...detail } },
  };
}
