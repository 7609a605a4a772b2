// The keys that sign tokens, in their file: made once, taken over, rotated, and seen by a server that runs.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openSigningKeys, rotateSigningKey } from '../../src/adapters/signing-keys-file.ts';
import { StorageUnusable } from '../../src/ports/storage-unusable.ts';
import { eventually } from '../http/support/eventually.ts';
import { idOf, keyFolder, modeOf, NAME, START, untilAllHaveLooked, written } from './key-folder.ts';

test('the first start makes a key, in a file for the server’s user alone', async () => {
  await using folder = await keyFolder();
  using keys = await openSigningKeys(folder.path, folder.clock);
  const { id, secret } = keys.current();
  expect(secret).toHaveLength(32);
  expect(id).toBe(idOf(secret));
  expect(keys.find(id)?.secret).toEqual(secret);
  expect(keys.find('another')).toBeUndefined();
  const encoded = Buffer.from(secret).toString('base64url');
  expect(await written(folder)).toEqual([{ id, secret: encoded, createdAt: START }]);
  expect(await modeOf(folder.file)).toBe('600');
  expect(await readdir(folder.path)).toEqual([NAME]);
});

test('the next start finds the same key, and no two folders have the same one', async () => {
  await using folder = await keyFolder();
  await using other = await keyFolder();
  using first = await openSigningKeys(folder.path, folder.clock);
  using second = await openSigningKeys(folder.path, folder.clock);
  using elsewhere = await openSigningKeys(other.path, folder.clock);
  expect(second.current()).toMatchObject({ id: first.current().id, secret: first.current().secret });
  expect(elsewhere.current().id).not.toBe(first.current().id);
});

test('servers that start at once have the same key, and leave nothing else', async () => {
  for (const legacy of [undefined, randomBytes(32)]) {
    await using folder = await keyFolder();
    if (legacy) await writeFile(folder.legacyFile, legacy);
    const opened = await Promise.all(Array.from({ length: 20 }, () => openSigningKeys(folder.path, folder.clock)));
    const ids = new Set(opened.map((keys) => keys.current().id));
    for (const keys of opened) keys[Symbol.dispose]();
    expect([...ids]).toEqual([legacy ? idOf(legacy) : expect.any(String)]);
    expect(await readdir(folder.path)).toEqual([NAME]);
  }
});

test('the key of an older Chartroom is taken over, and its file removed', async () => {
  await using folder = await keyFolder();
  const legacy = randomBytes(32);
  await writeFile(folder.legacyFile, legacy, { mode: 0o644 });
  using keys = await openSigningKeys(folder.path, folder.clock);
  expect(keys.current().id).toBe(idOf(legacy));
  expect(Buffer.from(keys.current().secret)).toEqual(legacy);
  expect(await readdir(folder.path)).toEqual([NAME]);
  expect(await modeOf(folder.file)).toBe('600');
});

test('a rotation takes it over as well, so that its tokens do not end with it', async () => {
  await using folder = await keyFolder();
  const legacy = randomBytes(32);
  await writeFile(folder.legacyFile, legacy);
  const { id } = await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 60 });
  expect((await written(folder)).map((key) => key.id)).toEqual([id, idOf(legacy)]);
  expect(await readdir(folder.path)).toEqual([NAME]);
});

test('an older key beside a file of keys is worth nothing, and removed', async () => {
  await using folder = await keyFolder();
  const { id } = await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
  await writeFile(folder.legacyFile, 'short');
  using keys = await openSigningKeys(folder.path, folder.clock);
  expect(keys.current().id).toBe(id);
  expect(await readdir(folder.path)).toEqual([NAME]);
});

