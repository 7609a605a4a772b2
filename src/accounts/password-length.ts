// How long passwords are that people choose.

/** characters */
export const MINIMUM_PASSWORD_LENGTH = 8;
export const MAXIMUM_PASSWORD_LENGTH = 1024;

/** What is wrong with the length, as a sentence that does not show the password; undefined when it may be one. */
export function passwordLengthFault({ length }: string): string | undefined {
  if (length >= MINIMUM_PASSWORD_LENGTH && length <= MAXIMUM_PASSWORD_LENGTH) return undefined;
  return `a password has ${MINIMUM_PASSWORD_LENGTH} to ${MAXIMUM_PASSWORD_LENGTH} characters, this one has ${length}`;
}
