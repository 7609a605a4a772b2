// Whose request it is, where requests are counted: a principal's, or an address's.
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { nameOf, ownerKeyOf } from '../../access/principal.ts';
import { networkOf } from '../../events/network.ts';
import { clientAddressOf } from '../client-address.ts';

interface Source {
  /** Tells sources apart. */
  readonly key: string;
  /** For a message: `ann`, `robot ci`, or `your address`. */
  readonly name: string;
}

/**
 * Who is known is counted by itself, from wherever it comes; so nobody is cut off by others behind the same address. All who
 * are not, or not yet, share the count of their address; in open mode that is everybody.
 */
export function sourceOf(request: FastifyRequest): Source {
  const { principal } = (request.caller as Caller | undefined) ?? { principal: { kind: 'anonymous' } as const };
  if (principal.kind === 'anonymous' || principal.kind === 'open') {
    return { key: `address ${networkOf(clientAddressOf(request))}`, name: 'your address' };
  }
  return { key: `principal ${ownerKeyOf(principal)}`, name: nameOf(principal) };
}
