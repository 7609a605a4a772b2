// The port to other hosts: requests that are bounded in size and time, follow no redirect, and go only where they may.

export interface OutgoingRequest {
  /** GET unless it is said */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** of the answer's body: bytes */
  readonly maximumBytes: number;
  /** Ends all of it, the reading of the answer too. */
  readonly signal: AbortSignal;
}

export interface OutgoingAnswer {
  /** Any, also of a redirect: whoever asked decides what it is worth. */
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer<ArrayBuffer>;
}

export interface OutgoingRequests {
  /** @throws OutgoingFailed */
  send(url: URL, request: OutgoingRequest): Promise<OutgoingAnswer>;
}

/**
 * - forbidden: the host is at an address of a private network, and nobody has allowed it
 * - too-large: the answer has more bytes than were asked for
 * - timeout: the signal has ended it
 * - unreachable: there is no connection, or it broke
 */
export type OutgoingFailure = 'forbidden' | 'too-large' | 'timeout' | 'unreachable';

/** The message is the end of a sentence that starts with the host. It tells no address: whoever reads it need not know them. */
export class OutgoingFailed extends Error {
  readonly failure: OutgoingFailure;

  constructor(failure: OutgoingFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutgoingFailed';
    this.failure = failure;
  }
}

/** What failed, when it is that which led to an error of a library in between. */
export function outgoingFailureIn(error: unknown): OutgoingFailed | undefined {
  if (error instanceof OutgoingFailed) return error;
  return error instanceof Error ? outgoingFailureIn(error.cause) : undefined;
}
