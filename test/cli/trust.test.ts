// `chartroom trust …`, on a registry whose server does not run.
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure, registryFolder, success } from './registry-folder.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';
const ADD = `trust add main --issuer ${GITHUB} --audience charts.example.com --claim repository=acme/web --claim ref=refs/heads/main --role writer --namespace team`;
const WHOEVER = `whoever has identity tokens of ${GITHUB} for the audience charts.example.com with`;

test('a rule is added, shown, listed, changed, disabled and removed, each time with what it now means', async () => {
  await using registry = await registryFolder();
  expect(await registry.chartroom(ADD)).toEqual(
    success(`the rule main makes writer of team ${WHOEVER} repository=acme/web and ref=refs/heads/main`),
  );
  expect((await registry.chartroom('trust show main')).stdout).toMatch(
    /^name {6}main\ngives {5}writer of team\nissuer {4}https:.*\naudience {2}charts\.example\.com\nclaim {5}repository=acme\/web\nclaim {5}ref=refs\/heads\/main\nkeys {6}as the issuer publishes them\nstate {5}active\nadded {5}.* UTC\n$/,
  );
  expect(await registry.chartroom('trust set main --role reader --namespace / --claim repository=acme/*')).toEqual(
    success(`the rule main makes reader of / ${WHOEVER} repository=acme/*`),
  );
  expect(await registry.chartroom('trust disable main')).toEqual(
    success('the rule main is disabled, and trusts nobody: "chartroom trust enable main" takes that back'),
  );
  expect(await registry.chartroom('trust list')).toEqual(
    success(
      'NAME  GIVES        ISSUER                                       CLAIMS             STATE',
      `main  reader of /  ${GITHUB}  repository=acme/*  disabled`,
    ),
  );
  expect((await registry.chartroom('trust enable main')).stdout).toContain('the rule main makes reader of /');
  expect(await registry.chartroom('trust remove main')).toEqual(success('removed the rule main'));
  expect(await registry.json('trust list')).toEqual({ items: [] });
});

test('an issuer that cannot be asked has its keys in a file, until it can', async () => {
  await using registry = await registryFolder();
  const key = { ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }), kid: 'one' };
  await writeFile(join(registry.path, 'jwks.json'), JSON.stringify({ keys: [key] }));
  const { code } = await registry.chartroom(
    'trust add cluster --issuer https://kubernetes.default.svc --audience charts --claim sub=system:serviceaccount:ci:push --role writer --namespace team --keys jwks.json',
  );
  expect(code).toBe(0);
  expect((await registry.chartroom('trust show cluster')).stdout).toContain('\nkeys      as given with the rule\n');
  await registry.chartroom('trust set cluster --keys=');
  expect(await registry.json('trust show cluster')).toMatchObject({ keys: null });
});

test('what cannot be trusted is refused with the reason', async () => {
  await using registry = await registryFolder();
  await writeFile(join(registry.path, 'jwks.yaml'), 'keys: []\n');
  const refusals = {
    [ADD.replace(' --claim repository=acme/web', '')]: expect.stringContaining(`anybody can get a token of ${GITHUB}:`),
    [ADD.replace('repository=acme/web', 'acme/web')]:
      '"acme/web" is no claim: write NAME=PATTERN, such as repository=acme/charts',
    [ADD.replace('writer', 'owner')]: '"owner" is not a role: use one of reader, writer, maintainer',
    [ADD.replace(GITHUB, 'http://ci.example.com')]:
      'the issuer must start with https://; plain http is only for this machine itself',
    [`${ADD} --keys missing.json`]: `--keys names ${join(registry.path, 'missing.json')}, which cannot be read (ENOENT)`,
    [`${ADD} --keys jwks.yaml`]: `--keys names ${join(registry.path, 'jwks.yaml')}, which is no JSON`,
    [ADD.replace(' --namespace team', '')]:
      'usage: chartroom trust add NAME --issuer URL --audience TEXT --claim NAME=PATTERN ... --role ROLE --namespace PATH [--keys FILE]',
    'trust show main': 'there is no rule main: see "chartroom trust list"',
  };
  for (const [words, message] of Object.entries(refusals)) {
    const { code, stdout, stderr } = await registry.chartroom(words);
    expect({ code, stdout, stderr }, words).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: typeof message === 'string' ? failure(message).stderr : message,
    });
  }
});
