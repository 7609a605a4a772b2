// While the server stops: running requests end, and with them their connections; what begins now is refused.
import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../oci/error.ts';

export function closeConnectionsWhenStopping(app: FastifyInstance): void {
  let isStopping = false;
  app.addHook('preClose', async () => {
    isStopping = true;
  });
  app.addHook('onRequest', async () => {
    if (isStopping) throw new RegistryError('UNAVAILABLE', 'the registry is stopping: try again in a moment');
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping) reply.header('connection', 'close');
  });
}
