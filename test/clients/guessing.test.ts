// Wrong passwords as people with helm see them: how many are free, who has to wait, and what helm does meanwhile.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClockedRegistry } from './support/clocked-registry.ts';
import { mustFail, mustSucceed } from './support/command.ts';
import { CopyingClient } from './support/copying-client.ts';
import { clientPath, currentHelms, describeHelm } from './support/found-clients.ts';
import type { Account } from './support/server-process.ts';

const SECOND = 1000;
const DAY = 24 * 3600 * SECOND;
/** As many wrong passwords for one account are free from one address. */
const FREE = 5;
const WRONG = 'unauthorized: wrong user name or password: log in again with "helm registry login';
const TOO_MANY = 'toomanyrequests: too many wrong passwords: wait 1 second, then try again';

let registry: ClockedRegistry;
let host: string;
let answers: string[];

beforeAll(async () => {
  registry = await ClockedRegistry.start();
  host = registry.host;
  await registry.publish('open/web', 'closed/web');
  await registry.makePublic('open');
});
afterAll(async () => registry?.[Symbol.asyncDispose]());
beforeEach(() => {
  // What was wrong in the test before is forgiven.
  registry.clock.advance(DAY);
  answers = [];
});

/** @returns the status of a token to read the private chart */
async function tryPassword({ name }: Account, password: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  const path = '/token?scope=repository:closed/web:pull';
  return (await fetch(`http://${host}${path}`, { headers: { authorization } })).status;
}

/** Shows passwords that are all wrong, and all different. */
async function guess(account: Account, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) expect(await tryPassword(account, `guess-${count}`)).toBe(401);
}

describeHelm((client) => {
  const nameLike = (purpose: string) => `${purpose}-${client.version}`;

  test('a wrong password is said at once, and is one attempt though helm sends it twice', async () => {
    const ann = await registry.addUser(nameLike('ann'), {});
    const unsubscribe = registry.onAnswer((answer) => answers.push(answer));
    const helm = await client.fresh();
    for (let count = 1; count < FREE; count += 1) {
      const login = helm.login(host, { ...ann, password: `wrong-${count}` });
      await expect(login).rejects.toThrow(WRONG);
    }
    expect(answers.filter((answer) => answer.includes('/token'))).toHaveLength(2 * (FREE - 1));
    expect(await helm.login(host, ann)).toContain('Login Succeeded');
    unsubscribe();
  });

  test('after too many, helm is told to wait, tries again by itself, and the right password logs in', async () => {
    const ann = await registry.addUser(nameLike('waiting'), {});
    await guess(ann, FREE);
    const unsubscribe = registry.onAnswer((answer) => {
      answers.push(answer);
      if (answer.endsWith(' 429')) registry.clock.advance(SECOND);
    });
    const helm = await client.fresh();
    expect(await helm.login(host, ann)).toContain('Login Succeeded');
    expect(answers.filter((answer) => answer.endsWith(' 429'))).toHaveLength(1);
    unsubscribe();
  });

  test('whoever has to wait pulls at once what everybody may read', async () => {
    const ann = await registry.addUser(nameLike('reading'), {});
    await guess(ann, FREE);
    const helm = await client.fresh();
    const password = 'from-before';
    await helm.home.storeDockerLogin(host, { ...ann, password });
    expect(await tryPassword(ann, password)).toBe(429);
    const unsubscribe = registry.onAnswer((answer) => answers.push(answer));
    await helm.succeed('pull', `oci://${host}/open/web`, '--version', '1.0.0');
    expect(answers.filter((answer) => answer.endsWith(' 429'))).toEqual([]);
    unsubscribe();
  });

  test('nobody else at the same address has to wait, and no robot', async () => {
    await guess(await registry.addUser(nameLike('mistyping'), {}), FREE);
    const bob = await registry.addUser(nameLike('bob'), {});
    const robot = await registry.addRobot(nameLike('ci'), { namespace: 'closed', actions: ['pull'] });
    for (const account of [bob, robot]) {
      expect(await (await client.fresh()).login(host, account)).toContain('Login Succeeded');
    }
  });
});

for (const program of ['crane', 'skopeo'] as const) {
  describe.skipIf(clientPath(program) === undefined)(program, () => {
    test('reads what everybody may read with a password that has to wait, which it shows for that as well', async () => {
      const ann = await registry.addUser(program, { closed: 'reader' });
      const client = await CopyingClient.fresh(program, host);
      await client.home.storeDockerLogin(host, ann);
      await guess(ann, FREE);
      expect(mustSucceed(await client.tags('open/web'))).toContain('1.0.0');
      mustFail(await client.tags('closed/web'));
      registry.clock.advance(SECOND);
      expect(mustSucceed(await client.tags('closed/web'))).toContain('1.0.0');
    });
  });
}

describe.skipIf(currentHelms().length === 0)('every helm', () => {
  test('prints that there were too many, when it has waited as often as it does', async () => {
    const ann = await registry.addUser('impatient', {});
    await guess(ann, FREE);
    // The clock stands still, so that helm is told to wait again and again: it takes about ten seconds to give up.
    const logins = currentHelms().map(async (client) => (await client.fresh()).login(host, ann));
    for (const login of await Promise.allSettled(logins)) {
      expect(login).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining(TOO_MANY) } });
    }
  });
});
