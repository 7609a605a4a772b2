// GET /metrics: what the server measures of itself, for Prometheus.
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.ts';
import { authorizeMetrics } from '../access/permissions.ts';
import { METRICS_TYPE, type Metrics } from '../metrics/metrics.ts';
import type { Routes } from './server.ts';

export function metricsRoute(
  app: Routes,
  { metrics, identify }: { readonly metrics: Metrics; identify(request: FastifyRequest): Promise<Caller> },
): void {
  app.route({
    method: 'GET',
    url: '/metrics',
    onRequest: async (request) => {
      request.caller = await identify(request);
      authorizeMetrics(request.caller);
    },
    handler: async (_request, reply) =>
      await reply
        .header('cache-control', 'no-store')
        .type(METRICS_TYPE)
        .send(await metrics.text()),
  });
}