test('after a rotation another key signs, and the one before it is accepted for as long as was said', async () => {
  await using folder = await keyFolder();
  using before = await openSigningKeys(folder.path, folder.clock);
  const old = before.current();
  folder.clock.advance(5_000);
  const { id } = await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 600 });
  using keys = await openSigningKeys(folder.path, folder.clock);
  expect(keys.current().id).toBe(id);
  expect(id).not.toBe(old.id);
  expect(await written(folder)).toMatchObject([
    { id, createdAt: '2026-03-01T12:00:05.000Z' },
    { id: old.id, createdAt: START, acceptedUntil: '2026-03-01T12:10:05.000Z' },
  ]);
  folder.clock.advance(599_999);
  expect(keys.find(old.id)?.secret).toEqual(old.secret);
  folder.clock.advance(1);
  expect(keys.find(old.id)).toBeUndefined();
  expect(keys.find(id)).toBeDefined();
});

test('a key that is not accepted any more is gone from the file with the next rotation', async () => {
  await using folder = await keyFolder();
  const rotate = (acceptOldFor: number) => rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor });
  const first = await rotate(0);
  const second = await rotate(60);
  folder.clock.advance(60_000);
  expect((await written(folder)).map(({ id }) => id)).toEqual([second.id, first.id]);
  const third = await rotate(60);
  expect((await written(folder)).map(({ id }) => id)).toEqual([third.id, second.id]);
});

test('a rotation at once ends all keys before it, also those that had longer', async () => {
  await using folder = await keyFolder();
  const rotate = (acceptOldFor: number) => rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor });
  const first = await rotate(0);
  await rotate(3_600);
  const third = await rotate(60);
  using keys = await openSigningKeys(folder.path, folder.clock);
  folder.clock.advance(59_999);
  expect(keys.find(first.id)).toBeDefined();
  folder.clock.advance(1);
  expect(keys.find(first.id)).toBeUndefined();
  expect(keys.current().id).toBe(third.id);
  const { id } = await rotate(0);
  expect((await written(folder)).map((key) => key.id)).toEqual([id]);
});

test('no later rotation puts off the end of a key', async () => {
  await using folder = await keyFolder();
  const rotate = (acceptOldFor: number) => rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor });
  await rotate(0);
  await rotate(60);
  await rotate(3_600);
  const ends = (await written(folder)).map(({ acceptedUntil }) => acceptedUntil);
  expect(ends).toEqual([undefined, '2026-03-01T13:00:00.000Z', '2026-03-01T12:01:00.000Z']);
});

test('the file is for the server’s user alone again after a rotation, and read also when it was not', async () => {
  await using folder = await keyFolder();
  const { id } = await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
  await chmod(folder.file, 0o644);
  using keys = await openSigningKeys(folder.path, folder.clock);
  expect(keys.current().id).toBe(id);
  await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
  expect(await modeOf(folder.file)).toBe('600');
});

// Only root can give a file to somebody else.
test.runIf(process.getuid?.() === 0)('a rotation by root leaves the file to the user whose it was', async () => {
  await using folder = await keyFolder();
  (await openSigningKeys(folder.path, folder.clock))[Symbol.dispose]();
  await chown(folder.file, 4321, 1234);
  await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
  expect(await stat(folder.file)).toMatchObject({ uid: 4321, gid: 1234 });
  expect(await modeOf(folder.file)).toBe('600');
});

test('of rotations at once none is lost: each is in the file, or was refused', async () => {
  await using folder = await keyFolder();
  const rotate = () => rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 60 });
  const done: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    for (const outcome of await Promise.allSettled(Array.from({ length: 10 }, rotate))) {
      if (outcome.status === 'fulfilled') done.push(outcome.value.id);
      else {
        expect(outcome.reason).toBeInstanceOf(StorageUnusable);
        expect(String(outcome.reason)).toContain('another rotation of the signing key is under way: try again');
      }
    }
  }
  expect(done.length).toBeGreaterThanOrEqual(5);
  const { id } = await rotate();
  const [first, ...others] = (await written(folder)).map((key) => key.id);
  expect(first).toBe(id);
  // One more: the key that the first rotation found no file for.
  expect(others).toHaveLength(done.length + 1);
  expect(others).toEqual(expect.arrayContaining(done));
  expect(await readdir(folder.path)).toEqual([NAME]);
});

