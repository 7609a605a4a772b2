// What `chartroom --help` prints: the commands, and the settings with their flags.
import { SETTINGS } from '../config/schema.ts';
import type { Command } from './command.ts';

export function helpText(commands: readonly Command[]): string {
  const listed = commands.map(({ name, usage, summary }) => [`${name} ${usage}`.trimEnd(), summary] as const);
  const width = Math.max(...listed.map(([call]) => call.length));
  const settings = SETTINGS.flatMap(({ flagName, description, default: value }) =>
    flagName ? [{ flag: `--${flagName}`, description: `${description}${byDefault(value)}` }] : [],
  );
  const flagWidth = Math.max(...settings.map(({ flag }) => flag.length));
  return [
    'chartroom: a registry for Helm charts',
    '',
    'Usage: chartroom COMMAND [--SETTING VALUE]...',
    '',
    'Commands:',
    ...listed.map(([call, summary]) => `  ${call.padEnd(width)}  ${summary}`),
    '',
    'Flags of these commands:',
    '  --administrator   the user may do everything',
    '  --password-stdin  the password is read from standard input, and not asked for',
    '',
    'Settings, for every command; also as CHARTROOM_... in the environment, such as CHARTROOM_DATA_DIR, and in a YAML file.',
    'The commands work on the registry in --data-dir, whether its server runs or not.',
    `  ${'--config'.padEnd(flagWidth)}  The file with settings. Flags count before the environment, and that before the file.`,
    ...settings.map(({ flag, description }) => `  ${flag.padEnd(flagWidth)}  ${description}`),
  ].join('\n');
}

function byDefault(value: unknown): string {
  return value === null || (Array.isArray(value) && value.length === 0) ? '' : ` (default: ${String(value)})`;
}
