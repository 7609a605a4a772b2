// The path of a request as the client wrote it: what logs and answers may repeat of its target.

/**
 * Without the query, and without what stands before the path when the target is in absolute form (RFC 9112, 3.2.2), which
 * may be a name and a password.
 */
export function requestPath(target: string): string {
  return withoutAuthority(target).split('?')[0] ?? '';
}

/** `http://host/v2/` is `/v2/`, as every server must understand it, and `http://host` is `/` (RFC 3986, section 6.2.3). */
export function withoutAuthority(target: string): string {
  return target.replace(/^https?:\/\/[^/?]*(\/?)/i, '/');
}
