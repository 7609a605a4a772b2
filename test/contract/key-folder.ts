// A data folder for signing keys, and what is written there.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openSigningKeys, rotateSigningKey } from '../../src/adapters/signing-keys-file.ts';
import { eventually } from '../http/support/eventually.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/chartroom-process.ts';
import { TestClock } from '../support/clock.ts';

export const START = '2026-03-01T12:00:00.000Z';
export const NAME = 'token-signing-keys.json';
export const LEGACY_NAME = 'token-signing.key';

interface WrittenKey {
  readonly id: string;
  readonly secret: string;
  readonly createdAt: string;
  readonly acceptedUntil?: string;
}

export interface KeyFolder extends TemporaryFolder {
  readonly file: string;
  readonly legacyFile: string;
  readonly clock: TestClock;
}

export async function keyFolder(): Promise<KeyFolder> {
  const folder = await temporaryFolder();
  const file = join(folder.path, NAME);
  return { ...folder, file, legacyFile: join(folder.path, LEGACY_NAME), clock: new TestClock(START) };
}

export async function written({ file }: KeyFolder): Promise<readonly WrittenKey[]> {
  return (JSON.parse(await readFile(file, 'utf8')) as { readonly keys: readonly WrittenKey[] }).keys;
}

export async function modeOf(file: string): Promise<string> {
  return ((await stat(file)).mode & 0o777).toString(8);
}

export function idOf(secret: Uint8Array): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 16);
}

/** Until every server that was open before has looked at its file again, at least once. */
export async function untilAllHaveLooked(): Promise<void> {
  await using folder = await keyFolder();
  using keys = await openSigningKeys(folder.path, folder.clock);
  for (let count = 0; count < 2; count += 1) {
    const { id } = await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
    await eventually(() => keys.current().id).toBe(id);
  }
}
