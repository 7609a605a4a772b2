// A refusal of what is asked too often says after how many seconds it may be asked again.
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { answerError } from '../../src/http/errors.ts';
import { RegistryError, TooManyRequests } from '../../src/oci/error.ts';

test.each([
  [new TooManyRequests('too many wrong passwords: wait 900 seconds', 900), '900'],
  [new RegistryError('TOO_MANY_REQUESTS', 'too many passwords are being checked'), '1'],
])('%s: after %s', async (refusal, retryAfter) => {
  const server = fastify();
  server.setErrorHandler(answerError);
  server.get('/', () => {
    throw refusal;
  });
  const answer = await server.inject('/');
  expect(answer.statusCode).toBe(429);
  expect(answer.headers['retry-after']).toBe(retryAfter);
  expect(answer.json()).toEqual({ errors: [{ code: 'TOOMANYREQUESTS', message: refusal.message }] });
});
