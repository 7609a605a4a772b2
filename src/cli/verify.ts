// `chartroom verify`: reads everything that is stored, and says what is not as it should be.

import { verifyDataFolder } from '../data-folder/verify-data-folder.ts';
import type { VerifyProgress, VerifyResult } from '../lifecycle/verify-storage.ts';
import { type Command, DamageFound, type Option } from './command.ts';
import { REFUSED_SERVER, requireNoServer } from './connection.ts';
import { printJson, printLine } from './print.ts';
import { showProgress } from './show-progress.ts';
import { counted, shownSize } from './words.ts';

const REPAIR: Option = {
  name: 'repair',
  summary: 'mark damaged blobs and set them aside, so that the next push of the same content heals them',
};
const JSON_OUTPUT: Option = { name: 'json', summary: 'print what was found as JSON, for scripts' };
const MAXIMUM_NAMES = 10;

export const verify: Command = {
  name: 'verify',
  words: [],
  summary: 'read everything that is stored, and say what is damaged; on the machine of the server only',
  options: [REPAIR, JSON_OUTPUT],
  commonOptions: [REFUSED_SERVER],
  exitCodes: {
    1: 'could not be run, or was cut off; standard error says why',
    2: 'all was read, and something is damaged or does not agree, also when --repair has noted it',
  },
  run: async ({ options, settings }) => {
    requireNoServer(options, 'verify', 'all that is stored is read from the disk');
    using progress = showProgress<VerifyProgress>(
      ({ blobs, bytes, manifests }) =>
        `${counted(manifests, 'manifest')}, ${counted(blobs, 'blob')}, ${shownSize(bytes)}`,
    );
    const result = await verifyDataFolder(settings.load(), {
      repair: options.has(REPAIR.name),
      signal: new AbortController().signal,
      onProgress: progress.onProgress,
    });
    progress.end();
    if (options.has(JSON_OUTPUT.name)) printJson(result, 2);
    else for (const line of linesOf(result)) printLine(line);
    const { problemCount } = result;
    if (problemCount > 0) throw new DamageFound(`not all is sound: ${counted(problemCount, 'problem')}`);
  },
};

function linesOf(result: VerifyResult): readonly string[] {
  const {
    blobs,
    bytes,
    manifests,
    tags,
    versions,
    leftovers,
    setAside,
    outdatedAside,
    problems,
    problemCount,
    isComplete,
  } = result;
  const more = problemCount - problems.length;
  return [
    ...problems.map(({ what, affected, remedy }) => `${what}${affectedWords(affected)}: ${remedy}`),
    ...(more > 0 ? [`and ${counted(more, 'more problem')}`] : []),
    isComplete
      ? `verified: ${counted(blobs, 'blob')} (${shownSize(bytes)} read), ${counted(manifests, 'manifest')}, ${counted(tags, 'tag')}, ${counted(versions, 'chart version')}`
      : 'the database is damaged, so nothing else was verified',
    ...(leftovers.blobs > 0
      ? [
          `left over from pushes that were broken off: ${counted(leftovers.blobs, 'blob')} (${shownSize(leftovers.bytes)}); garbage collection takes them`,
        ]
      : []),
    ...(setAside > 0
      ? [`kept in the folder "damaged", in case part of it is of use: ${counted(setAside, 'damaged blob')}`]
      : []),
    ...(outdatedAside > 0
      ? [
          `of no use any more in the folder "damaged": ${counted(outdatedAside, 'file')}; removed by the server's next check, or by "chartroom verify --repair"`,
        ]
      : []),
    ...(problemCount === 0 ? ['all is sound'] : []),
  ];
}

function affectedWords(affected: readonly string[]): string {
  if (affected.length === 0) return '';
  const more = affected.length - MAXIMUM_NAMES;
  return ` (needed by ${affected.slice(0, MAXIMUM_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
}
