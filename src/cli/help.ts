// What `chartroom --help` prints: the commands, and the settings with their flags.
import { SETTINGS } from '../config/schema.ts';
import type { Command } from './command.ts';

export function helpText(commands: readonly Command[]): string {
  const listed = commands.map(({ name, usage, summary }) => [`${name} ${usage}`.trimEnd(), summary] as const);
  const width = Math.max(...listed.map(([call]) => call.length));
  const settings = SETTINGS.flatMap(({ flagName, description }) =>
    flagName ? [{ flag: `--${flagName}`, description }] : [],
  );
  const flagWidth = Math.max(...settings.map(({ flag }) => flag.length));
  return [
    'chartroom: a registry for Helm charts',
    '',
    'Commands:',
    ...listed.map(([call, summary]) => `  ${call.padEnd(width)}  ${summary}`),
    '',
    'Settings, for every command (also as CHARTROOM_… in the environment, and in the file that --config names):',
    ...settings.map(({ flag, description }) => `  ${flag.padEnd(flagWidth)}  ${description}`),
  ].join('\n');
}
