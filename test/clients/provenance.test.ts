// Signed charts: the provenance file travels with the chart, and helm verifies it after a pull.
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientPath, describeWalk } from './support/found-clients.ts';
import { type Account, type ServerProcess, startServer } from './support/server-process.ts';
import { makeSigningKey, type SigningKey } from './support/signing-key.ts';

describe.skipIf(clientPath('gpg') === undefined)('signed charts', () => {
  let key: SigningKey;
  beforeAll(async () => {
    key = await makeSigningKey('Chart Signer <signer@example.test>');
  });

  describeWalk((client) => {
    let server: ServerProcess;
    let ci: Account;

    beforeAll(async () => {
      server = await startServer();
      ci = await server.addAccount('ci', { team: 'writer' });
    });
    afterAll(async () => server?.stop());

    async function packageSigned(name: string) {
      const helm = await client.loggedIn(server.host, ci);
      const signing = ['--sign', '--key', 'Chart Signer', '--keyring', key.secretKeyring];
      return { helm, file: await helm.package({ name, version: '1.0.0' }, ...signing) };
    }

    async function publishSigned(name: string) {
      const { helm, file } = await packageSigned(name);
      await helm.succeed('push', file, `oci://${server.host}/team`);
      return { helm, file };
    }

    test('helm pull --verify accepts the signature that was pushed with the chart', async () => {
      const { helm, file } = await publishSigned('signed');
      const folder = await helm.home.makeFolder('pulled');
      const verifying = ['--verify', '--keyring', key.publicKeyring, '--destination', folder];
      const screen = await helm.succeed('pull', `oci://${server.host}/team/signed`, '--version', '1.0.0', ...verifying);
      expect(screen).toContain('Signed by: Chart Signer <signer@example.test>');
      expect(screen).toContain('Chart Hash Verified: sha256:');
      expect(await readdir(folder)).toEqual(['signed-1.0.0.tgz', 'signed-1.0.0.tgz.prov']);
      expect(await readFile(join(folder, 'signed-1.0.0.tgz'))).toEqual(await readFile(file));
      expect(await readFile(join(folder, 'signed-1.0.0.tgz.prov'))).toEqual(await readFile(`${file}.prov`));
    });

    test('helm pull --verify refuses a signature of somebody who is not in the keyring', async () => {
      const { helm } = await publishSigned('signed-by-stranger');
      const stranger = await makeSigningKey('Stranger <stranger@example.test>');
      const verifying = ['--version', '1.0.0', '--verify', '--keyring', stranger.publicKeyring];
      const screen = await helm.fail('pull', `oci://${server.host}/team/signed-by-stranger`, ...verifying);
      expect(screen).toContain('unknown entity');
    });

    test('a signed chart can be pushed again as it is', async () => {
      const { helm, file } = await publishSigned('signed-twice');
      expect(await helm.succeed('push', file, `oci://${server.host}/team`)).toContain('Pushed:');
    });

    test('a chart without a signature is pulled, but not with --verify', async () => {
      const helm = await client.loggedIn(server.host, ci);
      await helm.publish({ name: 'unsigned', version: '1.0.0' }, `oci://${server.host}/team`);
      const reference = [`oci://${server.host}/team/unsigned`, '--version', '1.0.0'];
      await helm.succeed('pull', ...reference);
      const screen = await helm.fail('pull', ...reference, '--verify', '--keyring', key.publicKeyring);
      expect(screen).toContain('failed to fetch provenance');
    });

    test('a published version stays as it is when a signature comes later, and helm says so', async () => {
      const { helm, file } = await packageSigned('signed-later');
      await rename(`${file}.prov`, `${file}.later`);
      await helm.succeed('push', file, `oci://${server.host}/team`);
      await rename(`${file}.later`, `${file}.prov`);
      const screen = await helm.fail('push', file, `oci://${server.host}/team`);
      const message = 'signed-later 1.0.0 is already published in team with no provenance file';
      expect(screen).toContain(client.printed('409 Conflict', message));
    });

    test('the signature of a published version cannot be exchanged', async () => {
      const { helm, file } = await publishSigned('signature-fixed');
      const pushed = await readFile(`${file}.prov`);
      await writeFile(`${file}.prov`, Buffer.concat([pushed, Buffer.from('\n')]));
      await helm.run(['push', file, `oci://${server.host}/team`]);
      const folder = await helm.home.makeFolder('pulled');
      const reference = [`oci://${server.host}/team/signature-fixed`, '--version', '1.0.0'];
      await helm.succeed('pull', ...reference, '--prov', '--destination', folder);
      expect(await readFile(join(folder, 'signature-fixed-1.0.0.tgz.prov'))).toEqual(pushed);
    });
  });
});
