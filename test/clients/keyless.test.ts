// Logging in without any secret of this registry: with the identity token that GitHub Actions, GitLab CI or Kubernetes gives to a job.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AUTHOR } from '../support/manager.ts';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
import { GITHUB_JOB, GITLAB_JOB, KUBERNETES_POD } from '../support/workload-claims.ts';
import { ClockedRegistry } from './support/clocked-registry.ts';
import { mustFail, mustSucceed } from './support/command.ts';
import { COPYING_PROGRAMS, CopyingClient } from './support/copying-client.ts';
import { clientPath, describeHelm, describeWalk } from './support/found-clients.ts';
import type { Account } from './support/server-process.ts';

const CHART = { name: 'web', version: '1.0.0' };
const AUDIENCE = 'charts.example.com';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** Whatever stands here, the token says who it is. */
const USER_NAME = 'anything';

let registry: ClockedRegistry;
let host: string;
let issuer: OidcIssuer;

beforeAll(async () => {
  registry = await ClockedRegistry.start();
  host = registry.host;
  issuer = await startOidcIssuer({ clock: registry.clock });
  await registry.publish('github/web', 'closed/web', 'open/web');
  await registry.makePublic('open');
  await trust('github', { repository: 'acme/charts', ref: 'refs/heads/main' });
  await trust('gitlab', { project_path: 'acme/platform/charts', ref_type: 'tag', ref_protected: 'true' });
  await trust('kubernetes', { '/kubernetes.io/namespace': 'flux-system', sub: 'system:serviceaccount:*' });
});
afterAll(async () => {
  await issuer?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

/** Whoever fits becomes writer of the namespace that is called like the rule. */
async function trust(name: string, claims: Readonly<Record<string, string>>): Promise<void> {
  const rule = { issuer: issuer.url, audience: AUDIENCE, claims, keys: null, namespace: name, role: 'writer' };
  await registry.accounts.trustRules.add(name, { ...rule, disabled: false }, AUTHOR);
}

function job(claims: Readonly<Record<string, unknown>>): Account {
  return { name: USER_NAME, password: issuer.signIdentityToken(claims) };
}

describeWalk((client) => {
  test.each([
    ['GitHub Actions', 'github', GITHUB_JOB],
    ['GitLab CI', 'gitlab', GITLAB_JOB],
    ['Kubernetes', 'kubernetes', KUBERNETES_POD],
  ])('a token of %s as the password of helm registry login pushes and pulls', async (_issuer, namespace, claims) => {
    const helm = await client.fresh();
    expect(await helm.login(host, job(claims))).toContain('Login Succeeded');
    const name = `chart-${client.version.replaceAll('.', '-')}`;
    await helm.publish({ ...CHART, name }, `oci://${host}/${namespace}`);
    await helm.succeed('pull', `oci://${host}/${namespace}/${name}`, '--version', '1.0.0');
  });

  test('what the rule does not give is refused, and the message names the job and what to ask for', async () => {
    const helm = await client.loggedIn(host, job(GITHUB_JOB));
    const screen = await helm.fail('pull', `oci://${host}/closed/web`, '--version', '1.0.0');
    expect(screen).toContain(
      client.printed(
        '403 Forbidden',
        `denied: workload repo:acme/charts:ref:refs/heads/main may not pull from closed/web: log in as somebody who may with "helm registry login ${host} --plain-http", ` +
          `or ask an administrator for a trust rule that gives reader (or writer, to push as well) on closed to this subject of ${issuer.url}`,
      ),
    );
  });

  test.each([
    [
      'another branch',
      { ref: 'refs/heads/feature', sub: 'repo:acme/charts:ref:refs/heads/feature' },
      'is genuine, but no trust rule of this registry fits it (its subject is "repo:acme/charts:ref:refs/heads/feature"): ask an administrator of the registry who may log in from where',
    ],
    [
      'another audience',
      { aud: 'https://github.com/acme' },
      `is for the audience "https://github.com/acme", not for this registry: ask for one with the audience "${AUDIENCE}" in the job`,
    ],
    ['a job of long ago', { exp: 1 }, 'expired at 1970-01-01T00:00:01Z: ask for a new one in the job'],
  ])('the token of %s is refused, and helm says why', async (_what, changes, why) => {
    const helm = await client.fresh();
    const login = helm.login(host, job({ ...GITHUB_JOB, ...changes }));
    await expect(login).rejects.toThrow(`unauthorized: the identity token of "${issuer.url}" ${why}`);
    await helm.fail('pull', `oci://${host}/github/web`, '--version', '1.0.0');
  });

  test('a stored token that expires is refused with the reason, and everything public can still be pulled', async () => {
    const helm = await client.loggedIn(host, job(GITHUB_JOB));
    await helm.succeed('pull', `oci://${host}/github/web`, '--version', '1.0.0');
    registry.clock.advance(300_000);
    const screen = await helm.fail('pull', `oci://${host}/github/web`, '--version', '1.0.0');
    expect(screen).toContain(client.printed('401 Unauthorized', `the identity token of "${issuer.url}" expired at`));
    await helm.succeed('pull', `oci://${host}/open/web`, '--version', '1.0.0');
  });

  test('a rule that is disabled ends with the next command', async () => {
    await trust('ending', { repository: 'acme/ending' });
    await registry.publish('ending/web');
    const helm = await client.loggedIn(host, job({ ...GITHUB_JOB, repository: 'acme/ending' }));
    await helm.succeed('pull', `oci://${host}/ending/web`, '--version', '1.0.0');
    await registry.accounts.trustRules.change('ending', { disabled: true }, AUTHOR);
    const screen = await helm.fail('pull', `oci://${host}/ending/web`, '--version', '1.0.0');
    expect(screen).toContain(client.printed('401 Unauthorized', 'no trust rule of this registry fits it'));
    await registry.accounts.trustRules.remove('ending', AUTHOR);
  });
});

for (const program of COPYING_PROGRAMS) {
  describe.skipIf(clientPath(program) === undefined)(program, () => {
    test('logs in with an identity token as the password, and copies a chart', async () => {
      const client = await CopyingClient.loggedIn(program, host, job(GITHUB_JOB));
      mustSucceed(await client.copy('github/web:1.0.0', `github/${program}/web:1.0.0`));
      expect(await registry.administrator.tags(`github/${program}/web`)).toEqual(['1.0.0']);
      mustFail(await client.copy('github/web:1.0.0', 'closed/web:1.0.0'));
    });
  });
}

describe('a token of the registry, for an identity token', () => {
  const READ = 'repository:github/web:pull';

  test('is given by POST /token as a token exchange (RFC 8693), and by GET /token to a bearer', async () => {
    const { password: identity } = job(GITHUB_JOB);
    const posted = await fetch(`http://${host}/token`, { method: 'POST', body: exchangeForm(identity, READ) });
    expect(await posted.json()).toMatchObject({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
    });
    const headers = { authorization: `Bearer ${identity}` };
    const got = await fetch(`http://${host}/token?scope=${READ}`, { headers });
    const { token } = (await got.json()) as { readonly token: string };
    const authorization = `Bearer ${token}`;
    const list = await fetch(`http://${host}/v2/github/web/tags/list`, { headers: { authorization } });
    expect(await list.json()).toEqual({ name: 'github/web', tags: ['1.0.0'] });
  });

  // Helm before 3.18 does not look for one there.
  describeHelm((client) => {
    test('helm reads it where docker stores tokens', async () => {
      const helm = await client.fresh();
      await storeRegistryToken(helm.home.dockerConfig, await exchange(job(GITHUB_JOB), READ));
      await helm.succeed('pull', `oci://${host}/github/web`, '--version', '1.0.0');
      await helm.fail('pull', `oci://${host}/closed/web`, '--version', '1.0.0');
    });
  });

  for (const program of ['oras', 'crane'] as const) {
    test.skipIf(clientPath(program) === undefined)(`${program} reads it where docker stores tokens`, async () => {
      const client = await CopyingClient.fresh(program, host);
      await storeRegistryToken(client.home.dockerConfig, await exchange(job(GITHUB_JOB), READ));
      expect(mustSucceed(await client.tags('github/web'))).toContain('1.0.0');
      mustFail(await client.tags('closed/web'));
    });
  }

  test.skipIf(clientPath('skopeo') === undefined)(
    'skopeo takes it as --registry-token, and the identity token as well',
    async () => {
      const client = await CopyingClient.fresh('skopeo', host);
      const { password: identity } = job(GITHUB_JOB);
      const token = await exchange(job(GITHUB_JOB), READ);
      for (const flags of [
        ['--registry-token', token],
        ['--registry-token', identity],
        ['--creds', `x:${identity}`],
      ]) {
        expect(mustSucceed(await client.tags('github/web', ...flags))).toContain('"1.0.0"');
        mustFail(await client.tags('closed/web', ...flags));
      }
    },
  );
});

function exchangeForm(identity: string, scope: string): URLSearchParams {
  const type = 'urn:ietf:params:oauth:token-type:id_token';
  return new URLSearchParams({ grant_type: TOKEN_EXCHANGE, subject_token: identity, subject_token_type: type, scope });
}

async function exchange({ password: identity }: Account, scope: string): Promise<string> {
  const answer = await fetch(`http://${host}/token`, { method: 'POST', body: exchangeForm(identity, scope) });
  return ((await answer.json()) as { readonly access_token: string }).access_token;
}

/** As a token is kept in the docker config file that is shown as it is: without asking for another one. */
async function storeRegistryToken(folder: string, token: string): Promise<void> {
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: { registrytoken: token } } }));
}
