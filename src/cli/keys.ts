// `chartroom key rotate`: another key for signing tokens.
import { rotateSigningKey } from '../data-folder/rotate-signing-key.ts';
import type { Command, Option } from './command.ts';
import { REFUSED_SERVER, requireNoServer } from './connection.ts';
import { operatorName } from './operator.ts';
import { printLine } from './print.ts';

const NOW: Option = {
  name: 'now',
  summary: 'tokens signed with the key before it end at once, and everybody fetches new ones; for a key that leaked',
};

export const keyRotate: Command = {
  name: 'key rotate',
  words: [],
  summary: 'sign tokens with another key from now on; on the machine of the server only',
  options: [NOW],
  commonOptions: [REFUSED_SERVER],
  run: async ({ options, settings }) => {
    requireNoServer(
      options,
      'key rotate',
      'the signing key is a file of the data folder, which no server changes for others',
    );
    const isNow = options.has(NOW.name);
    const config = settings.load();
    await rotateSigningKey(config, { acceptOldFor: isNow ? 0 : config.tokenLifetime, operator: operatorName() });
    printLine(
      isNow
        ? 'tokens are signed with another key, and all that were signed before have ended: every client fetches a new one by itself'
        : `tokens are signed with another key; those that were signed before are good until they end, in at most ${config.tokenLifetime} seconds`,
    );
  },
};
