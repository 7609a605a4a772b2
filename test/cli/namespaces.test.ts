// Settings of namespaces by the command line: what is said, what is kept, what is refused.
import { expect, test } from 'vitest';
import { failure, registryFolder, success } from './registry-folder.ts';

const HEAD = 'PATH  VISIBILITY  FLOATING TAGS  ARTIFACT HUB';
const ID = '4e6a2b90-3c5d-4f7e-8a1b-2c3d4e5f6a7b';

const UNSET = success(HEAD, '/     private     false          -');

test('everything is private and without floating tags until it is set otherwise, and what was set is listed', async () => {
  await using registry = await registryFolder();
  expect(await registry.chartroom('namespace list')).toEqual(UNSET);
  expect(await registry.chartroom('namespace set / --visibility public')).toEqual(success('/ is public'));
  expect(await registry.chartroom('namespace set team --floating-tags true')).toEqual(
    success('team keeps floating tags'),
  );
  expect(await registry.chartroom('namespace set /team/secret/ --visibility private --floating-tags=false')).toEqual(
    success('team/secret is private', 'team/secret keeps no floating tags'),
  );
  expect((await registry.chartroom('namespace list')).stdout.split('\n')).toEqual([
    'PATH         VISIBILITY  FLOATING TAGS  ARTIFACT HUB',
    '/            public      false          -',
    'team         -           true           -',
    'team/secret  private     false          -',
    '',
  ]);
});

test('one setting is as above again by itself', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('namespace set team --visibility public --floating-tags true');
  expect(await registry.chartroom('namespace set team --visibility inherit')).toEqual(
    success('team is public or private as the path above it'),
  );
  expect((await registry.chartroom('namespace list')).stdout).toContain('team  -           true           -\n');
  expect(await registry.chartroom('namespace set team --floating-tags inherit')).toEqual(
    success('team keeps floating tags if the path above it does'),
  );
  expect(await registry.chartroom('namespace list')).toEqual(UNSET);
});

test('all settings of a path are as above again together', async () => {
  await using registry = await registryFolder();
  await registry.chartroom('namespace set team --visibility public --floating-tags true');
  expect(await registry.chartroom('namespace inherit /team/')).toEqual(
    success('team has no settings of its own any more: it is as the path above it'),
  );
  expect(await registry.chartroom('namespace list')).toEqual(UNSET);
  expect(await registry.chartroom('namespace inherit team')).toEqual(
    failure('team has no settings of its own: see "chartroom namespace list"'),
  );
});

const CLAIM = {
  repositoryID: ID,
  owners: [
    { name: 'Ann', email: 'ann@example.com' },
    { name: 'Bob', email: 'bob+hub=1@example.com' },
  ],
};

test('what Artifact Hub is told is set bit by bit', async () => {
  await using registry = await registryFolder();
  const owners = '--artifact-hub-owner Ann=ann@example.com --artifact-hub-owner Bob=bob+hub=1@example.com';
  expect(await registry.chartroom(`namespace set team ${owners}`)).toEqual(
    success('team has an artifacthub-repo.yml with 2 owners'),
  );
  expect(await registry.chartroom(`namespace set team --artifact-hub-id ${ID}`)).toEqual(
    success(`team has an artifacthub-repo.yml with the id ${ID} and 2 owners`),
  );
  const team = { path: 'team', visibility: null, floatingTags: null, artifactHub: CLAIM };
  expect(await registry.json('namespace list')).toMatchObject({ items: [{ path: '/' }, team] });
  expect(await registry.json('namespace set team --artifact-hub-owner Cem=cem@example.com')).toEqual({
    ...team,
    artifactHub: { repositoryID: ID, owners: [{ name: 'Cem', email: 'cem@example.com' }] },
  });
});

test('what Artifact Hub is told is listed, and taken back', async () => {
  await using registry = await registryFolder();
  await registry.chartroom(`namespace set / --artifact-hub-id ${ID} --artifact-hub-owner Ann=ann@example.com`);
  expect((await registry.chartroom('namespace list')).stdout).toContain(`the id ${ID} and 1 owner\n`);
  expect(await registry.chartroom('namespace set / --no-artifact-hub')).toEqual(
    success('/ has no artifacthub-repo.yml'),
  );
  expect(await registry.chartroom('namespace list')).toEqual(UNSET);
});

const USAGE =
  'usage: chartroom namespace set PATH [--visibility public|private|inherit] [--floating-tags true|false|inherit] [--artifact-hub-id UUID] [--artifact-hub-owner NAME=EMAIL ...] [--no-artifact-hub]';

test.each([
  ['namespace set team', `${USAGE}, with at least one option`],
  ['namespace set team public', USAGE],
  ['namespace set team --visibility hidden', '--visibility is "hidden", but must be public, private or inherit'],
  ['namespace set team --floating-tags yes', '--floating-tags is "yes", but must be true, false or inherit'],
  ['namespace set team --artifact-hub-owner ann', '--artifact-hub-owner is "ann", but must be NAME=EMAIL'],
  [
    'namespace set team --artifact-hub-owner Ann=ann',
    '"artifactHub/owners/0/email" in the body must be an e-mail address',
  ],
  [
    'namespace set team --artifact-hub-id 7',
    '"artifactHub/repositoryID" in the body must be a UUID such as 4e6a2b90-3c5d-4f7e-8a1b-2c3d4e5f6a7b or must be null',
  ],
  [
    `namespace set team --no-artifact-hub --artifact-hub-id ${ID}`,
    '--no-artifact-hub takes back what --artifact-hub-id and --artifact-hub-owner say',
  ],
  [
    'namespace set a//b --visibility public',
    '"a//b" is not a path: write it like "team" or "team/charts", or "/" for everything',
  ],
])('"chartroom %s" is refused with the reason', async (words, message) => {
  await using registry = await registryFolder();
  expect(await registry.chartroom(words)).toEqual(failure(message));
});
