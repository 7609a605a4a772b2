// How many requests in a minute a principal may send, or an address whose requests are nobody's.
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { TooManyRequests } from '../../oci/error.ts';
import type { Clock } from '../../ports/clock.ts';
import { isHealthCheck } from '../health.ts';
import { MINUTE, RequestBuckets, storeOf } from './request-buckets.ts';
import { sourceOf } from './source.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Credentials are found out about by the handler, which counts the request itself: they may be in the body. */
    readonly takesCredentials?: boolean;
  }
}

/** Finds out who sends a request, in the way that it is given, and counts the request as theirs. */
export type CountedIdentification = (request: FastifyRequest, identify: () => Promise<Caller>) => Promise<Caller>;

interface RequestRates {
  /** 0 for no limit. */
  readonly requestsPerMinute: number;
  readonly clock: Clock;
  /** Where others count as well. */
  readonly buckets?: RequestBuckets | undefined;
}

/**
 * Refuses with 429: requests without a credential before anything else is done for them; all others once it is known whose
 * they are, which costs little, since wrong passwords have limits of their own (`access/guessing.ts`).
 */
export async function limitRequests(
  app: FastifyInstance,
  { requestsPerMinute, clock, buckets = new RequestBuckets(clock) }: RequestRates,
): Promise<CountedIdentification> {
  if (requestsPerMinute === 0) {
    return async (request, identify) => {
      request.caller = await identify();
      return request.caller;
    };
  }
  const store = storeOf(buckets);
  // helm does not repeat a PUT of a blob. So what goes on with an upload is counted apart: whoever was let begin can end.
  const keyGenerator = (request: FastifyRequest): string =>
    goesOn(request) ? `${sourceOf(request).key} going on` : sourceOf(request).key;
  await app.register(rateLimit, { global: false, max: requestsPerMinute, timeWindow: MINUTE, keyGenerator, store });
  const count = app.createRateLimit();
  const counted = new WeakSet<FastifyRequest>();

  const admit = async (request: FastifyRequest): Promise<void> => {
    counted.add(request);
    const result = await count(request);
    if (!result.isAllowed && result.isExceeded) throw refusal(request, requestsPerMinute, result.ttlInSeconds);
  };
  app.addHook('onRequest', (request, _reply, done) => {
    if (isHealthCheck(request) || isCountedLater(request)) done();
    else admit(request).then(() => done(), done);
  });
  return async (request, identify) => {
    try {
      request.caller = await identify();
    } catch (error) {
      // It is answered as it deserves, but it leaves less for others at this address who are nobody.
      await count(request);
      throw error;
    }
    if (!counted.has(request)) await admit(request);
    return request.caller;
  };
}

function isCountedLater({ headers, routeOptions: { config }, is404 }: FastifyRequest): boolean {
  if (is404) return false;
  const { access, takesCredentials = false } = config;
  return takesCredentials || (headers.authorization !== undefined && access !== undefined && access !== 'anybody');
}

function goesOn({ routeOptions: { config } }: FastifyRequest): boolean {
  return config.continuesUpload ?? false;
}

function refusal(request: FastifyRequest, requestsPerMinute: number, seconds: number): TooManyRequests {
  const { name } = sourceOf(request);
  const wait = seconds === 1 ? '1 second' : `${seconds} seconds`;
  return new TooManyRequests(
    `too many requests from ${name}: at most ${requestsPerMinute} are taken in a minute; wait ${wait}, then try again`,
    seconds,
  );
}
