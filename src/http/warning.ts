// Warnings: for the person at the client, about what was answered all the same (OCI Distribution Spec, "Warnings").
import type { FastifyReply } from 'fastify';

/** One header line more. crane prints them, oras those of a push, helm none. */
export function warn(reply: FastifyReply, warning: string): void {
  const text = warning
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, "'")
    .slice(0, 1000);
  reply.header('warning', [...warningsOf(reply), `299 - "${text}"`]);
}

function warningsOf(reply: FastifyReply): readonly string[] {
  const warnings = reply.getHeader('warning');
  return Array.isArray(warnings) ? warnings : [];
}
