// What the command line says to somebody who does not know it yet.
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { COMMANDS, commandOf } from '../../src/cli/commands.ts';
import { parseWords } from '../../src/cli/parse-words.ts';
import { settingsFlags } from '../../src/config/load.ts';
import { SETTINGS } from '../../src/config/schema.ts';
import { runChartroom, startChartroom, type TemporaryFolder, temporaryFolder } from '../support/chartroom-process.ts';
import { failure, success } from './registry-folder.ts';

/** A line of a console, up to what is the shell's. */
const DOCUMENTED =
  /^\$ (?:npm run -s chartroom -- |docker exec (?:-\w+ )*chartroom chartroom |chartroom )([a-z][^<>|;#\n]*)/gm;

test('the help names every command and every flag', async () => {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await runChartroom(['--help'], { folder: folder.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const first = stdout.split('\n').map((line) => line.trim());
  for (const { name, words } of COMMANDS) {
    const call = [name, ...words].join(' ');
    expect(
      first.filter((line) => line.startsWith(`${call} `)),
      call,
    ).toHaveLength(1);
  }
  for (const { flagName } of SETTINGS) {
    if (flagName)
      expect(
        first.filter((line) => line.startsWith(`--${flagName} `)),
        flagName,
      ).toHaveLength(1);
  }
  expect(stdout).toMatch(/--port .*\(default: 5000\)/);
  expect(stdout).not.toContain('--admin-password ');
});

test.each(['', 'help', '-h', 'help frobnicate'])('"chartroom %s" prints all of the help', async (words) => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path };
  expect(await runChartroom(wordsOf(words), options)).toEqual(await runChartroom(['--help'], options));
});

test.each(['grant --help', 'help grant', 'grant -h'])(
  '"chartroom %s" lists what can be done with grants',
  async (words) => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await run(folder, words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.split('  ')[0])).toEqual([
      'chartroom grant add NAME ROLE PATH',
      'chartroom grant remove NAME PATH',
      'chartroom grant list',
      '',
      '"chartroom grant add --help" and so on show the options.',
      '',
    ]);
  },
);

test.each(['robot add --help', 'help robot add', 'robot add ci --scope team:push -h'])(
  '"chartroom %s" explains every option of the command',
  async (words) => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await run(folder, words);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'Usage: chartroom robot add NAME --scope PATH[:CHARTS]:ACTIONS ... [--namespace PATH] [--expires TIME] [--description TEXT]\n',
    );
    for (const name of ['scope', 'namespace', 'expires', 'description', 'json', 'server', 'token-file', 'login']) {
      expect(stdout).toMatch(new RegExp(`^ {2}--${name} .*  \\S`, 'm'));
    }
  },
);

test('no option of a command has the name of a setting, and every one is explained', () => {
  const settings = Object.keys(settingsFlags());
  for (const { name, options, commonOptions } of COMMANDS) {
    const names = [...options, ...commonOptions].map((option) => option.name);
    expect(new Set(names).size, name).toBe(names.length);
    expect(
      names.filter((each) => settings.includes(each)),
      name,
    ).toEqual([]);
    expect(
      [...options, ...commonOptions].every(({ summary }) => summary.length > 10),
      name,
    ).toBe(true);
  }
});

test.each([
  ['user add', ['  0  done', '  1  not done; standard error says why']],
  [
    'verify',
    [
      '  0  done',
      '  1  could not be run, or was cut off; standard error says why',
      '  2  all was read, and something is damaged or does not agree, also when --repair has noted it',
    ],
  ],
  [
    'backup',
    [
      '  0  done',
      '  1  there is no new backup, or a doubtful one, which lacks something; standard error says what',
      '  2  the backup is whole, and the data folder has damage that the backup has not',
    ],
  ],
])('"chartroom %s --help" says what its exit codes mean', async (words, lines) => {
  await using folder = await temporaryFolder();
  const { stdout } = await run(folder, `${words} --help`);
  expect(stdout).toContain(`\nExit codes:\n${lines.join('\n')}\n\n`);
});

test('whoever reads only the beginning gets no error for it', async () => {
  await using folder = await temporaryFolder();
  const started = startChartroom(['--help'], { folder: folder.path });
  started.child.stdout?.destroy();
  expect((await started.ended).stderr).toBe('');
});

test('--version prints the version of package.json', async () => {
  await using folder = await temporaryFolder();
  const file = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(file) as { version: string };
  expect(await run(folder, '--version')).toEqual(success(version));
});

