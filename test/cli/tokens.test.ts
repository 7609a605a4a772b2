// `chartroom token …`, on a registry whose server does not run.
import { expect, test } from 'vitest';
import type { Token } from '../../src/cli/answers.ts';
import { failure, NOTHING_TO_SHOW, registryFolder, success } from './registry-folder.ts';

test('a token is made for a user, with its secret alone on standard output', async () => {
  await using registry = await registryFolder();
  const { code, stdout, stderr } = await registry.chartroom('token add laptop --user admin --scope team:pull');
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^chr_[0-9A-Za-z]{38}\n$/) });
  expect(stderr).toMatch(
    /^added the token "laptop" of admin for team:pull, until .* UTC; its id is [\da-f-]{36}\nThe secret is shown only this once\. It logs in with "helm registry login localhost:5000 --username admin --password-stdin --plain-http":\n$/,
  );
});

test('a token for the command line is said to be one, and lists show what each is for', async () => {
  await using registry = await registryFolder();
  const added = await registry.chartroom('token add api --user admin --management --expires never');
  expect(added.stderr).toContain('"api" of admin for everything and management, for ever;');
  expect(added.stderr).toContain(
    'Commands with --server take it from CHARTROOM_TOKEN, or from a file with --token-file.',
  );
  await registry.chartroom('user add ann --password-stdin', 'long-enough\n');
  await registry.chartroom('token add laptop --user ann');
  const { stdout } = await registry.chartroom('token list');
  const rows = stdout.trim().split('\n').slice(1);
  expect(rows.map((row) => row.split(/ {2,}/).slice(1, 4)).toSorted()).toEqual([
    ['admin', 'api', 'everything and management'],
    ['ann', 'laptop', 'everything'],
  ]);
  expect((await registry.chartroom('token list --user ann')).stdout.trim().split('\n')).toHaveLength(2);
});

test('a token is rotated and removed by its id', async () => {
  await using registry = await registryFolder();
  const { token, secret } = await registry.json<{ token: Token; secret: string }>('token add laptop --user admin');
  expect(secret).toMatch(/^chr_/);
  const rotated = await registry.chartroom(`token rotate ${token.id} --overlap 0`);
  expect(rotated.stdout).not.toBe(`${secret}\n`);
  expect(rotated.stderr).toContain('the token "laptop" of admin has another secret; those before it have ended\n');
  expect(await registry.chartroom(`token remove ${token.id}`)).toEqual(success(`removed the token ${token.id}`));
  expect(await registry.chartroom(`token remove ${token.id}`)).toEqual(
    failure(`there is no personal token ${token.id} of yours: see "chartroom token list"`),
  );
  expect(await registry.chartroom('token list')).toEqual(NOTHING_TO_SHOW);
});

test('what cannot be done with tokens is refused with the reason', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('token add laptop --user admin');
  const refusals = {
    'token add laptop': 'a personal token belongs to a user: name it with --user',
    'token add laptop --user nobody': 'there is no user nobody: see "chartroom user list"',
    'token add laptop --user admin': 'admin has a token "laptop" already: choose another name, or rotate that one',
    'token add api --user admin --management --scope team:pull':
      'a token for the management API has all rights of its owner: leave the scopes out',
  };
  for (const [words, message] of Object.entries(refusals)) {
    expect(await registry.chartroom(words)).toEqual(failure(message));
  }
});
