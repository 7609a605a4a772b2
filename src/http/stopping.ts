// While the server stops: running requests end, and with them their connections; what begins now is refused.
import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../oci/error.ts';

/** milliseconds */
const IDLE_SWEEP = 100;

export function closeConnectionsWhenStopping(app: FastifyInstance): void {
  let isStopping = false;
  app.addHook('preClose', async () => {
    isStopping = true;
  });
  app.addHook('onRequest', (_request, _reply, done) => {
    if (isStopping) done(new RegistryError('UNAVAILABLE', 'the registry is stopping: try again in a moment'));
    else done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isStopping) reply.header('connection', 'close');
    done();
  });
}

/**
 * Node closes the connections that are idle when it is told to; here also those that become so when their request ends.
 * @param others resolves when the connections have ended of which the server does not know that they are its own
 */
export async function closeServer(
  server: FastifyInstance,
  others: () => Promise<void> = async () => undefined,
): Promise<void> {
  const sweep = setInterval(() => server.server.closeIdleConnections(), IDLE_SWEEP);
  try {
    await server.close();
    await others();
  } finally {
    clearInterval(sweep);
  }
}