test('a rotation that was cut off keeps others off until it is cleared away, and says how', async () => {
  await using folder = await keyFolder();
  using before = await openSigningKeys(folder.path, folder.clock);
  const leftover = `${folder.file}.new`;
  await writeFile(leftover, '{ "ke');
  const rotate = () => rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
  await expect(rotate()).rejects.toThrow(`if it was cut off, remove ${leftover} first`);
  using keys = await openSigningKeys(folder.path, folder.clock);
  expect(keys.current().id).toBe(before.current().id);
  await rm(leftover);
  await rotate();
});

test('a rotation that fails leaves everything as it was', async () => {
  await using folder = await keyFolder();
  (await openSigningKeys(folder.path, folder.clock))[Symbol.dispose]();
  const text = await readFile(folder.file, 'utf8');
  const endless = { clock: folder.clock, acceptOldFor: Number.MAX_VALUE };
  await expect(rotateSigningKey(folder.path, endless)).rejects.toThrow();
  expect(await readFile(folder.file, 'utf8')).toBe(text);
  expect(await readdir(folder.path)).toEqual([NAME]);
  await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
});

test('nothing is visible before it is sure to stay, and nothing is removed before that', async () => {
  await using folder = await keyFolder();
  const program = join(import.meta.dirname, 'trace-signing-keys.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, folder.path]);
  expect(JSON.parse(stdout)).toEqual({
    takenOver: [
      `write ${NAME}.ASIDE`,
      `sync ${NAME}.ASIDE`,
      `link ${NAME}.ASIDE ${NAME}`,
      `remove ${NAME}.ASIDE`,
      'sync .',
      'remove token-signing.key',
      'sync .',
    ],
    rotated: ['sync .', `write ${NAME}.new`, `sync ${NAME}.new`, `rename ${NAME}.new ${NAME}`, 'sync .'],
  });
});

test('a server that runs sees the rotation of another process, and each one after it', async () => {
  await using folder = await keyFolder();
  using keys = await openSigningKeys(folder.path, folder.clock);
  const old = keys.current();
  const module = JSON.stringify(join(import.meta.dirname, '../../src/adapters/signing-keys-file.ts'));
  const program = `
    import { rotateSigningKey } from ${module};
    const clock = { now: () => ${folder.clock.now()} };
    console.log((await rotateSigningKey(${JSON.stringify(folder.path)}, { clock, acceptOldFor: 60 })).id);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  await eventually(() => keys.current().id).toBe(stdout.trim());
  expect(keys.find(old.id)?.secret).toEqual(old.secret);
  const { id } = await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
  await eventually(() => keys.current().id).toBe(id);
  expect(keys.find(old.id)).toBeUndefined();
});

test('a server that runs goes on with its keys while the file is damaged or missing, and sees the next good one', async () => {
  await using folder = await keyFolder();
  using keys = await openSigningKeys(folder.path, folder.clock);
  const { id } = keys.current();
  await writeFile(folder.file, '{');
  await untilAllHaveLooked();
  expect([keys.current().id, keys.find(id)?.id]).toEqual([id, id]);
  await rm(folder.file);
  await untilAllHaveLooked();
  expect([keys.current().id, keys.find(id)?.id]).toEqual([id, id]);
  const next = await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
  await eventually(() => keys.current().id).toBe(next.id);
});

test('after it is disposed of the file is not looked at any more', async () => {
  await using folder = await keyFolder();
  const keys = await openSigningKeys(folder.path, folder.clock);
  const { id } = keys.current();
  keys[Symbol.dispose]();
  await rotateSigningKey(folder.path, { clock: folder.clock, acceptOldFor: 0 });
  await untilAllHaveLooked();
  expect(keys.current().id).toBe(id);
});

test('keys that were not disposed of do not keep a process from ending', async () => {
  await using folder = await keyFolder();
  const module = JSON.stringify(join(import.meta.dirname, '../../src/adapters/signing-keys-file.ts'));
  const program = `
    import { openSigningKeys } from ${module};
    console.log((await openSigningKeys(${JSON.stringify(folder.path)}, { now: () => 0 })).current().id);`;
  const ended = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { timeout: 25_000 });
  expect((await ended).stdout).toMatch(/^[0-9a-f]{16}\n$/);
});
