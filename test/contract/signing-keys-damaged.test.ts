// A file of signing keys that holds none: refused with what to do, and never replaced without being told to.
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSigningKeys, rotateSigningKey } from '../../src/adapters/signing-keys-file.ts';
import { StorageUnusable } from '../../src/ports/storage-unusable.ts';
import { keyFolder, LEGACY_NAME, NAME, START } from './key-folder.ts';

test('an older key that is none is refused with what to do', async () => {
  await using folder = await keyFolder();
  await writeFile(folder.legacyFile, 'short');
  await expect(openSigningKeys(folder.path, folder.clock)).rejects.toThrow(
    new StorageUnusable(
      `${folder.legacyFile} is no signing key (5 bytes instead of 32): remove it, and everybody logs in again`,
    ),
  );
  expect(await readdir(folder.path)).toEqual([LEGACY_NAME]);
});

const KEY = { id: 'a', secret: 'A'.repeat(43), createdAt: START };

test.each([
  ['', 'it is not JSON'],
  ['{"keys": [{"id": "secr', 'it is not JSON'],
  ['null', 'it has no list "keys"'],
  ['[]', 'it has no list "keys"'],
  ['{"keys": {}}', 'it has no list "keys"'],
  [{ keys: [] }, 'not exactly one is without an end'],
  [{ keys: [KEY, { ...KEY, id: 'b' }] }, 'not exactly one is without an end'],
  [{ keys: [{ ...KEY, acceptedUntil: START }] }, 'not exactly one is without an end'],
  [{ keys: [KEY, null] }, 'number 2 in it is none'],
  [{ keys: ['a'] }, 'number 1 in it is none'],
  [{ keys: [{ ...KEY, id: 1 }] }, 'number 1 in it is none'],
  [{ keys: [{ ...KEY, id: '' }] }, 'number 1 in it is none'],
  [{ keys: [{ ...KEY, secret: KEY.secret.slice(1) }] }, 'number 1 in it is none'],
  [{ keys: [{ ...KEY, secret: `${KEY.secret}A` }] }, 'number 1 in it is none'],
  [{ keys: [{ ...KEY, secret: `${KEY.secret.slice(1)}+` }] }, 'number 1 in it is none'],
  [{ keys: [{ ...KEY, secret: 1 }] }, 'number 1 in it is none'],
  [{ keys: [{ ...KEY, createdAt: 'yesterday' }] }, 'number 1 in it is none'],
  [{ keys: [{ ...KEY, createdAt: 1 }] }, 'number 1 in it is none'],
  [{ keys: [KEY, { ...KEY, acceptedUntil: 'tomorrow' }] }, 'number 2 in it is none'],
  [{ keys: [KEY, { ...KEY, acceptedUntil: null }] }, 'number 2 in it is none'],
])('a damaged file is refused with what to do, and stays as it is: %j', async (content, why) => {
  await using folder = await keyFolder();
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await writeFile(folder.file, text);
  await writeFile(folder.legacyFile, randomBytes(32));
  const refusal = new StorageUnusable(
    `${folder.file} holds no signing keys (${why}): remove it, and everybody logs in again`,
  );
  await expect(openSigningKeys(folder.path, folder.clock)).rejects.toThrow(refusal);
  await expect(rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 })).rejects.toThrow(refusal);
  expect(await readFile(folder.file, 'utf8')).toBe(text);
  expect(await readdir(folder.path)).toEqual([NAME, LEGACY_NAME]);
});

test('no content makes reading fail in another way', async () => {
  await using folder = await keyFolder();
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
      await writeFile(folder.file, text);
      await expect(openSigningKeys(folder.path, folder.clock)).rejects.toBeInstanceOf(StorageUnusable);
    }),
  );
});
