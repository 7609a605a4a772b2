// `chartroom yank`, `deprecate` and what takes them back: what maintainers say of published versions.
import { chartPath, versionPath } from './chart-path.ts';
import { withQuery } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { shownPath } from './shown-path.ts';

type Kind = 'deprecated' | 'yanked';

const OPTIONS = [
  { name: 'reason', value: 'TEXT', summary: 'why, for whoever uses it' },
  { name: 'replacement', value: 'TEXT', summary: 'what to use instead: a version, or a chart with or without one' },
];

export const noticeCommands = [
  managementCommand({
    name: 'yank',
    words: ['CHART', 'VERSION'],
    summary:
      'take a version out of lists, indexes, ranges and floating tags; by its exact version it is still installed',
    options: OPTIONS,
    hasAnswer: true,
    run: async (call) => await put(call, 'yanked', 'unyank'),
  }),
  managementCommand({
    name: 'unyank',
    words: ['CHART', 'VERSION'],
    summary: 'let a yanked version back',
    run: async (call) => await remove(call, 'yanked'),
  }),
  managementCommand({
    name: 'deprecate',
    words: ['CHART', '[VERSION]'],
    summary: 'say that a version, or all of a chart, is better not used any more; nothing is taken away',
    options: OPTIONS,
    hasAnswer: true,
    run: async (call) => await put(call, 'deprecated', 'undeprecate'),
  }),
  managementCommand({
    name: 'undeprecate',
    words: ['CHART', '[VERSION]'],
    summary: 'take back that a version, or all of a chart, is deprecated',
    run: async (call) => await remove(call, 'deprecated'),
  }),
];

async function put({ management, words, options }: Call, kind: Kind, opposite: string): Promise<Outcome> {
  const { path, shown } = subjectOf(words);
  const reason = options.one('reason');
  const replacement = options.one('replacement');
  const answer = await management.request('PUT', path, {
    kind,
    ...(reason === undefined ? {} : { reason }),
    ...(replacement === undefined ? {} : { replacement }),
  });
  return { answer, lines: [`${shown} is ${kind}: "chartroom ${opposite} ${shown}" takes that back`] };
}

async function remove({ management, words }: Call, kind: Kind): Promise<Outcome> {
  const { path, shown } = subjectOf(words);
  await management.request('DELETE', withQuery(path, { kind }));
  return { lines: [`${shown} is not ${kind} any more`] };
}

function subjectOf([chart = '', version]: readonly string[]): { readonly path: string; readonly shown: string } {
  const name = shownPath(chart);
  return version === undefined
    ? { path: `${chartPath(chart)}/-/notice`, shown: name }
    : { path: `${versionPath(chart, version)}/notice`, shown: `${name} ${version}` };
}