test.each([
  [
    'user',
    '"user" goes on with another word: "chartroom user add", "chartroom user list", "chartroom user show", "chartroom user passwd", "chartroom user disable", "chartroom user enable", "chartroom user set" or "chartroom user remove"',
  ],
  [
    'grant ad ci writer team',
    '"grant" goes on with another word: "chartroom grant add", "chartroom grant remove" or "chartroom grant list"',
  ],
  ['config', '"config" goes on with another word: "chartroom config check"'],
  ['usr add ci', 'there is no command "usr"; did you mean "chartroom user add"? ("chartroom --help" lists them all)'],
  ['server', 'there is no command "server"; did you mean "chartroom serve"? ("chartroom --help" lists them all)'],
  ['frobnicate', 'there is no command "frobnicate" ("chartroom --help" lists them all)'],
  ['--port 5001 serve', 'the command stands before its flags, as in "chartroom serve --port 5001"'],
  ['user add', 'usage: chartroom user add NAME [--administrator] [--password-stdin]'],
  ['user add one two', 'usage: chartroom user add NAME [--administrator] [--password-stdin]'],
  ['user add ', 'usage: chartroom user add NAME [--administrator] [--password-stdin]'],
  ['grant add ci writer', 'usage: chartroom grant add NAME ROLE PATH [--group]'],
  ['user set ci', 'usage: chartroom user set NAME --administrator true|false'],
  [
    'group set developers',
    'usage: chartroom group set NAME [--external-name TEXT] [--administrator true|false], with at least one option',
  ],
  ['user list everybody', 'usage: chartroom user list'],
  ['serve --prot 5001', 'the command line is wrong:\n  --prot is not a flag; did you mean --port?'],
  [
    'user add ci --adminstrator',
    'the command line is wrong:\n  --adminstrator is not a flag; did you mean --administrator?',
  ],
  ['user add ci --administrator=yes', 'the command line is wrong:\n  --administrator takes no value'],
  [
    'robot add ci --scope --description=x --prot 1',
    'the command line is wrong:\n  --scope has no value; write --scope=<value>\n  --prot is not a flag; did you mean --port?',
  ],
  ['serve --server https://charts.example.com', 'the command line is wrong:\n  --server is not a flag'],
  ['user list --password-stdin', 'the command line is wrong:\n  --password-stdin is not a flag'],
])('"chartroom %s" is answered with what to write instead, and makes nothing', async (words, message) => {
  await using folder = await temporaryFolder();
  expect(await run(folder, words)).toEqual(failure(message));
});

test.each(['user list', 'user add ci --password-stdin', 'grant list', 'namespace set / --visibility public'])(
  '"chartroom %s" in a folder without a registry says so, and makes none',
  async (words) => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await run(folder, words);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^chartroom: there is no registry in \/.*\/data: name its folder with --data-dir, or start it once with "chartroom serve"\n$/,
    );
    expect(await run(folder, words)).toMatchObject({ code: 1, stderr });
  },
);

test('every command that a message suggests exists', async () => {
  const files = await readdir(new URL('../../src/', import.meta.url), { recursive: true });
  const texts = await Promise.all(
    files
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFile(new URL(`../../src/${name}`, import.meta.url), 'utf8')),
  );
  const suggested = texts.flatMap((text) =>
    [...text.matchAll(/"chartroom ([a-z]+(?: [a-z]+)?)/g)].map(([, call = '']) => call),
  );
  expect(suggested.length).toBeGreaterThan(30);
  expect(suggested.filter((call) => !commandOf(call.split(' ')))).toEqual([]);
});

test('every command in the documentation is one that would be taken', async () => {
  const names = (await readdir(new URL('../../docs/', import.meta.url))).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(
    ['README.md', ...names.map((name) => `docs/${name}`)].map((name) =>
      readFile(new URL(`../../${name}`, import.meta.url), 'utf8'),
    ),
  );
  const calls = texts.flatMap((text) => [...text.matchAll(DOCUMENTED)].map(([, call = '']) => call));
  expect(calls.length).toBeGreaterThan(50);
  const refusals = calls.flatMap((call) => {
    const words = [...call.matchAll(/"([^"]*)"|\S+/g)].map(([word, inside]) => inside ?? word);
    const command = commandOf(words);
    if (!command) return [call];
    try {
      parseWords(command, words.slice(command.name.split(' ').length));
      return [];
    } catch (error) {
      return [`${call}: ${String(error)}`];
    }
  });
  expect(refusals).toEqual([]);
});

function wordsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}

async function run(folder: TemporaryFolder, words: string) {
  return await runChartroom(wordsOf(words), { folder: folder.path, input: 'long-enough-password\n' });
}
