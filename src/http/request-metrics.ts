// Counts requests and how long they take: by the pattern of the route, so that what clients write makes no new series.
import type { FastifyInstance } from 'fastify';
import { Durations } from '../metrics/durations.ts';
import type { Metrics } from '../metrics/metrics.ts';

interface Count {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

/** Of requests for what is no route: there are as many methods and addresses as clients make up. */
const NO_ROUTE = { method: 'any', route: 'none' };
/** What says that the server cannot, or not now. */
const FAILURES = [429, 500, 502, 503, 507];

export function measureRequests(app: FastifyInstance, metrics: Metrics): void {
  const counts = new Map<string, Count>();
  // From the start, and not by route: what Prometheus first sees at 1 has not increased for it.
  const failures = new Map(FAILURES.map((status) => [status, 0]));
  const durations = new Durations();
  let running = 0;
  let aborted = 0;
  app.addHook('onRequest', (_request, reply, done) => {
    running += 1;
    // However it ends.
    reply.raw.once('close', () => {
      running -= 1;
    });
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (request.isPassedOn) {
      done();
      return;
    }
    const { url } = request.routeOptions;
    const route = request.is404 || url === undefined ? NO_ROUTE : { method: request.method, route: url };
    const labels = { ...route, status: String(reply.statusCode) };
    const key = Object.values(labels).join(' ');
    const count = counts.get(key) ?? { labels, value: 0 };
    count.value += 1;
    counts.set(key, count);
    const failed = failures.get(reply.statusCode);
    if (failed !== undefined) failures.set(reply.statusCode, failed + 1);
    durations.observe(route, reply.elapsedTime / 1000);
    done();
  });
  app.addHook('onRequestAbort', async (request) => {
    if (!request.isPassedOn) aborted += 1;
  });
  metrics.add({
    name: 'chartroom_http_requests_total',
    help: 'Requests that were answered, by the pattern of the route.',
    type: 'counter',
    read: () => [...counts.values()],
  });
  metrics.add({
    name: 'chartroom_http_failures_total',
    help: 'Of these, what says that the server cannot, or not now.',
    type: 'counter',
    read: () => [...failures].map(([status, value]) => ({ labels: { status: String(status) }, value })),
  });
  metrics.add({
    name: 'chartroom_http_request_duration_seconds',
    help: 'How long they took, with their bodies.',
    type: 'histogram',
    read: () => durations.samples(),
  });
  metrics.addGauge('chartroom_http_requests_running', 'Requests that are under way.', () => running);
  metrics.add({
    name: 'chartroom_http_requests_aborted_total',
    help: 'Requests whose client went away before its answer.',
    type: 'counter',
    read: () => [{ value: aborted }],
  });
}
