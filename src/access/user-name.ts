// The names that users can have.

/** No character that a shell, a URL, a database or a message treats in a special way. */
const USER_NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

export function isUserName(text: string): boolean {
  return text.length <= 64 && USER_NAME.test(text);
}

/** What `isUserName` wants, for messages. */
export const NAME_RULE = 'lower-case letters and digits, joined by single ".", "_" or "-", at most 64';
