// Makes another key the one that signs tokens, on record, whether the server of the data folder runs or not.
import { rotateSigningKey as rotateKeyFile } from '../adapters/signing-keys-file.ts';
import { openDataFolder } from '../app.ts';
import type { Config } from '../config/schema.ts';
import { type Clock, systemClock } from '../ports/clock.ts';

/**
 * A server that runs on the folder notices within two seconds.
 * @param options.acceptOldFor for how long tokens that were signed before stay good, at the most: seconds
 * @param options.operator who rotates it
 * @throws as `openDataFolder` does, and StorageUnusable when the file of keys cannot be changed
 */
export async function rotateSigningKey(
  config: Config,
  options: { readonly acceptOldFor: number; readonly operator: string },
  clock: Clock = systemClock,
): Promise<void> {
  const { acceptOldFor, operator } = options;
  await using dataFolder = await openDataFolder(config, operator, clock);
  const { id: key } = await rotateKeyFile(config.dataDir, { clock, acceptOldFor });
  await dataFolder.accounts.auditTrail.recordKeyRotation({ key, acceptOldFor }, dataFolder.author);
}
