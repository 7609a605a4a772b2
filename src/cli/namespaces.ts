// `chartroom namespace …`: what everybody may read.
import { displayNamespace } from '../access/accounts.ts';
import { openDataFolder } from '../app.ts';
import { type Command, UsageError } from './command.ts';
import { operatorName } from './operator.ts';
import { shownPath } from './shown-path.ts';

export const namespaceCommands: readonly Command[] = [
  {
    name: 'namespace set',
    usage: 'PATH public|private',
    summary: 'let everybody read what lies below a path, or only those with a role; "/" is everything',
    positionals: 2,
    run: async ({ config, positionals: [path = '', visibility = ''], print }) => {
      if (visibility !== 'public' && visibility !== 'private') {
        throw new UsageError(`"${visibility}" is no visibility: use public or private`);
      }
      await using dataFolder = await openDataFolder(config);
      await dataFolder.accounts.setVisibility({ path, visibility, actor: operatorName() });
      print(`${shownPath(path)} is ${visibility}`);
    },
  },
  {
    name: 'namespace list',
    usage: '',
    summary: 'list the paths with a visibility of their own; all others are as the path above them',
    positionals: 0,
    run: async ({ config, print }) => {
      await using dataFolder = await openDataFolder(config);
      const namespaces = await dataFolder.accounts.listNamespaces();
      if (!namespaces.some((namespace) => namespace.path === '')) print('/\tprivate');
      for (const { path, visibility } of namespaces) print(`${displayNamespace(path)}\t${visibility}`);
    },
  },
];
