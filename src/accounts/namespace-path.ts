// The path of a namespace as people write and read it.
import { parseNamespace, ScopeError } from '../access/scoped-rights.ts';
import { AccountError } from './account-error.ts';

/** `/` stands for the root, whose path is empty. */
export function displayNamespace(path: string): string {
  return path === '' ? '/' : path;
}

/** @throws AccountError when the text cannot be a path */
export function readNamespace(text: string): string {
  try {
    return parseNamespace(text);
  } catch (error) {
    if (error instanceof ScopeError) throw new AccountError('invalid', error.message);
    throw error;
  }
}
