// The scopes of robots and personal tokens: how they are checked when they are given, stored and read.
import { parseRepositoryName } from '../oci/repository-name.ts';
import type { Scope } from './rights.ts';
import { type Action, ALL_ACTIONS } from './roles.ts';

const MAXIMUM_SCOPES = 50;
/** What a name may have, and the two characters that stand for others. */
const CHARTS = /^[a-z0-9._/*?-]{1,128}$/;

/** As somebody asks for it; namespaces with or without slashes around them. */
export interface AskedScope {
  readonly namespace: string;
  readonly charts?: string | undefined;
  readonly actions: readonly Action[];
}

/** What is wrong with a scope, as a sentence for the person who asked for it. */
export class ScopeError extends Error {}

/** @throws ScopeError */
export function checkScopes(asked: readonly AskedScope[]): readonly Scope[] {
  if (asked.length === 0) throw new ScopeError('at least one scope is needed: a namespace and what may be done there');
  if (asked.length > MAXIMUM_SCOPES) throw new ScopeError(`there may be at most ${MAXIMUM_SCOPES} scopes`);
  return asked.map(({ namespace, charts = '*', actions }) => {
    if (!CHARTS.test(charts)) {
      throw new ScopeError(`"${charts}" is no pattern of charts: write a chart's name, with "*" for any characters`);
    }
    if (actions.length === 0) throw new ScopeError(`nothing may be done on ${namespace}: name pull, push or delete`);
    // Whoever pushes looks first whether it is there already.
    const needed = new Set<Action>(actions.includes('push') ? ['pull', ...actions] : actions);
    return {
      namespace: parseNamespace(namespace),
      charts,
      actions: ALL_ACTIONS.filter((action) => needed.has(action)),
    };
  });
}

/** `/` and the empty text are the root, whose path is empty. @throws ScopeError */
export function parseNamespace(text: string): string {
  const path = text.replace(/^\/+|\/+$/g, '');
  try {
    return path === '' ? '' : parseRepositoryName(path);
  } catch {
    throw new ScopeError(
      `"${text.slice(0, 100)}" is not a path: write it like "team" or "team/charts", or "/" for everything`,
    );
  }
}

/** As `checkScopes` gave them and the database keeps them. */
export function parseScopesOf(json: string): readonly Scope[] {
  return JSON.parse(json) as readonly Scope[];
}
