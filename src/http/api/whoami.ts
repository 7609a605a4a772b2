// GET /whoami: who is logged in, and what this API lets them do.

import { authorOf } from '../../access/principal.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { choice, strict } from './schemas.ts';

const KINDS = ['user', 'robot', 'workload', 'operator', 'open'] as const;

const Self = strict(
  {
    kind: choice(KINDS, 'operator: whoever runs commands on the server; open: everybody, where nobody logs in.'),
    name: Type.String({ description: 'As messages and the audit trail call them.' }),
    credential: Type.String({ description: 'What they showed, as the audit trail calls it; empty for nothing.' }),
    administrator: Type.Boolean({ description: 'Whether everything of this API is open to them.' }),
    management: Type.Boolean({ description: 'Whether this API takes the credential for more than this.' }),
  },
  { title: 'Self', description: 'Who is logged in.' },
);

export function whoamiRoute(app: Routes): void {
  app.get(
    '/whoami',
    {
      config: { access: 'credential' },
      schema: {
        operationId: 'getSelf',
        tags: ['self'],
        summary: 'Say who is logged in',
        querystring: strict({}),
        response: { 200: Self },
      },
    },
    async ({ caller: { principal, origin, rights } }) => {
      const { name, kind, credential } = authorOf(principal, origin);
      const known = KINDS.find((each) => each === kind);
      if (known === undefined) throw new Error(`${kind} got past the guard`);
      return { kind: known, name, credential, administrator: rights.isAdministrator, management: rights.management };
    },
  );
}
