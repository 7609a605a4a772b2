// The log: a line for each request with what an operator needs, and never a secret.
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from './support/eventually.ts';
import { exchange, open, written } from './support/raw-request.ts';

const PASSWORD = 'correct-horse-battery';
const WRONG = 'wrong-horse-battery';
const basic = (password: string): string => Buffer.from(`admin:${password}`).toString('base64');

const dataDir = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir, adminPassword: PASSWORD };
let text = '';
const destination = {
  write(line: string): void {
    text += line;
  },
};
const logger = pino({ level: 'trace' }, destination);
const app = await openApp(config, logger);
const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
beforeEach(() => {
  text = '';
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

type Line = Readonly<Record<string, unknown>>;

function lines(): readonly Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

async function send(
  method: string,
  path: string,
  authorization?: string,
  body?: string,
  type?: string,
): Promise<Response> {
  const headers = {
    ...(authorization ? { authorization } : {}),
    ...(type ? { 'content-type': type } : {}),
    'user-agent': 'test/1.0',
  };
  return await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** The line of a request, which is written once its answer has gone out. */
async function lineOf(answer: Response): Promise<Line> {
  const id = answer.headers.get('x-request-id');
  const find = () => lines().find((line) => line.reqId === id && line.status !== undefined);
  await eventually(find).toBeDefined();
  return find() ?? {};
}

describe('the line of a request', () => {
  test('says who did what with which repository, how it ended and how long it took', async () => {
    const answer = await send(
      'POST',
      '/v2/team/web/blobs/uploads/?digest-algorithm=sha256',
      `Basic ${basic(PASSWORD)}`,
    );
    expect(await lineOf(answer)).toMatchObject({
      level: 30,
      msg: 'request',
      reqId: expect.stringMatching(/^[a-f0-9-]{36}$/),
      method: 'POST',
      path: '/v2/team/web/blobs/uploads/',
      status: 202,
      milliseconds: expect.any(Number),
      principal: 'admin',
      repository: 'team/web',
      address: '127.0.0.1',
      userAgent: 'test/1.0',
    });
  });

  test('says why a request was refused', async () => {
    const line = await lineOf(await send('GET', '/v2/team/web/manifests/1.0.0'));
    expect(line).toMatchObject({ status: 401, principal: 'anonymous', repository: 'team/web' });
    expect(line.refusal).toContain('team/web does not exist or is private');
  });

  test('has an id of its own, which no client chooses', async () => {
    const answer = await fetch(`${url}/v2/`, { headers: { 'x-request-id': 'chosen', 'request-id': 'chosen' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[a-f0-9]{8}-[a-f0-9-]{27}$/);
  });

  test('is for debugging only where it is a health check that went well', async () => {
    expect((await lineOf(await send('GET', '/livez'))).level).toBe(20);
    expect((await lineOf(await send('GET', '/readyz'))).level).toBe(20);
  });

  test('keeps to one line, whatever a client puts into it', async () => {
    const answer = await fetch(`${url}/v2/a%0a%7B%22level%22:60%7D/tags/list`, { headers: { 'user-agent': '"}{"x' } });
    const line = await lineOf(answer);
    expect([line.status, line.level]).toEqual([400, 30]);
    expect(lines().some((each) => each.level === 60)).toBe(false);
  });

  test('is written for a request that the client gives up, too', async () => {
    const location =
      (await send('POST', '/v2/team/web/blobs/uploads/', `Basic ${basic(PASSWORD)}`)).headers.get('location') ?? '';
    const socket = await open(url);
    const headers = [`Authorization: Basic ${basic(PASSWORD)}`, 'Content-Length: 100'];
    socket.write(written({ method: 'PATCH', target: location, headers, body: 'half' }));
    const received = async () => (await send('GET', location, `Basic ${basic(PASSWORD)}`)).headers.get('range');
    await eventually(received).toBe('0-3');
    socket.destroy();
    const find = () => lines().find((line) => line.msg === 'request aborted by the client');
    await expect
      .poll(find)
      .toMatchObject({ method: 'PATCH', path: location, principal: 'admin', repository: 'team/web' });
  });

  test('has the cause beside it when the registry failed', async () => {
    await rename(join(dataDir, 'uploads'), join(dataDir, 'aside'));
    const path = `/v2/team/web/blobs/uploads/?digest=${digestOf(Buffer.from(''))}`;
    const answer = await send('POST', path, `Basic ${basic(PASSWORD)}`);
    await rename(join(dataDir, 'aside'), join(dataDir, 'uploads'));
    const line = await lineOf(answer);
    expect(line.status).toBe(500);
    expect(lines().find((each) => each.reqId === line.reqId && each.level === 50)).toMatchObject({
      msg: 'request failed',
      err: { code: 'ENOENT' },
    });
  });
});

describe('no secret is in the log, at its most detailed level,', () => {
  const FORM = 'application/x-www-form-urlencoded';
  /** A secret as text, in the base64 of a header, and as the numbers of a dumped buffer. */
  function expectUnseen(...secrets: readonly string[]): void {
    expect(text).not.toBe('');
    for (const secret of secrets) {
      for (const form of [secret, Buffer.from(secret).toString('base64'), [...Buffer.from(secret)].join(',')]) {
        expect(text).not.toContain(form);
      }
    }
  }

  test('when it is typed where the name belongs', async () => {
    const typed = 'hunter2-the-password';
    const form = `grant_type=password&username=${typed}&password=x`;
    const answers = [
      await send('GET', '/v2/', `Basic ${Buffer.from(`${typed}:x`).toString('base64')}`),
      await send('GET', '/token', `Basic ${Buffer.from(`${typed}:x`).toString('base64')}`),
      await send('POST', '/token', undefined, form, FORM),
    ];
    for (const answer of answers) {
      expect((await lineOf(answer)).status).toBe(401);
      expect(await answer.text()).not.toContain(typed);
    }
    expectUnseen(typed);
  });

  test('when somebody logs in with it, rightly or wrongly', async () => {
    for (const password of [PASSWORD, WRONG]) {
      await lineOf(await send('GET', '/v2/', `Basic ${basic(password)}`));
      await lineOf(await send('GET', '/token?scope=repository:a:pull', `Basic ${basic(password)}`));
      const form = `grant_type=password&username=admin&password=${password}`;
      await lineOf(await send('POST', '/token', undefined, form, FORM));
    }
    expectUnseen(PASSWORD, WRONG, basic(PASSWORD), basic(WRONG));
  });

  test('when a form with it is wrong', async () => {
    await lineOf(await send('POST', '/token', undefined, `username=admin&password=${PASSWORD}`, FORM));
    await lineOf(await send('POST', '/token', undefined, `grant_type=other&password=${PASSWORD}`, FORM));
    await lineOf(await send('POST', '/token', undefined, `{"password":"${PASSWORD}"`, 'application/json'));
    await lineOf(await send('POST', '/token', undefined, `{"password":"${PASSWORD}"}`, 'application/json'));
    await lineOf(await send('POST', '/token', undefined, `<${PASSWORD}>`, 'text/xml'));
    await lineOf(await send('POST', '/v2/a/blobs/uploads/', `Basic ${basic(PASSWORD)}`, PASSWORD));
    expectUnseen(PASSWORD);
  });

  test('when somebody types it in place of the user name', async () => {
    const secret = 'Correct-Horse!';
    await lineOf(await send('GET', '/v2/', `Basic ${Buffer.from(`${secret}:`).toString('base64')}`));
    await lineOf(await send('POST', '/token', undefined, `grant_type=password&username=${secret}&password=x`, FORM));
    expectUnseen(secret);
  });

  test('when it is in a query or in front of a host', async () => {
    await lineOf(await send('GET', `/token?account=admin&password=${PASSWORD}`));
    await lineOf(await send('GET', `/v2/_catalog?token=${PASSWORD}`));
    await lineOf(await send('GET', `/nothing?token=${PASSWORD}`));
    for (const target of [
      `http://admin:${PASSWORD}@registry.test/v2/`,
      `http://admin:${PASSWORD}@registry.test/nothing`,
    ]) {
      const answer = await exchange(url, written({ method: 'GET', target }));
      expect(answer.body).not.toContain(PASSWORD);
    }
    expectUnseen(PASSWORD);
  });

  test('when a token is given, shown, expired or broken', async () => {
    const answer = await send('GET', '/token', `Basic ${basic(PASSWORD)}`);
    const { token } = (await answer.json()) as { token: string };
    const broken = `${token.slice(0, -2)}xx`;
    for (const shown of [token, broken]) {
      await lineOf(await send('GET', '/v2/', `Bearer ${shown}`));
      await lineOf(await send('GET', '/token', `Bearer ${shown}`));
      await lineOf(await send('GET', '/v2/', `Other ${shown}`));
    }
    const signature = token.slice(token.lastIndexOf('.') + 1, -2);
    expectUnseen(token, broken, signature);
  });

  test('when a request cannot be read, so that its bytes are all there is to log', async () => {
    const head = ['GET /v2/ HTTP/1.1', 'Host: registry.test', `Authorization: Basic ${basic(PASSWORD)}`];
    expect((await exchange(url, [...head, 'X: a\x01b', '', ''].join('\r\n'))).status).toBe(400);
    expect((await exchange(url, [...head, `X: ${'x'.repeat(20_000)}`, '', ''].join('\r\n'))).status).toBe(431);
    expect(
      (await exchange(url, `GET /v2/%zz HTTP/1.1\r\n${head.slice(1).join('\r\n')}\r\nConnection: close\r\n\r\n`))
        .status,
    ).toBe(400);
    await lineOf(await send('GET', '/livez'));
    expectUnseen(PASSWORD, basic(PASSWORD));
  });

  test('when a request fails for a reason of ours', async () => {
    await rename(join(dataDir, 'uploads'), join(dataDir, 'aside'));
    const digest = digestOf(Buffer.from(PASSWORD));
    await lineOf(await send('POST', `/v2/a/blobs/uploads/?digest=${digest}`, `Basic ${basic(PASSWORD)}`, PASSWORD));
    await lineOf(await send('GET', '/readyz', `Basic ${basic(PASSWORD)}`));
    await rename(join(dataDir, 'aside'), join(dataDir, 'uploads'));
    expect(text).toContain('"level":50');
    expectUnseen(PASSWORD, basic(PASSWORD));
  });
});
