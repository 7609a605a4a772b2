// `chartroom namespace …`: what everybody may read, where floating tags are kept, what Artifact Hub is told.
import { type ArtifactHubClaim, type Namespace, readNamespace } from './answers.ts';
import { type GivenOptions, UsageError } from './command.ts';
import { allItems, type Management, withQuery } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { shownPath } from './shown-path.ts';
import { table } from './table.ts';

const INHERIT = 'inherit';
const VISIBILITY = {
  name: 'visibility',
  value: 'public|private|inherit',
  summary: 'public: everybody may read what lies below; private: whoever has a role; inherit: as the path above it',
};
const FLOATING_TAGS = {
  name: 'floating-tags',
  value: 'true|false|inherit',
  summary: 'whether the registry keeps tags such as 1 and 1.2 on the newest stable version of each chart below',
};
const HUB_ID = {
  name: 'artifact-hub-id',
  value: 'UUID',
  summary: 'the id that Artifact Hub shows of this repository, for its artifacthub-repo.yml',
};
const HUB_OWNER = {
  name: 'artifact-hub-owner',
  value: 'NAME=EMAIL',
  summary: 'who may claim it at Artifact Hub; once for each, in the place of those that were there',
  isRepeated: true as const,
};
const NO_HUB = { name: 'no-artifact-hub', summary: 'serve no artifacthub-repo.yml any more' };

export const namespaceCommands = [
  managementCommand({
    name: 'namespace set',
    words: ['PATH'],
    summary: 'settle what holds for a path and all below it; "/" is everything',
    options: [VISIBILITY, FLOATING_TAGS, HUB_ID, HUB_OWNER, NO_HUB],
    hasAnswer: true,
    needsOption: true,
    run: setNamespace,
  }),
  managementCommand({
    name: 'namespace inherit',
    words: ['PATH'],
    summary: 'take back all that was set for a path: it is then as the path above it',
    run: async ({ management, words: [path = ''] }) => {
      await management.request('DELETE', withQuery('/namespaces', { path }));
      return { lines: [`${shownPath(path)} has no settings of its own any more: it is as the path above it`] };
    },
  }),
  managementCommand({
    name: 'namespace list',
    summary: 'list the paths with settings of their own; all others are as the path above them',
    hasAnswer: true,
    run: listNamespaces,
  }),
];

async function setNamespace({ management, words: [path = ''], options }: Call): Promise<Outcome> {
  const change = {
    ...given('visibility', readChoice(options, VISIBILITY.name, { public: 'public', private: 'private' })),
    ...given('floatingTags', readChoice(options, FLOATING_TAGS.name, { true: true, false: false })),
    ...given('artifactHub', await readClaim(management, path, options)),
  };
  const answer = await management.request('PUT', '/namespaces', { path, ...change });
  const namespace = readNamespace(answer);
  const lines = {
    visibility: visibilityLine(namespace),
    floatingTags: floatingTagsLine(namespace),
    artifactHub: artifactHubLine(namespace),
  };
  return { answer, lines: Object.entries(lines).flatMap(([name, line]) => (name in change ? [line] : [])) };
}

function given(name: string, value: unknown): object {
  return value === undefined ? {} : { [name]: value };
}

/** @returns null for "inherit", undefined when the option was not given @throws UsageError for anything else */
function readChoice<Value>(
  options: GivenOptions,
  name: string,
  choices: Readonly<Record<string, Value>>,
): Value | null | undefined {
  const text = options.one(name);
  if (text === undefined) return undefined;
  if (text === INHERIT) return null;
  const [, value] = Object.entries(choices).find(([choice]) => choice === text) ?? [];
  if (value !== undefined) return value;
  throw new UsageError(`--${name} is "${text}", but must be ${Object.keys(choices).join(', ')} or ${INHERIT}`);
}

/** What one of the two options leaves out stays as it was. */
async function readClaim(
  management: Management,
  path: string,
  options: GivenOptions,
): Promise<ArtifactHubClaim | null | undefined> {
  const id = options.one(HUB_ID.name);
  const owners = options.all(HUB_OWNER.name).map(readOwner);
  const isGiven = id !== undefined || owners.length > 0;
  if (options.has(NO_HUB.name)) {
    if (isGiven) throw new UsageError(`--${NO_HUB.name} takes back what --${HUB_ID.name} and --${HUB_OWNER.name} say`);
    return null;
  }
  if (!isGiven) return undefined;
  const namespaces = (await allItems(management, '/namespaces')).map(readNamespace);
  const before = namespaces.find((namespace) => namespace.path === shownPath(path))?.artifactHub;
  return {
    repositoryID: id ?? before?.repositoryID ?? null,
    owners: owners.length > 0 ? owners : (before?.owners ?? []),
  };
}

function readOwner(text: string): ArtifactHubClaim['owners'][number] {
  const [, name, email] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || email === undefined) {
    throw new UsageError(`--${HUB_OWNER.name} is "${text}", but must be NAME=EMAIL`);
  }
  return { name, email };
}

function visibilityLine({ path, visibility }: Namespace): string {
  return visibility === null ? `${path} is public or private as the path above it` : `${path} is ${visibility}`;
}

function floatingTagsLine({ path, floatingTags }: Namespace): string {
  if (floatingTags === null) return `${path} keeps floating tags if the path above it does`;
  return floatingTags ? `${path} keeps floating tags` : `${path} keeps no floating tags`;
}

function artifactHubLine({ path, artifactHub }: Namespace): string {
  if (!artifactHub) return `${path} has no artifacthub-repo.yml`;
  return `${path} has an artifacthub-repo.yml with ${shownClaim(artifactHub)}`;
}

/** `the id 4e6a… and 2 owners` */
function shownClaim({ repositoryID, owners }: ArtifactHubClaim): string {
  const count = `${owners.length} ${owners.length === 1 ? 'owner' : 'owners'}`;
  return repositoryID === null ? count : `the id ${repositoryID} and ${count}`;
}

async function listNamespaces({ management }: Call): Promise<Outcome> {
  const items = await allItems(management, '/namespaces');
  const rows = items
    .map(readNamespace)
    .map(({ path, visibility, floatingTags, artifactHub }) => [
      path,
      visibility ?? '',
      floatingTags === null ? '' : String(floatingTags),
      artifactHub ? shownClaim(artifactHub) : '',
    ]);
  const head = ['PATH', 'VISIBILITY', 'FLOATING TAGS', 'ARTIFACT HUB'];
  return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows) };
}
