// Warnings: for the person at the client, about what was answered all the same (OCI Distribution Spec, "Warnings").
import type { FastifyReply } from 'fastify';

/** crane prints them, oras those of a push, helm none. */
export function warn(reply: FastifyReply, warning: string): void {
  const text = warning
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, "'")
    .slice(0, 1000);
  reply.header('warning', `299 - "${text}"`);
}
