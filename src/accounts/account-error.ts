// The refusal of a change to who may do what.

/** What kind of refusal it is; `http/api` has a status for each. */
export type AccountErrorReason = 'conflict' | 'forbidden' | 'invalid' | 'missing';

/** A change that cannot be made as asked; the message is for the person who asked. */
export class AccountError extends Error {
  readonly reason: AccountErrorReason;

  constructor(reason: AccountErrorReason, message: string) {
    super(message);
    this.name = 'AccountError';
    this.reason = reason;
  }
}
