// Scopes as people write them: `team:pull`, `team/charts:pull,push`, `team:web-*:pull`, `/:pull`.
import type { Scope } from './answers.ts';
import { type Option, UsageError } from './command.ts';

const SYNTAX = 'PATH[:CHARTS]:ACTIONS';
const ACTIONS = ['pull', 'push', 'delete'];

export const SCOPE_OPTION: Option = {
  name: 'scope',
  value: SYNTAX,
  summary:
    'what may be done where, such as team:push, team:web-*:pull,push or /:pull; push includes pull; once for each path',
  isRepeated: true,
};

/** @throws UsageError */
export function readScope(text: string): Scope {
  const parts = text.split(':');
  const [namespace = '', charts = '*'] = parts.length === 3 ? parts : [parts[0], '*'];
  const actions = (parts.at(-1) ?? '').split(',');
  if (parts.length < 2 || parts.length > 3 || namespace === '' || charts === '') {
    throw new UsageError(
      `"${text}" is no scope: write it as ${SYNTAX}, like team:push, team:web-*:pull,push or, for everything, /:pull`,
    );
  }
  const unknown = actions.find((action) => !ACTIONS.includes(action));
  if (unknown !== undefined) {
    throw new UsageError(`"${unknown}" in "${text}" is no action: use ${ACTIONS.join(', ')}, separated by commas`);
  }
  return { namespace, charts, actions };
}

export function shownScope({ namespace, charts, actions }: Scope): string {
  const path = namespace === '' ? '/' : namespace;
  return charts === '*' ? `${path}:${actions.join(',')}` : `${path}:${charts}:${actions.join(',')}`;
}

/** The path that all of them lie below, as long as it is: that of a robot which has these scopes. */
export function commonPath(scopes: readonly Scope[]): string {
  const [first = [], ...others] = scopes.map(({ namespace }) => namespace.split('/').filter((part) => part !== ''));
  const length = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return first.slice(0, length === -1 ? first.length : length).join('/') || '/';
}
