// Who changes accounts in tests: an administrator.
import { Rights, Visibility } from '../../src/access/rights.ts';
import type { Manager } from '../../src/accounts/manager.ts';
import type { Author } from '../../src/events/author.ts';

export const AUTHOR: Author = {
  name: 'test',
  kind: 'operator',
  credential: '',
  clientAddress: '192.0.2.1',
  userAgent: 'test',
};

export const MANAGER: Manager = {
  author: AUTHOR,
  rights: new Rights({
    administrator: true,
    scopes: [],
    maintained: [],
    limits: undefined,
    management: true,
    visibility: new Visibility([]),
  }),
};
