// Open mode is for whoever sits at this machine, and not for the sites that their browser shows.
import { isIPv4 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../oci/error.ts';

/**
 * A site can point a name of its own at 127.0.0.1 (DNS rebinding) and then sends that name as Host; or it can have the
 * browser send something to localhost, which then says as Origin where it comes from.
 */
export function answerLocalOnly(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers: { host = '', origin } }) => {
    if (isThisMachine(`http://${host}`) && (origin === undefined || isThisMachine(origin))) return;
    throw new RegistryError(
      'FORBIDDEN',
      'this registry needs no password and answers this machine alone: call it localhost or 127.0.0.1, or set "auth: accounts"',
    );
  });
}

function isThisMachine(origin: string): boolean {
  const { protocol, hostname, username } = URL.parse(origin) ?? { protocol: '', hostname: '', username: '' };
  if (!/^https?:$/.test(protocol) || username !== '') return false;
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}
