// Whatever is given and taken in whatever order, nobody may do more than what stands at the end, by whichever token.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Principal } from '../../src/access/principal.ts';
import { Standings } from '../../src/access/standings.ts';
import { AccountError } from '../../src/accounts/account-error.ts';
import { Accounts } from '../../src/accounts/accounts.ts';
import { readMigrations } from '../../src/adapters/migration-files.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import type { Database } from '../../src/ports/database.ts';
import { refreshFloatingTagsBelow } from '../../src/registry/floating-tags.ts';
import { migrate } from '../../src/tables/migrate.ts';
import { findRobot } from '../../src/tables/robots.ts';
import { findTrustRule } from '../../src/tables/trust-rules.ts';
import { findUser } from '../../src/tables/users.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR, MANAGER } from '../support/manager.ts';

const PEOPLE = ['ann', 'ben'] as const;
const GROUPS = ['red', 'blue'] as const;
const PATHS = ['', 'x', 'x/y'] as const;
const ROLES = ['reader', 'writer', 'maintainer'] as const;
const REPOSITORIES = ['r', 'x/r', 'x/y/r'].map(parseRepositoryName);
const ACTIONS = { reader: ['pull'], writer: ['pull', 'push'], maintainer: ['pull', 'push', 'delete'] } as const;
const ADDRESS = { host: 'charts.example.com', isPlainHttp: false };

const person = fc.constantFrom(...PEOPLE);
const group = fc.constantFrom(...GROUPS);
const path = fc.constantFrom(...PATHS);
const role = fc.constantFrom(...ROLES);
const step = fc.oneof(
  fc.record({ do: fc.constant('grant' as const), person, path, role }),
  fc.record({ do: fc.constant('revoke' as const), person, path }),
  fc.record({ do: fc.constant('grant group' as const), group, path, role }),
  fc.record({ do: fc.constant('revoke group' as const), group, path }),
  fc.record({ do: fc.constant('join' as const), group, person }),
  fc.record({ do: fc.constant('leave' as const), group, person }),
  fc.record({ do: fc.constant('replace group' as const), group }),
  fc.record({ do: fc.constant('replace person' as const), person }),
  fc.record({ do: fc.constant('disable' as const), person, disabled: fc.boolean() }),
  fc.record({ do: fc.constant('promote' as const), person, administrator: fc.boolean() }),
  fc.record({ do: fc.constant('promote group' as const), group, administrator: fc.boolean() }),
  fc.record({
    do: fc.constant('show' as const),
    path,
    visibility: fc.constantFrom('public' as const, 'private' as const),
  }),
  fc.record({ do: fc.constant('inherit' as const), path }),
  fc.record({ do: fc.constant('scope robot' as const), path, push: fc.boolean() }),
  fc.record({ do: fc.constant('disable robot' as const), disabled: fc.boolean() }),
  fc.record({ do: fc.constant('replace robot' as const) }),
  fc.record({ do: fc.constant('trust' as const), path, role }),
  fc.record({ do: fc.constant('log in' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

/** What stands, told as simply as can be: the judge of the real thing. */
interface Model {
  readonly people: Map<string, { born: number; version: number; disabled: boolean; administrator: boolean }>;
  readonly grants: Map<string, (typeof ROLES)[number]>;
  readonly members: Set<string>;
  readonly administrators: Set<string>;
  readonly visibility: Map<string, 'public' | 'private'>;
  robot: { born: number; disabled: boolean; version: number; path: string; push: boolean };
  trust: { version: number; path: string; role: (typeof ROLES)[number] };
  births: number;
}

/** A token that somebody got at some time, and of which account as it was then. */
interface Held {
  readonly principal: Principal;
  readonly of: 'anonymous' | 'robot' | 'workload' | string;
  readonly born: number;
  readonly version: number;
}

test('rights are what stands, for every token ever given out', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      await using world = await openWorld();
      for (const each of steps) {
        await world.take(each);
        await world.compare();
      }
    }),
    { numRuns: 60, seed: 20261123 },
  );
});

async function openWorld() {
  const folder = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  const database = openSqliteDatabase(join(folder, 'test.db'));
  const clock = new TestClock('2026-11-23T10:00:00Z');
  await migrate(database, await readMigrations('sqlite'), 0);
  const accounts = new Accounts({ database, clock, auditDays: 1, refreshFloatingTags: refreshFloatingTagsBelow });
  const world = new World(database, accounts, clock);
  await world.begin();
  return Object.assign(world, {
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await rm(folder, { recursive: true });
    },
  });
}

