// Which addresses an issuer of identity tokens may have: https anywhere, plain http only on this machine.

const MAXIMUM_LENGTH = 512;

/**
 * What is wrong with an issuer as somebody writes it (OpenID Connect Core 1.0, section 2, "iss": an https address without
 * query and fragment); undefined when nothing is. A slash at the end is part of its name: some issuers have one.
 */
export function issuerProblem(issuer: string): string | undefined {
  if (issuer.length > MAXIMUM_LENGTH) return `the issuer has more than ${MAXIMUM_LENGTH} characters`;
  const url = /^https?:\/\/[\x21-\x7e]+$/.test(issuer) && URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (!url) return 'the issuer must be an address, like https://gitlab.example.com, with nothing before or behind it';
  if (/[?#\\]/.test(issuer)) return 'the issuer must have no "?", "#" or "\\"';
  if (url.username !== '' || url.password !== '') return 'the issuer must have no user name or password';
  if (/\/\.well-known(?:\/|$)/.test(issuer)) return 'the issuer must end before "/.well-known"';
  if (!isSafeAddress(url)) return 'the issuer must start with https://; plain http is only for this machine itself';
  return undefined;
}

/** Whether nobody on the way can change what is fetched from there. */
function isSafeAddress(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

/** Whether what an issuer names may be asked. Only one on this machine may name this machine, whose other servers trust it. */
export function maySendTo(issuer: URL, url: URL): boolean {
  return isSafeAddress(url) && (isLoopback(issuer) || !isLoopback(url));
}

/** 127.0.0.0/8, ::1 and localhost */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
