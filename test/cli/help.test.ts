// What the command line says to somebody who does not know it yet.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { SETTINGS } from '../../src/config/schema.ts';
import { runChartroom, type TemporaryFolder, temporaryFolder } from '../support/chartroom-process.ts';
import { failure, success } from './registry-folder.ts';

const COMMANDS = [
  'serve',
  'user add',
  'user list',
  'user passwd',
  'user remove',
  'grant add',
  'grant remove',
  'grant list',
  'namespace set',
  'namespace list',
  'config check',
];

test('the help names every command and every flag', async () => {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await runChartroom(['--help'], { folder: folder.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const first = stdout.split('\n').map((line) => line.trim());
  for (const command of COMMANDS)
    expect(
      first.filter((line) => line.startsWith(`${command} `)),
      command,
    ).toHaveLength(1);
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

test.each(['', 'help', '-h', 'user add --help', 'serve -h'])('"chartroom %s" prints the help', async (words) => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path };
  expect(await runChartroom(wordsOf(words), options)).toEqual(await runChartroom(['--help'], options));
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
    '"user" goes on with another word: "chartroom user add", "chartroom user list", "chartroom user passwd" or "chartroom user remove"',
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
  ['grant add ci writer', 'usage: chartroom grant add USER ROLE PATH'],
  ['user list everybody', 'usage: chartroom user list'],
  ['serve --prot 5001', 'the configuration is wrong:\n  --prot is not a flag; did you mean --port?'],
  ['user list --password-stdin', 'the configuration is wrong:\n  --password-stdin is not a flag'],
])('"chartroom %s" is answered with what to write instead, and makes nothing', async (words, message) => {
  await using folder = await temporaryFolder();
  expect(await run(folder, words)).toEqual(failure(message));
});

test.each(['user list', 'user add ci --password-stdin', 'grant list', 'namespace set / public'])(
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

function wordsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}

async function run(folder: TemporaryFolder, words: string) {
  return await runChartroom(wordsOf(words), { folder: folder.path, input: 'long-enough-password\n' });
}
