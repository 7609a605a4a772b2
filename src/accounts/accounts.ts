// Everything that can be managed about access, in one place.
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { AuditTrail } from './audit-trail.ts';
import { Changes } from './changes.ts';
import { ExternalUsers } from './external-users.ts';
import { Grants } from './grants.ts';
import { Groups } from './groups.ts';
import { Namespaces, type RefreshFloatingTags } from './namespaces.ts';
import { PersonalTokens } from './personal-tokens.ts';
import { Robots } from './robots.ts';
import { TrustRules } from './trust-rules.ts';
import { Users } from './users.ts';

export class Accounts {
  readonly users: Users;
  readonly externalUsers: ExternalUsers;
  readonly groups: Groups;
  readonly grants: Grants;
  readonly namespaces: Namespaces;
  readonly robots: Robots;
  readonly personalTokens: PersonalTokens;
  readonly trustRules: TrustRules;
  readonly auditTrail: AuditTrail;

  /**
   * @param options.auditDays how long the audit trail is kept
   * @param options.refreshFloatingTags what must follow in the transaction that settles where they are kept
   */
  constructor(options: {
    readonly database: Database;
    readonly clock: Clock;
    readonly auditDays: number;
    readonly refreshFloatingTags: RefreshFloatingTags;
  }) {
    const { database, clock, auditDays } = options;
    const changes = new Changes(database, clock);
    this.users = new Users(changes);
    this.externalUsers = new ExternalUsers(changes);
    this.groups = new Groups(changes);
    this.grants = new Grants(changes);
    this.namespaces = new Namespaces(changes, options.refreshFloatingTags);
    this.robots = new Robots(changes);
    this.personalTokens = new PersonalTokens(changes);
    this.trustRules = new TrustRules(changes);
    this.auditTrail = new AuditTrail({ database, clock, days: auditDays });
  }
}
