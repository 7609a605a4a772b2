// The port OutgoingRequests on its adapter: which addresses are private, and that none is connected to unless it is allowed.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { isPrivateAddress, openOutgoingRequests, type ResolveName } from '../../src/adapters/outgoing-requests.ts';
import type { OutgoingAnswer, OutgoingFailure } from '../../src/ports/outgoing-requests.ts';

describe('an address is private', () => {
  test.each([
    ['of no network', ['0.0.0.0', '0.1.2.3', '::']],
    ['of this machine', ['127.0.0.1', '127.255.255.254', '::1']],
    ['of a private network', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1']],
    ['shared by a provider (RFC 6598)', ['100.64.0.1', '100.127.255.255']],
    ['of this link', ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1']],
    ['unique and local', ['fc00::1', 'fd12:3456::1', 'fec0::1']],
    ['of many', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1']],
    ['reserved, or for documents', ['192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '240.0.0.1']],
    ['reserved, of IPv6', ['100::1', '2001::1', '2001:db8::1', '3fff::1', '5f00::1', '4000::1', '64:ff9b:1::1', '::2']],
    ['of the metadata of a cloud', ['169.254.169.254', '100.100.100.200', '192.0.0.192', '168.63.129.16']],
    ['of the metadata of a cloud, of IPv6', ['fd00:ec2::254', 'fd20:ce::254']],
    ['mapped into IPv6', ['::ffff:127.0.0.1', '::ffff:a00:1', '::FFFF:169.254.169.254', '0:0:0:0:0:ffff:7f00:1']],
    ['compatible with IPv6', ['::127.0.0.1', '::10.0.0.1']],
    ['behind NAT64', ['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b::10.0.0.1']],
    ['behind 6to4', ['2002:7f00:1::', '2002:a00:1::1', '2002:a9fe:a9fe::', '2002:c0a8:101:1::1']],
    ['that is none', ['', 'localhost', '127.1', '0x7f000001', '1.2.3', '1.2.3.4.5', 'fe80']],
  ])('%s', (_kind, addresses) => {
    expect(addresses.filter((address) => !isPrivateAddress(address))).toEqual([]);
  });

  test('and others are not', () => {
    const open = [
      ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
      ...['169.253.255.255', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0', '223.255.255.255'],
      ...[
        '2606:4700::1111',
        '2a00:1450::1',
        '::ffff:1.1.1.1',
        '64:ff9b::1.1.1.1',
        '2002:101:101::1',
        '2001:4860::8888',
      ],
    ];
    expect(open.filter(isPrivateAddress)).toEqual([]);
  });
});

interface Served extends AsyncDisposable {
  readonly port: number;
  readonly asked: () => number;
}

async function serve(listener: RequestListener = (_request, response) => response.end('here')): Promise<Served> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Options {
  readonly allowed?: readonly string[];
  readonly resolve?: ResolveName;
  readonly maximumBytes?: number;
  readonly signal?: AbortSignal;
}

async function send(address: string, options: Options = {}): Promise<OutgoingAnswer> {
  const { allowed = [], resolve, maximumBytes = 1024, signal = AbortSignal.timeout(20_000) } = options;
  const requests = openOutgoingRequests({ allowedPrivateHosts: allowed, ...(resolve ? { resolve } : {}) });
  return await requests.send(new URL(address), { maximumBytes, signal });
}

/** A name server that gives one answer after the other, and the last one for ever. */
function answering(...answers: readonly (readonly string[])[]): ResolveName {
  let asked = 0;
  return (_name, _options, done) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

async function expectFailure(sent: Promise<unknown>, failure: OutgoingFailure, message: string): Promise<void> {
  await expect(sent).rejects.toMatchObject({ name: 'OutgoingFailed', failure, message });
}

const FORBIDDEN = 'is at a private address, which is asked only when the setting allowedPrivateHosts names it';

describe('nobody is asked', () => {
  test.each([
    ...['127.0.0.1', 'localhost', 'LOCALHOST', '127.1', '2130706433', '0x7f.0.0.1', '0177.0.0.1', '0.0.0.0'],
    ...['[::1]', '[::ffff:127.0.0.1]', '[::]', '[::127.0.0.1]', '１２７.0.0.1'],
  ])('at %s, however it is written', async (host) => {
    await using served = await serve();
    await expectFailure(send(`http://${host}:${served.port}/`), 'forbidden', FORBIDDEN);
    expect(served.asked()).toBe(0);
  });

  test('at a name that stands for a private address, alone or among others', async () => {
    await using served = await serve();
    const address = `http://keys.example.com:${served.port}/`;
    for (const private_ of ['127.0.0.1', '::ffff:127.0.0.1', '10.0.0.1', '169.254.169.254']) {
      await expectFailure(send(address, { resolve: answering([private_]) }), 'forbidden', FORBIDDEN);
    }
    const both = send(address, { resolve: answering(['240.0.0.1', '127.0.0.1']) });
    await expectFailure(both, 'forbidden', FORBIDDEN);
    expect(served.asked()).toBe(0);
  });

  test('at a name that stood for a public address a moment ago (DNS rebinding)', async () => {
    await using served = await serve();
    // What is looked up for the connection counts, each time: nobody looks before, and nobody keeps what was found.
    const requests = openOutgoingRequests({
      allowedPrivateHosts: ['127.0.0.2'],
      resolve: answering(['127.0.0.2'], ['127.0.0.1']),
    });
    const ask = () =>
      requests.send(new URL(`http://keys.example.com:${served.port}/`), {
        maximumBytes: 10,
        signal: AbortSignal.timeout(20_000),
      });
    await expectFailure(ask(), 'unreachable', 'cannot be reached (ECONNREFUSED)');
    await expectFailure(ask(), 'forbidden', FORBIDDEN);
    expect(served.asked()).toBe(0);
  });

  test('whom a redirect names: it is the answer', async () => {
    await using inside = await serve();
    await using served = await serve((_request, response) =>
      response.writeHead(302, { location: `http://localhost:${inside.port}/` }).end(),
    );
    const answer = await send(`http://127.0.0.1:${served.port}/`, { allowed: ['127.0.0.1'] });
    expect([answer.status, inside.asked()]).toEqual([302, 0]);
  });

  test('and the message tells no address, while the cause, for the log, does', async () => {
    const sent = send('http://keys.example.com/', { resolve: answering(['10.1.2.3']) });
    await expect(sent).rejects.toMatchObject({
      message: FORBIDDEN,
      cause: { message: 'keys.example.com is at 10.1.2.3' },
    });
  });
});

describe('a private address is asked when it is allowed', () => {
  test.each([
    ['by name', ['Keys.Example.com']],
    ['by address', ['127.0.0.1']],
    ['by range', ['10.0.0.0/8', '127.0.0.0/8']],
    ['by range of IPv6 as well', ['fd00::/8', '127.0.0.0/8']],
  ])('%s', async (_how, allowed) => {
    await using served = await serve();
    const resolve = answering(['127.0.0.1']);
    const answer = await send(`http://keys.example.com:${served.port}/`, { allowed, resolve });
    expect([answer.status, answer.body.toString()]).toEqual([200, 'here']);
    const other = send(`http://other.example.com:${served.port}/`, { allowed: ['keys.example.com'], resolve });
    await expectFailure(other, 'forbidden', FORBIDDEN);
  });
});

describe('an answer', () => {
  const allowed = ['127.0.0.1'];

  test('has no more bytes than were asked for', async () => {
    await using served = await serve((_request, response) => response.end('x'.repeat(1025)));
    const address = `http://127.0.0.1:${served.port}/`;
    await expectFailure(send(address, { allowed }), 'too-large', 'answers with more than 1 KiB');
    expect((await send(address, { allowed, maximumBytes: 1025 })).body).toHaveLength(1025);
  });

  test('is not unpacked', async () => {
    await using served = await serve((request, response) => response.end(request.headers['accept-encoding']));
    expect((await send(`http://127.0.0.1:${served.port}/`, { allowed })).body.toString()).toBe('identity');
  });

  test('is not waited for when its time is over', async () => {
    await using served = await serve(() => undefined);
    const sent = send(`http://127.0.0.1:${served.port}/`, { allowed, signal: AbortSignal.timeout(50) });
    await expectFailure(sent, 'timeout', 'did not answer in time');
  });

  test('may be no HTTP, or end before its length', async () => {
    await using served = await serve((request, response) => {
      if (request.url === '/short') response.writeHead(200, { 'content-length': 100 }).write('x');
      setImmediate(() => response.socket?.destroy());
    });
    for (const path of ['/', '/short']) {
      const sent = send(`http://127.0.0.1:${served.port}${path}`, { allowed });
      await expectFailure(sent, 'unreachable', 'cannot be reached (ECONNRESET)');
    }
  });
});

test('where Node is told to use a proxy, requests go there, though it is at a private address itself', async () => {
  await using proxy = await serve((request, response) => response.end(`by proxy: ${request.url}`));
  const adapter = new URL('../../src/adapters/outgoing-requests.ts', import.meta.url).href;
  const program = `
    const { openOutgoingRequests } = await import(${JSON.stringify(adapter)});
    const requests = openOutgoingRequests({ allowedPrivateHosts: [] });
    const send = (address) => requests.send(new URL(address), { maximumBytes: 100, signal: AbortSignal.timeout(20_000) });
    const answer = await send('http://keys.example.com/keys');
    const failure = await send('http://127.0.0.1/').catch((error) => error.failure);
    console.log(answer.body.toString(), failure);`;
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: `http://localhost:${proxy.port}` };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { env });
  expect(stdout).toBe('by proxy: http://keys.example.com/keys forbidden\n');
});
