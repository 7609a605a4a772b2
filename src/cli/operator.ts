// Who works at the command line, as the record of changes names them.
import { userInfo } from 'node:os';

export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user id may have no name.
    return 'operator';
  }
}
