// How a path that somebody has typed is repeated: as the lists show it, without slashes at its ends.

export function shownPath(typed: string): string {
  return typed.replace(/^\/+|\/+$/g, '') || '/';
}
