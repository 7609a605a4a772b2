// `chartroom rebuild`: a database again, when only the blobs and the journal are left.
import { rebuildDatabase } from '../data-folder/rebuild-database.ts';
import type { Command } from './command.ts';
import { REFUSED_SERVER, requireNoServer } from './connection.ts';
import { printLine, printNote } from './print.ts';
import { counted } from './words.ts';

export const rebuildCommand: Command = {
  name: 'rebuild',
  words: [],
  summary: 'make a lost database again out of what else is in the data folder; for when there is no backup',
  options: [],
  commonOptions: [REFUSED_SERVER],
  run: async ({ options, settings }) => {
    requireNoServer(options, 'rebuild', 'the database is made on the disk of the server');
    const config = settings.load();
    const rebuilt = await rebuildDatabase(config);
    for (const loss of rebuilt.losses) printNote(loss);
    printNote(
      'users, groups, grants, robots, tokens, trust rules, pulls and the audit trail cannot be made again: the next start makes the user admin and shows its password, and with that the others are added again',
    );
    printLine(rebuiltLine(rebuilt, config.dataDir));
  },
};

type Rebuilt = Awaited<ReturnType<typeof rebuildDatabase>>;

export function rebuiltLine({ repositories, manifests, tags, losses }: Rebuilt, dataDir: string): string {
  const made = `${counted(repositories, 'repository', 'repositories')} with ${counted(manifests, 'manifest')} and ${counted(tags, 'tag')}`;
  return `rebuilt ${made}${lossWords(losses.length)}: start the server on ${dataDir}`;
}

function lossWords(count: number): string {
  if (count === 0) return '';
  return count === 1 ? '; 1 thing is not as it was, see above' : `; ${count} things are not as they were, see above`;
}
