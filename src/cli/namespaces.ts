// `chartroom namespace …`: what everybody may read.
import { readNamespace } from './answers.ts';
import { UsageError } from './command.ts';
import { allItems, withQuery } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { shownPath } from './shown-path.ts';

export const namespaceCommands = [
  managementCommand({
    name: 'namespace set',
    words: ['PATH', 'public|private'],
    summary: 'let everybody read what lies below a path, or only those with a role; "/" is everything',
    hasAnswer: true,
    run: setVisibility,
  }),
  managementCommand({
    name: 'namespace inherit',
    words: ['PATH'],
    summary: 'take back what was set for a path: it is then as the path above it',
    run: async ({ management, words: [path = ''] }) => {
      await management.request('DELETE', withQuery('/namespaces', { path }));
      return { lines: [`${shownPath(path)} has no visibility of its own any more: it is as the path above it`] };
    },
  }),
  managementCommand({
    name: 'namespace list',
    summary: 'list the paths with a visibility of their own; all others are as the path above them',
    hasAnswer: true,
    run: listNamespaces,
  }),
];

async function setVisibility({ management, words: [path = '', visibility = ''] }: Call): Promise<Outcome> {
  if (visibility !== 'public' && visibility !== 'private') {
    throw new UsageError(`"${visibility}" is no visibility: use public or private`);
  }
  const answer = await management.request('PUT', '/namespaces', { path, visibility });
  const namespace = readNamespace(answer);
  return { answer, lines: [`${namespace.path} is ${namespace.visibility}`] };
}

async function listNamespaces({ management }: Call): Promise<Outcome> {
  const items = await allItems(management, '/namespaces');
  return { answer: { items }, lines: items.map(readNamespace).map(({ path, visibility }) => `${path}\t${visibility}`) };
}
