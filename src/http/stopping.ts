// While the server stops: running requests end, and with them their connections; what begins now is refused.
import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../oci/error.ts';

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
