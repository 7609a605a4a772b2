// Why something else that a request depends on has failed, for the log.

/**
 * The messages of the errors that led to this one; undefined when there are none. Nothing else of them is told: the causes of
 * an error at a provider of identities have its answers in them, and so tokens.
 */
export function causeOf(error: unknown): string | undefined {
  const messages: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) messages.push(cause.message);
  return messages.length > 1 ? messages.slice(1).join(': ') : undefined;
}
