// Open uploads, as administrators see and end them, whosever they are.
import { once } from 'node:events';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { errorOf } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { addMember } from '../support/members.ts';
import { open, written } from '../support/raw-request.ts';
import { storedFiles } from '../support/stored-files.ts';
import { finish, patch, standing, startUpload } from '../support/uploads.ts';
import { openApi } from './support/api.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const ann = await addMember(registry, 'ann', { role: 'writer', namespace: 'team' });

interface Upload {
  readonly id: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lastReceivedAt: string;
}

beforeEach(async () => {
  for (const { id } of await api.all<Upload>('/uploads')) await api.send('DELETE', `/uploads/${id}`);
});

function idOf(location: string): string {
  return location.split('/').at(-1) ?? '';
}

async function end(location: string): Promise<number> {
  return (await api.send('DELETE', `/uploads/${idOf(location)}`)).status;
}

test('they are listed with whose they are, since when, and how much has come; the oldest first, in pages', async () => {
  const first = await startUpload(registry, 'team/web', { as: ann });
  const second = await startUpload(registry, 'team/api');
  await patch(registry, second, 'four');
  const listed = await api.all<Upload>('/uploads');
  expect(listed).toEqual([
    expect.objectContaining({ id: idOf(first), repository: 'team/web', createdBy: 'ann', receivedBytes: 0 }),
    expect.objectContaining({ id: idOf(second), repository: 'team/api', createdBy: 'admin', receivedBytes: 4 }),
  ]);
  expect(listed.map(({ lastReceivedAt, createdAt }) => lastReceivedAt >= createdAt)).toEqual([true, true]);
  expect(await api.all('/uploads?limit=1')).toEqual(listed);
  const foreign = Buffer.from(JSON.stringify(['0', 'no id'])).toString('base64url');
  expect(await api.refusal(400, 'GET', `/uploads?cursor=${foreign}`)).toContain('the cursor is none of this list');
});

test("somebody else's is ended: it is over for its client, its bytes are gone, and the audit trail has it", async () => {
  const before = await storedFiles(registry);
  const location = await startUpload(registry, 'team/web', { as: ann });
  await registry.request('PATCH', location, { as: ann, body: 'four' });
  expect(await end(location)).toBe(204);
  expect(await storedFiles(registry)).toEqual(before);
  expect(await api.all('/uploads')).toEqual([]);
  for (const [method, path] of [
    ['PATCH', location],
    ['PUT', `${location}?digest=${digestOf(Buffer.from('four'))}`],
    ['GET', location],
    ['DELETE', location],
  ] as const) {
    const answer = await registry.request(method, path, { as: ann });
    expect([answer.status, (await errorOf(answer)).code]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  }
  expect(await api.refusal(404, 'DELETE', `/uploads/${idOf(location)}`)).toContain('it is over, or never began');
  expect((await api.send('GET', '/audit?kind=upload&limit=1')).body).toMatchObject({
    items: [
      {
        ...{ kind: 'upload.ended', actor: 'admin', repository: 'team/web' },
        detail: { upload: idOf(location), createdBy: 'ann', bytes: 4 },
      },
    ],
  });
});

describe('while its client sends', () => {
  test.each(['PATCH', 'PUT'])(
    'a %s that has not all come is told so at once, and nothing of it stays',
    async (method) => {
      const before = await storedFiles(registry);
      const location = await startUpload(registry, 'team/web');
      const target = method === 'PUT' ? `${location}?digest=${digestOf(Buffer.from('abcdefghi'))}` : location;
      const socket = await open(registry.url);
      const answer = once(socket, 'data') as Promise<[Buffer]>;
      socket.write(written({ method, target, headers: ['Content-Length: 9'], body: 'abc' }));
      await eventually(async () => (await api.all<{ receivedBytes: number }>('/uploads'))[0]?.receivedBytes).toBe(3);
      expect(await end(location)).toBe(204);
      expect((await answer)[0].toString()).toMatch(
        /^HTTP\/1\.1 404 [\s\S]*BLOB_UPLOAD_UNKNOWN[\s\S]*an administrator has ended this upload/,
      );
      expect(await storedFiles(registry)).toEqual(before);
      socket.destroy();
    },
  );

  test('many requests at once: each is taken or told that it is over, and nothing stays', async () => {
    const before = await storedFiles(registry);
    for (let round = 0; round < 10; round += 1) {
      const location = await startUpload(registry, 'team/web');
      const patches = Array.from({ length: 5 }, () => patch(registry, location, 'abc'));
      const ended = end(location);
      const later = Array.from({ length: 5 }, () => patch(registry, location, 'abc'));
      const statuses = (await Promise.all([...patches, ...later])).map(({ status }) => status);
      expect(statuses.filter((status) => ![202, 400, 404].includes(status))).toEqual([]);
      expect(await ended).toBe(204);
      expect((await standing(registry, location))[0]).toBe(404);
    }
    expect(await storedFiles(registry)).toEqual(before);
  });

  test('a closing PUT at the same moment: either there is a blob, or the upload was ended, and never both', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 30; round += 1) {
      const bytes = Buffer.from(`round ${round}`);
      const location = await startUpload(registry, 'team/web');
      // At different moments of it.
      const later = async () => {
        for (let turn = 0; turn < round; turn += 1) await new Promise(setImmediate);
        return await end(location);
      };
      const [closed, ended] = await Promise.all([
        finish(registry, location, digestOf(bytes), { body: bytes }),
        later(),
      ]);
      outcomes.add(`${closed.status} ${ended}`);
      const found = await registry.request('HEAD', `/v2/team/web/blobs/${digestOf(bytes)}`);
      expect(found.status).toBe(closed.status === 201 ? 200 : 404);
    }
    expect([...outcomes].filter((outcome) => outcome !== '201 404' && outcome !== '404 204')).toEqual([]);
    expect((await storedFiles(registry)).filter((name) => name.startsWith('uploads/'))).toEqual([]);
  });
});
