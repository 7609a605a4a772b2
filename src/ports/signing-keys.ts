// The port to the keys that sign tokens: one signs, and those before it may be accepted for a while.

export interface SigningKey {
  /** What a token's header names it by (`kid`); no secret. */
  readonly id: string;
  /** 32 random bytes. */
  readonly secret: Uint8Array;
}

/** Always as the last rotation left them, or that of a few seconds ago, until disposed of. */
export interface SigningKeys extends Disposable {
  /** The key that signs. */
  current(): SigningKey;
  /** Undefined when there is no such key, or when it is not accepted any more. */
  find(id: string): SigningKey | undefined;
}
