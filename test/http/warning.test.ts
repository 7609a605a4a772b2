// Warnings of an answer: all of them, each on a line of its own, and nothing in them that would break a header.
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { warn } from '../../src/http/warning.ts';

async function warnings(...texts: readonly string[]): Promise<unknown> {
  const app = Fastify();
  app.get('/', async (_request, reply) => {
    for (const text of texts) warn(reply, text);
    return await reply.send('');
  });
  const answer = await app.inject('/');
  await app.close();
  return answer.headers.warning;
}

test('none is lost for another one', async () => {
  expect(await warnings('first', 'second')).toEqual(['299 - "first"', '299 - "second"']);
});

test.each([
  ['says "why"', `says 'why'`],
  ['a\\b', "a'b"],
  ['two\r\nlines', 'two??lines'],
  ['größer', 'gr??er'],
  ['x'.repeat(1001), 'x'.repeat(1000)],
])('%j is sent as a text that fits between quotes', async (text, sent) => {
  expect(await warnings(text)).toEqual([`299 - "${sent}"`]);
});
