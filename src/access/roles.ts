// Actions on a repository, and the roles that allow them.

export type Action = 'pull' | 'push' | 'delete';

export const ROLES = ['reader', 'writer', 'maintainer'] as const;
export type Role = (typeof ROLES)[number];

const ACTIONS: Readonly<Record<Role, readonly Action[]>> = {
  reader: ['pull'],
  writer: ['pull', 'push'],
  maintainer: ['pull', 'push', 'delete'],
};

export const ALL_ACTIONS: readonly Action[] = ACTIONS.maintainer;

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

export function actionsOf(role: Role): readonly Action[] {
  return ACTIONS[role];
}

/** The least role that allows the action. */
export function roleFor(action: Action): Role {
  return ROLES.find((role) => ACTIONS[role].includes(action)) ?? 'maintainer';
}
