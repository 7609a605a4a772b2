// What happens to the rest of a body whose request is answered already.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** How long the rest of a body may take that nobody reads: milliseconds. */
const PASSING_OVER = 5_000;

/**
 * Lets the client go on sending for a while after it has got its answer, and then ends the connection. Ended at once, it would be
 * reset, and a client that is still sending would mostly see the reset in place of the answer (RFC 9112, section 9.6).
 */
export function passOverBody({ raw }: FastifyRequest, reply: FastifyReply): void {
  // Fastify, which would end it.
  reply.removeHeader('connection');
  passOverRest(raw, reply.raw);
}

/** Begins when the answer is sent. */
export function passOverRest(request: IncomingMessage, response: ServerResponse): void {
  response.once('finish', () => {
    if (request.complete || request.destroyed) return;
    const timer = setTimeout(() => request.socket.destroy(), PASSING_OVER).unref();
    for (const end of ['end', 'close']) request.once(end, () => clearTimeout(timer));
    request.resume();
  });
}
