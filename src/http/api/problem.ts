// Refusals of the management API: problem details (RFC 9457).

import { STATUS_CODES } from 'node:http';
import { Type } from '../../json-schemas.ts';

export const PROBLEM_TYPE = 'application/problem+json';

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'What kind of refusal it is, for programs: urn:chartroom:problem:…' }),
    title: Type.String({ description: 'The same of every problem of the type.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    detail: Type.String({ description: 'For the person who asked: what is refused, why, and what to do next.' }),
  },
  { title: 'Problem', description: 'Why a request was refused (RFC 9457).', additionalProperties: false },
);

/**
 * A Buffer, since Fastify adds a charset to the type of anything else.
 * @param refusal.code `NOT_FOUND` becomes `urn:chartroom:problem:not-found`
 */
export function problemBody(refusal: {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
}): Buffer {
  const { code, status, detail } = refusal;
  const type = `urn:chartroom:problem:${code.toLowerCase().replaceAll('_', '-')}`;
  return Buffer.from(JSON.stringify({ type, title: STATUS_CODES[status] ?? 'Error', status, detail }));
}
