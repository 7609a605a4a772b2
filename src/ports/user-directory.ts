// The port to a directory outside of Chartroom that knows people, their passwords and their groups.

export interface DirectoryUser {
  /**
   * The login name as it was typed. A directory may take several spellings for one (LDAP ignores case and outer spaces in
   * most names), so two different names can be the same person; `subject` tells.
   */
  readonly name: string;
  /** What stays when the person is renamed: the entry's `entryUUID`, or its `objectGUID` in hexadecimal; its DN when it has neither. */
  readonly subject: string;
  /**
   * Every group by its DN and by its `cn`, as the directory spells them. What contains a `=` is a DN, never a `cn`. Groups in
   * different places may have the same `cn`.
   */
  readonly groups: readonly string[];
}

export interface UserDirectory {
  /**
   * Undefined when name and password do not belong together, whatever the reason: an unknown name, a wrong or an empty
   * password, an account that is disabled. Opens a connection each time; how many run at once is the caller's to bound.
   * @throws DirectoryUnreachable when the directory cannot say
   */
  authenticate(name: string, password: string): Promise<DirectoryUser | undefined>;
}

/**
 * The directory cannot say who somebody is: it is down, slow, not trusted, or refuses the service account. The message is for
 * the operator's log, one line and never with a password; who logs in should only learn that the directory does not answer.
 */
export class DirectoryUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Waiting does not help: a setting, or what it finds in the directory, is wrong. */
export class DirectoryMisconfigured extends DirectoryUnreachable {}
