// Health: is the process alive, and can it serve? Open to everybody, and says nothing else.

import { RegistryError } from '../oci/error.ts';
import type { Registry } from '../registry/registry.ts';
import type { Routes } from './server.ts';

export function healthRoutes(app: Routes, registry: Registry): void {
  app.get('/livez', async (_request, reply) => reply.type('text/plain').send('ok\n'));

  app.get('/readyz', async (request, reply) => {
    try {
      await registry.checkReady();
    } catch (error) {
      request.log.error({ err: error }, 'not ready');
      throw new RegistryError('UNAVAILABLE', 'the database or the blob store cannot be used; the log says why');
    }
    return await reply.type('text/plain').send('ok\n');
  });
}
