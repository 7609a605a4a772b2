// Keys that charts are signed with, made by gpg.
import { join } from 'node:path';
import { ClientHome } from './client-home.ts';
import { requireClient } from './found-clients.ts';

export interface SigningKey {
  readonly user: string;
  /** The old keyring formats, which are all that helm reads. */
  readonly secretKeyring: string;
  readonly publicKeyring: string;
}

/** Makes a key with no passphrase in a keyring of its own. */
export async function makeSigningKey(user: string): Promise<SigningKey> {
  const home = await ClientHome.make();
  const gpg = async (...parameters: readonly string[]) =>
    home.succeed(requireClient('gpg'), [
      '--homedir',
      home.folder,
      '--batch',
      '--pinentry-mode',
      'loopback',
      ...parameters,
    ]);
  const secretKeyring = join(home.folder, 'secring.gpg');
  const publicKeyring = join(home.folder, 'pubring.gpg');
  await gpg('--passphrase', '', '--quick-generate-key', user, 'rsa2048', 'sign', 'never');
  await gpg('--passphrase', '', '--output', secretKeyring, '--export-secret-keys');
  await gpg('--output', publicKeyring, '--export');
  // gpg leaves an agent running for its home; it would outlive the test.
  await home.run('gpgconf', ['--homedir', home.folder, '--kill', 'all']);
  return { user, secretKeyring, publicKeyring };
}
