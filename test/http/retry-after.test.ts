// A refusal that passes by itself says after how many seconds it may be asked again.
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { answerError } from '../../src/http/errors.ts';
import { RegistryError, TooManyRequests } from '../../src/oci/error.ts';

test.each([
  [new TooManyRequests('too many wrong passwords: wait 900 seconds', 900), 429, 'TOOMANYREQUESTS', '900'],
  [new RegistryError('TOO_MANY_REQUESTS', 'too many passwords are being checked'), 429, 'TOOMANYREQUESTS', '1'],
  [new RegistryError('UNAVAILABLE', 'the registry is stopping'), 503, 'UNKNOWN', '5'],
])('%s: %d %s, after %s', async (refusal, status, code, retryAfter) => {
  const server = fastify();
  server.setErrorHandler(answerError);
  server.get('/', () => {
    throw refusal;
  });
  const answer = await server.inject('/');
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['retry-after']).toBe(retryAfter);
  expect(answer.json()).toEqual({ errors: [{ code, message: refusal.message }] });
});
