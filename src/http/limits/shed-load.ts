// Refuses requests before memory runs out, so that those that are under way can end.
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RegistryError } from '../../oci/error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ServerLimits } from './server-limits.ts';

/** milliseconds between two lines of the log */
const LOG_INTERVAL = 60_000;

interface LoadLimits {
  readonly limits: Pick<ServerLimits, 'maximumHeap' | 'maximumMemory'>;
  readonly clock: Clock;
}

/**
 * Looks at memory once a second. The delay of the event loop is not looked at: it says that answers are slow, which refusals do
 * not mend, and the plugin takes one pause of a second, such as any busy machine has, for a delay without end.
 */
export async function shedLoad(app: FastifyInstance, { limits, clock }: LoadLimits): Promise<void> {
  let loggedAt = Number.NEGATIVE_INFINITY;
  await app.register(underPressure, {
    maxHeapUsedBytes: limits.maximumHeap,
    maxRssBytes: limits.maximumMemory,
    pressureHandler: async (request, _reply, measure, bytes) => {
      if (isCheap(request)) return;
      if (Math.abs(clock.now() - loggedAt) > LOG_INTERVAL) {
        loggedAt = clock.now();
        request.log.warn({ measure, bytes, ...limits }, 'requests are refused, since memory runs out');
      }
      throw new RegistryError('UNAVAILABLE', 'the registry has hardly any memory left: try again in a moment');
    },
  });
}

/** How the process is, whether an artifact is there, and what goes on with an upload, which is never kept in memory. */
function isCheap({ method, routeOptions: { config, url } }: FastifyRequest): boolean {
  const asksWhetherThere = method === 'HEAD' && url?.startsWith('/v2/') === true;
  return url === '/livez' || url === '/metrics' || asksWhetherThere || (config.continuesUpload ?? false);
}
