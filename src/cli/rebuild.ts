// `chartroom rebuild`: a database again, when only the blobs and the journal are left.
import { rebuildDatabase } from '../data-folder/rebuild-database.ts';
import type { Command } from './command.ts';
import { printLine, printNote } from './print.ts';

export const rebuildCommand: Command = {
  name: 'rebuild',
  words: [],
  summary: 'make a lost database again out of what else is in the data folder; for when there is no backup',
  options: [],
  commonOptions: [],
  run: async ({ settings }) => {
    const config = settings.load();
    const { repositories, manifests, tags, losses } = await rebuildDatabase(config);
    for (const loss of losses) printNote(loss);
    printNote(
      'users, groups, grants, robots, tokens, trust rules, pulls and the audit trail cannot be made again: the next start makes the user admin and shows its password, and with that the others are added again',
    );
    const lost = losses.length === 0 ? '' : `; ${losses.length} things are not as they were, see above`;
    printLine(
      `rebuilt ${repositories} repositories with ${manifests} manifests and ${tags} tags${lost}: start the server on ${config.dataDir}`,
    );
  },
};
