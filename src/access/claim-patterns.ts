// Compares what an identity token claims with the patterns of a trust rule.
import { matchesGlob } from '../oci/glob.ts';

export type Claims = Readonly<Record<string, unknown>>;

/**
 * Whether every pattern fits. In a pattern "*" stands for any characters, "/" too, and "?" for one. A key that starts with
 * "/" is a JSON pointer into the claims (RFC 6901), any other one is a claim's name. Numbers and booleans are compared as
 * text; of a list, one member has to fit; what is missing, null or an object fits nothing.
 */
export function matchesClaims(claims: Claims, patterns: Readonly<Record<string, string>>): boolean {
  return Object.entries(patterns).every(([key, pattern]) => {
    const value = key.startsWith('/') ? valueAt(claims, key) : ownMember(claims, key);
    return (Array.isArray(value) ? value : [value]).some((member) => matchesValue(member, pattern));
  });
}

function matchesValue(value: unknown, pattern: string): boolean {
  switch (typeof value) {
    case 'string':
      return matchesGlob(value, pattern);
    case 'number':
    case 'boolean':
      return matchesGlob(String(value), pattern);
    default:
      return false;
  }
}

/** RFC 6901, section 4 */
function valueAt(claims: Claims, pointer: string): unknown {
  const names = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<unknown>((value, name) => ownMember(value, name), claims);
}

function ownMember(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Claims)[name];
}