class World {
  readonly #database: Database;
  readonly #accounts: Accounts;
  readonly #clock: TestClock;
  readonly #standings: Standings;
  readonly #held: Held[] = [{ principal: { kind: 'anonymous' }, of: 'anonymous', born: 0, version: 0 }];
  readonly #model: Model = {
    people: new Map(),
    grants: new Map(),
    members: new Set(),
    administrators: new Set(),
    visibility: new Map(),
    robot: { born: 0, disabled: false, version: 1, path: 'x', push: false },
    trust: { version: 0, path: '', role: 'reader' },
    births: 0,
  };

  constructor(database: Database, accounts: Accounts, clock: TestClock) {
    [this.#database, this.#accounts, this.#clock] = [database, accounts, clock];
    this.#standings = new Standings(database, clock);
  }

  async begin(): Promise<void> {
    await this.#accounts.users.add({ name: 'root', password: 'administrator-password', administrator: true }, AUTHOR);
    for (const name of PEOPLE) await this.#addPerson(name);
    for (const name of GROUPS) {
      await this.#accounts.groups.add({ name, externalName: null, administrator: false }, AUTHOR);
    }
    await this.#addRobot();
    await this.#accounts.trustRules.add('ci', { ...RULE, namespace: '', role: 'reader' }, AUTHOR);
    await this.#logIn();
  }

  async #addPerson(name: string): Promise<void> {
    await this.#accounts.users.add({ name, password: `${name}-password`, administrator: false }, AUTHOR);
    this.#model.births += 1;
    this.#model.people.set(name, { born: this.#model.births, version: 1, disabled: false, administrator: false });
  }

  async #addRobot(): Promise<void> {
    const scopes = [{ namespace: 'x', actions: ['pull'] as const }];
    await this.#accounts.robots.add({ name: 'ci', namespace: '/', scopes, expiresAt: null }, MANAGER);
    this.#model.births += 1;
    this.#model.robot = { born: this.#model.births, disabled: false, version: 1, path: 'x', push: false };
  }

  /** Everybody gets another token, as the accounts are now. */
  async #logIn(): Promise<void> {
    const { people, robot, trust } = this.#model;
    for (const name of PEOPLE) {
      const row = await findUser(this.#database, name);
      const { born = 0, version = 0 } = people.get(name) ?? {};
      const principal: Principal = { kind: 'user', name, id: row?.id ?? '', version: row?.version ?? 0 };
      this.#held.push({ principal, of: name, born, version });
    }
    const row = await findRobot(this.#database, 'ci');
    const [secret] = (await this.#accounts.robots.find('ci', MANAGER)).secrets;
    const ci = { name: 'ci', id: row?.id ?? '', version: row?.version ?? 0, secret: secret?.id ?? '' };
    this.#held.push({ principal: { kind: 'robot', ...ci }, of: 'robot', born: robot.born, version: robot.version });
    const version = (await findTrustRule(this.#database, 'ci'))?.version ?? 0;
    const job = { name: 'acme', issuer: RULE.issuer, rules: [{ name: 'ci', version }] };
    this.#held.push({ principal: { kind: 'workload', ...job }, of: 'workload', born: 0, version: trust.version });
  }

  async take(step: Step): Promise<void> {
    this.#clock.advance(1_000);
    try {
      await this.#take(step);
    } catch (error) {
      // There was nothing to take away.
      if (!(error instanceof AccountError) || error.reason !== 'missing') throw error;
    }
  }

  async #take(step: Step): Promise<void> {
    const { users, groups, grants, namespaces, robots, trustRules } = this.#accounts;
    const model = this.#model;
    switch (step.do) {
      case 'grant':
        model.grants.set(`user ${step.person} ${step.path}`, step.role);
        await grants.put({ holder: 'user', name: step.person, namespace: step.path, role: step.role }, AUTHOR);
        return;
      case 'revoke':
        model.grants.delete(`user ${step.person} ${step.path}`);
        await grants.remove({ holder: 'user', name: step.person, namespace: step.path }, AUTHOR);
        return;
      case 'grant group':
        model.grants.set(`group ${step.group} ${step.path}`, step.role);
        await grants.put({ holder: 'group', name: step.group, namespace: step.path, role: step.role }, AUTHOR);
        return;
      case 'revoke group':
        model.grants.delete(`group ${step.group} ${step.path}`);
        await grants.remove({ holder: 'group', name: step.group, namespace: step.path }, AUTHOR);
        return;
      case 'join':
        model.members.add(`${step.group} ${step.person}`);
        await groups.addMember(step.group, step.person, AUTHOR);
        return;
      case 'leave':
        model.members.delete(`${step.group} ${step.person}`);
        await groups.removeMember(step.group, step.person, AUTHOR);
        return;
      case 'replace group':
        forget(
          model,
          (key) => key.startsWith(`group ${step.group} `),
          (key) => key.startsWith(`${step.group} `),
        );
        model.administrators.delete(step.group);
        await groups.remove(step.group, AUTHOR);
        await groups.add({ name: step.group, externalName: null, administrator: false }, AUTHOR);
        return;
      case 'replace person':
        forget(
          model,
          (key) => key.startsWith(`user ${step.person} `),
          (key) => key.endsWith(` ${step.person}`),
        );
        await users.remove(step.person, AUTHOR);
        await this.#addPerson(step.person);
        return;
      case 'disable':
      case 'promote':
        await this.#changePerson(step);
        return;
      case 'promote group':
        if (step.administrator) model.administrators.add(step.group);
        else model.administrators.delete(step.group);
        await groups.change(step.group, { administrator: step.administrator }, AUTHOR);
        return;
      case 'show':
        model.visibility.set(step.path, step.visibility);
        await namespaces.setVisibility({ path: step.path, visibility: step.visibility }, MANAGER);
        return;
      case 'inherit':
        model.visibility.delete(step.path);
        await namespaces.reset(step.path, MANAGER);
        return;
      case 'scope robot':
        [model.robot.path, model.robot.push] = [step.path, step.push];
        await robots.change(
          'ci',
          { scopes: [{ namespace: step.path, actions: [step.push ? 'push' : 'pull'] }] },
          MANAGER,
        );
        return;
      case 'disable robot':
        model.robot.version += Number(step.disabled);
        model.robot.disabled = step.disabled;
        await robots.change('ci', { disabled: step.disabled }, MANAGER);
        return;
      case 'replace robot':
        await robots.remove('ci', MANAGER);
        await this.#addRobot();
        return;
      case 'trust':
        model.trust = { version: model.trust.version + 1, path: step.path, role: step.role };
        await trustRules.change('ci', { namespace: step.path, role: step.role }, AUTHOR);
        return;
      case 'log in':
        await this.#logIn();
    }
  }

  async #changePerson(step: Extract<Step, { do: 'disable' | 'promote' }>): Promise<void> {
    const person = this.#model.people.get(step.person);
    if (!person) throw new Error(`nobody is called ${step.person}`);
    if (step.do === 'promote') person.administrator = step.administrator;
    else {
      person.disabled = step.disabled;
      person.version += Number(step.disabled);
    }
    const change = step.do === 'promote' ? { administrator: step.administrator } : { disabled: step.disabled };
    await this.#accounts.users.change(step.person, change, AUTHOR);
  }

  /** Of every token that was ever given out. */
  async compare(): Promise<void> {
    for (const held of this.#held) {
      for (const repository of REPOSITORIES) {
        const actual = await this.#standings.rightsOf(held.principal, ADDRESS).then(
          (rights) => rights.on(repository).join(' '),
          () => 'ended',
        );
        expect([held.of, repository, actual]).toEqual([held.of, repository, this.#expected(held, repository)]);
      }
    }
  }

  #expected(held: Held, repository: string): string {
    const own = this.#own(held, repository);
    if (own === 'ended') return 'ended';
    const set = above(repository).findLast((each) => this.#model.visibility.has(each));
    const isPublic = set !== undefined && this.#model.visibility.get(set) === 'public';
    const all = new Set<string>([...own, ...(isPublic ? ['pull'] : [])]);
    return ACTIONS.maintainer.filter((action) => all.has(action)).join(' ');
  }

  #own(held: Held, repository: string): readonly string[] | 'ended' {
    const { people, grants, members, administrators, robot, trust } = this.#model;
    switch (held.of) {
      case 'anonymous':
        return [];
      case 'robot':
        if (held.born !== robot.born || held.version !== robot.version || robot.disabled) return 'ended';
        return above(repository).includes(robot.path) ? (robot.push ? ['pull', 'push'] : ['pull']) : [];
      case 'workload':
        if (held.version !== trust.version) return 'ended';
        return above(repository).includes(trust.path) ? ACTIONS[trust.role] : [];
    }
    const person = people.get(held.of);
    if (!person || person.born !== held.born || person.disabled || person.version !== held.version) return 'ended';
    const groups = GROUPS.filter((name) => members.has(`${name} ${held.of}`));
    if (person.administrator || groups.some((name) => administrators.has(name))) return ACTIONS.maintainer;
    const holders = [`user ${held.of}`, ...groups.map((name) => `group ${name}`)];
    return holders.flatMap((holder) =>
      above(repository).flatMap((each) => {
        const given = grants.get(`${holder} ${each}`);
        return given ? ACTIONS[given] : [];
      }),
    );
  }
}

const RULE = {
  issuer: 'https://ci.example.com',
  audience: 'charts',
  claims: { sub: 'acme' },
  keys: null,
  disabled: false,
};

function forget(model: Model, isGrant: (key: string) => boolean, isMember: (key: string) => boolean): void {
  for (const key of [...model.grants.keys()].filter(isGrant)) model.grants.delete(key);
  for (const key of [...model.members].filter(isMember)) model.members.delete(key);
}

/** The root and every path down to the repository itself. */
function above(repository: string): readonly string[] {
  const segments = repository.split('/');
  return ['', ...segments.map((_, index) => segments.slice(0, index + 1).join('/'))];
}
