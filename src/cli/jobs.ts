// `chartroom garbage-collect` and `job list`: what runs in the background, begun by hand and looked at.
import { setTimeout as wait } from 'node:timers/promises';
import { reader } from './answers.ts';
import { allItems, type Management } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { readSpan, shownTime } from './moments.ts';
import { printNote } from './print.ts';
import { table } from './table.ts';
import { counted, shownSize } from './words.ts';

/** How often is asked how far a job is: milliseconds. */
const INTERVAL = 250;
/** How often that is said: milliseconds. */
const NOTE_INTERVAL = 5_000;
const DRY_RUN = { name: 'dry-run', summary: 'only say what would be taken away now' };
const GRACE_PERIOD = {
  name: 'grace-period',
  value: 'SPAN',
  summary:
    'take away what nothing has referred to for so long, such as 90m or 7d; by default as the setting garbageGracePeriod says. With 0, pushes that are under way may have to begin anew',
};

interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly progress: Readonly<Record<string, unknown>>;
  readonly problem: string;
  readonly requestedBy: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

const readJob = reader<Job>(
  'id',
  'kind',
  'state',
  'options',
  'progress',
  'problem',
  'requestedBy',
  'startedAt',
  'endedAt',
);

export const jobCommands = [
  managementCommand({
    name: 'garbage-collect',
    summary: 'take away what nothing refers to any more, while the registry goes on; it does so by itself as well',
    options: [DRY_RUN, GRACE_PERIOD],
    hasAnswer: true,
    exitCodes: { 1: 'not begun, or ended early; standard error says why, and the next run goes on' },
    run: collectGarbage,
  }),
  managementCommand({
    name: 'job list',
    summary: 'list what runs and ran in the background, the newest first',
    hasAnswer: true,
    run: async ({ management }) => {
      const items = await allItems(management, '/jobs');
      const rows = items.map(readJob).map((job) => {
        const found = job.problem === '' ? shownResult(job) : job.problem;
        return [job.kind, job.state, shownTime(job.startedAt), job.requestedBy, found];
      });
      const head = ['JOB', 'STATE', 'STARTED', 'REQUESTED BY', 'RESULT'];
      return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows) };
    },
  }),
];

async function collectGarbage({ management, options }: Call): Promise<Outcome> {
  const isDry = options.has(DRY_RUN.name);
  const period = options.one(GRACE_PERIOD.name);
  const answer = await management.request('POST', '/jobs', {
    kind: 'collect-garbage',
    dryRun: isDry,
    ...(period === undefined ? {} : { gracePeriod: readSpan(period) }),
  });
  const ended = await follow(management, readJob(answer).id);
  const job = readJob(ended);
  const lines = job.state === 'succeeded' ? [`${isDry ? 'would take away' : 'took away'} ${shownProgress(job)}`] : [];
  const failure = job.state === 'succeeded' ? undefined : `garbage collection ended early: ${job.problem}`;
  return { answer: ended, lines, failure };
}

/** @returns the answer with the ended job */
async function follow(management: Management, id: string): Promise<unknown> {
  for (let waited = 0; ; waited += INTERVAL) {
    const answer = await management.request('GET', `/jobs/${id}`);
    const job = readJob(answer);
    if (job.state !== 'running') return answer;
    if (waited > 0 && waited % NOTE_INTERVAL === 0) printNote(`so far ${shownProgress(job)}`);
    await wait(INTERVAL);
  }
}

function shownResult(job: Job): string {
  return job.options.dryRun === true ? `dry run: ${shownProgress(job)}` : shownProgress(job);
}

/** `2 manifests, 3 blobs, 0 leftovers and 1 upload: 12.3 KiB` */
function shownProgress({ progress }: Job): string {
  const count = (name: string) => Math.round(Number(progress[name] ?? 0));
  const found = [
    counted(count('manifests'), 'manifest'),
    counted(count('blobs'), 'blob'),
    counted(count('leftovers'), 'leftover'),
  ];
  const held = progress.isHeld === true ? ', once the backup that runs has ended' : '';
  return `${found.join(', ')} and ${counted(count('uploads'), 'upload')}: ${shownSize(count('bytes'))}${held}`;
}
