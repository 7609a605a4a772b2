// What `--help` prints: all commands and settings, the commands of a family, or one command with its options.
import { SETTINGS } from '../config/schema.ts';
import { type Command, callOf, type ExitCodes, type Option, usageOf } from './command.ts';
import { COMMANDS, commandOf, familyOf } from './commands.ts';
import { CONNECTION_OPTIONS } from './connection.ts';

/** What a code means where the command does not say more. */
const EXIT_CODES = { 0: 'done', 1: 'not done; standard error says why' };

/** @param words of a command or a family; all that there is, when they are neither */
export function helpFor(words: readonly string[]): string {
  const command = commandOf(words);
  if (command) return commandHelp(command);
  const family = familyOf(words[0] ?? '');
  return (family.length > 0 ? familyHelp(family) : wholeHelp()).join('\n');
}

function commandHelp(command: Command): string {
  const { summary, options, commonOptions, exitCodes } = command;
  const listed = [...options, ...commonOptions].filter(({ isHidden }) => !isHidden).map(optionEntry);
  return [
    `Usage: ${usageOf(command)}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(listed.length === 0 ? [] : ['', 'Options:', ...columns(listed)]),
    '',
    'Exit codes:',
    ...exitCodeLines(exitCodes),
    '',
    'Settings are options too, such as --data-dir: "chartroom --help" lists them.',
  ].join('\n');
}

function exitCodeLines(exitCodes: ExitCodes | undefined): readonly string[] {
  return columns(Object.entries({ ...EXIT_CODES, ...exitCodes }));
}

function familyHelp(family: readonly Command[]): readonly string[] {
  const [first] = family[0]?.name.split(' ') ?? [];
  return [
    ...columns(family.map((command) => [`chartroom ${callWithoutOptions(command)}`, command.summary])).map((line) =>
      line.trimStart(),
    ),
    '',
    `"chartroom ${first} ${family[0]?.name.split(' ')[1]} --help" and so on show the options.`,
  ];
}

function wholeHelp(): readonly string[] {
  const commands = COMMANDS.map((command) => [callWithoutOptions(command), command.summary] as const);
  const settings = SETTINGS.flatMap(({ flagName, description, default: value }) =>
    flagName ? [[`--${flagName}`, `${description}${byDefault(value)}`] as const] : [],
  );
  const configFlag = [
    '--config',
    'The file with settings. Flags count before the environment, and that before the file.',
  ] as const;
  return [
    'chartroom: a registry for Helm charts',
    '',
    'Usage: chartroom COMMAND [OPTION]...',
    '',
    'Commands ("chartroom COMMAND --help" shows the options of one):',
    ...columns(commands),
    '',
    'Commands work on the registry in --data-dir, whether its server runs or not. Most of them also work on another machine:',
    ...columns(CONNECTION_OPTIONS.map(optionEntry)),
    '',
    'Settings, for every command on this machine; also as CHARTROOM_... in the environment, such as CHARTROOM_DATA_DIR, and in a YAML file:',
    ...columns([configFlag, ...settings]),
  ];
}

function callWithoutOptions({ name, words }: Command): string {
  return [name, ...words].join(' ');
}

function optionEntry(option: Option): readonly [call: string, summary: string] {
  return [callOf(option), option.summary];
}

function columns(entries: readonly (readonly [call: string, summary: string])[]): readonly string[] {
  const width = Math.max(...entries.map(([call]) => call.length));
  return entries.map(([call, summary]) => `  ${call.padEnd(width)}  ${summary}`);
}

function byDefault(value: unknown): string {
  return value === null || (Array.isArray(value) && value.length === 0) ? '' : ` (default: ${String(value)})`;
}
