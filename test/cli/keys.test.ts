// `chartroom key rotate`, while the server runs and while it does not.
import { expect, test } from 'vitest';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  runChartroom,
  type Serving,
  serveChartroom,
  temporaryFolder,
} from '../support/chartroom-process.ts';
import { registryFolder, success } from './registry-folder.ts';

test('another key signs, tokens of the one before it stay good, and the rotation is on record', async () => {
  await using folder = await temporaryFolder();
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const before = await tokenOf(server);
  expect(await runChartroom(['key', 'rotate'], { folder: folder.path })).toEqual(
    success(
      'tokens are signed with another key; those that were signed before are good until they end, in at most 300 seconds',
    ),
  );
  await untilSignedBefore(server, before);
  expect(await statusWith(server, before)).toBe(200);
  const { stdout } = await runChartroom(['audit', 'export', '--kind', 'signing-key'], { folder: folder.path });
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ kind: 'signing-key.rotated', actorKind: 'operator', outcome: 'allowed' },
    detail: { key: keyOf(await tokenOf(server)), acceptOldFor: 300 },
  });
});

test('with --now, tokens of the key before it end at once', async () => {
  await using folder = await temporaryFolder();
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const before = await tokenOf(server);
  expect(await statusWith(server, before)).toBe(200);
  expect(await runChartroom(['key', 'rotate', '--now'], { folder: folder.path })).toEqual(
    success(
      'tokens are signed with another key, and all that were signed before have ended: every client fetches a new one by itself',
    ),
  );
  await untilSignedBefore(server, before);
  expect(await statusWith(server, before)).toBe(401);
});

test('the lifetime that the server is set to counts, also while it does not run', async () => {
  await using registry = await registryFolder();
  expect((await registry.chartroom('key rotate --token-lifetime 600')).stdout).toContain('in at most 600 seconds');
});

async function tokenOf(server: Serving): Promise<string> {
  const answer = await fetch(`${server.url}/token`, { headers: basic(ADMIN_NAME, ADMIN_PASSWORD) });
  return ((await answer.json()) as { token: string }).token;
}

async function statusWith(server: Serving, token: string): Promise<number> {
  return (await fetch(`${server.url}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status;
}

/** The server looks now and then whether the file of keys has changed. */
async function untilSignedBefore(server: Serving, token: string): Promise<void> {
  while (keyOf(await tokenOf(server)) === keyOf(token)) await new Promise((resolve) => setTimeout(resolve, 50));
}

function keyOf(token: string): string {
  const header = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8');
  return (JSON.parse(header) as { kid: string }).kid;
}
