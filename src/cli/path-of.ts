// Paths of the management API that have names in them.
import { UsageError } from './command.ts';

/** Builds a path: `` pathOf`/users/${name}` ``. @throws UsageError for what a URL would take for a step up */
export function pathOf(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return parts.reduce((path, part, index) => `${path}${segment(names[index - 1] ?? '')}${part}`);
}

function segment(name: string): string {
  if (name === '.' || name === '..') throw new UsageError(`"${name}" is no name`);
  return encodeURIComponent(name);
}
