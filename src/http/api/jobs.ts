// Jobs: what runs in the background, such as garbage collection.
import { Type } from '../../json-schemas.ts';
import type { Job } from '../../lifecycle/jobs.ts';
import { RegistryError } from '../../oci/error.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, foreignCursor, listQuery, pageOf } from './paging.ts';
import { choice, orNull, shownTime, strict, Time, UUID } from './schemas.ts';

const Progress = Type.Record(Type.String(), Type.Unknown(), {
  description:
    'How far it is, or has come. For collect-garbage: manifests, blobs, leftovers and uploads that were taken away, the bytes of all, and isHeld: whether bytes wait for a backup to end.',
});
const JobShape = strict(
  {
    id: Type.String(),
    kind: choice(['collect-garbage'], 'What it does.'),
    state: choice(['running', 'succeeded', 'failed'], 'How it is, or has ended.'),
    options: Type.Record(Type.String(), Type.Unknown(), { description: 'What was asked for.' }),
    progress: Progress,
    problem: Type.String({ description: 'Why it failed; empty otherwise.' }),
    requestedBy: Type.String({ description: 'Who asked for it; chartroom: the schedule.' }),
    startedAt: Time,
    endedAt: orNull(Time, 'Null while it runs.'),
  },
  { title: 'Job', description: 'Something that runs, or ran, in the background.' },
);
const NewJob = strict(
  {
    kind: choice(['collect-garbage'], 'What it is to do.'),
    dryRun: Type.Optional(
      Type.Boolean({ description: 'Only counts what would be taken away now. Without it: false.' }),
    ),
    gracePeriod: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 30 * 24 * 3600,
        description:
          'How long nothing must have referred to what is taken away, in seconds; without it, as the setting garbageGracePeriod says. With 0, pushes that are under way may have to begin anew.',
      }),
    ),
  },
  { title: 'NewJob', description: 'A job to begin.' },
);
const Params = strict({ id: Type.String({ maxLength: 36, pattern: UUID }) });
const tags = ['jobs'];

const LIST = {
  ...{ operationId: 'listJobs', tags, summary: 'List what runs and ran in the background, the newest first' },
  querystring: listQuery({}),
  response: { 200: pageOf(JobShape) },
};
const START = {
  ...{ operationId: 'startJob', tags, summary: 'Begin a job' },
  body: NewJob,
  response: { 202: JobShape },
};
const SHOW = {
  ...{ operationId: 'getJob', tags, summary: 'Read how far a job is' },
  params: Params,
  response: { 200: JobShape },
};

export function jobRoutes(app: Routes, { jobs }: Management): void {
  app.get('/jobs', { config: { access: 'administrator' }, schema: LIST }, async (request) =>
    answerPage(request, {
      find: (after, limit) => jobs.list(readPlace(after), limit),
      key: ({ startedAt, id }) => [String(startedAt), id],
      keyLength: 2,
      show: shownJob,
    }),
  );

  app.post('/jobs', { config: { access: 'administrator', refuses: [409] }, schema: START }, async (request, reply) => {
    const { kind, dryRun = false, gracePeriod } = request.body;
    const period = gracePeriod === undefined ? {} : { gracePeriod: gracePeriod * 1000 };
    const job = await jobs.start(kind, { dryRun, ...period }, managerOf(request).author);
    return await reply.code(202).header('location', `/api/v1/jobs/${job.id}`).send(shownJob(job));
  });

  app.get('/jobs/:id', { config: { access: 'administrator', refuses: [404] }, schema: SHOW }, async (request) => {
    const job = await jobs.find(request.params.id);
    if (!job) throw new RegistryError('NOT_FOUND', `there is no job ${request.params.id}: it may be forgotten by now`);
    return shownJob(job);
  });
}

function readPlace([startedAt, id]: readonly string[]): Pick<Job, 'startedAt' | 'id'> | undefined {
  if (startedAt === undefined || id === undefined) return undefined;
  if (!/^\d{1,15}$/.test(startedAt)) throw foreignCursor();
  return { startedAt: Number(startedAt), id };
}

function shownJob({ id, kind, state, options, progress, problem, requestedBy, startedAt, endedAt }: Job) {
  return {
    ...{ id, kind: kind as 'collect-garbage', state, options: { ...options }, progress: { ...progress } },
    ...{ problem, requestedBy, startedAt: shownTime(startedAt), endedAt: endedAt === null ? null : shownTime(endedAt) },
  };
}
