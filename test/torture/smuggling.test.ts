// Bytes that a proxy in front and this server could read in different ways: what stands behind them is never taken for a request.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN } from '../support/start-registry.ts';
import { type AttackedServer, expectAnswer, startAttackedServer } from './support/attacked-server.ts';
import { fuzzing } from './support/fuzz-runs.ts';

let server: AttackedServer;
beforeAll(async () => {
  server = await startAttackedServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const BASIC = `Authorization: Basic ${Buffer.from(ADMIN).toString('base64')}`;
const HEAD = `Host: charts.example.com\r\n${BASIC}\r\n`;
/** What would be answered with its own address, were it taken for a request. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: charts.example.com\r\nConnection: close\r\n\r\n';
const CHUNKED = `0\r\n\r\n${SMUGGLED}`;

/** How many answers came on the connection, and what they say. */
async function answersTo(bytes: string): Promise<{ readonly statuses: readonly number[]; readonly text: string }> {
  const { status, headers, body } = await server.bytes(bytes);
  const rest = [...body.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));
  return { statuses: [status, ...rest], text: `${[...headers].join('\n')}\n${body}` };
}

describe('two ways to say where the body ends', () => {
  const CODINGS = [
    ...[
      'chunked',
      'Chunked',
      ' chunked',
      'chunked ',
      '\tchunked',
      'xchunked',
      'chunked, identity',
      'identity, chunked',
    ],
    ...[
      'chunked, chunked',
      'gzip, chunked',
      'chunked;q=1',
      '"chunked"',
      'chunked\x0b',
      'chunked\x00',
      'x\x0cchunked',
      'chunk\xe9d',
      '',
    ],
  ];
  const NAMES = [
    'Transfer-Encoding: ',
    'Transfer-Encoding : ',
    'Transfer-Encoding\t: ',
    ' Transfer-Encoding: ',
    'transfer-encoding:',
  ];

  test.each(CODINGS)('a length and the coding %j', async (coding) => {
    for (const name of NAMES) {
      for (const [first, second] of [
        [`Content-Length: ${CHUNKED.length}`, `${name}${coding}`],
        [`${name}${coding}`, `Content-Length: ${CHUNKED.length}`],
      ]) {
        const answer = await answersTo(`POST /token HTTP/1.1\r\n${HEAD}${first}\r\n${second}\r\n\r\n${CHUNKED}`);
        expect(answer.statuses).toHaveLength(1);
        expect(answer.text).not.toContain('smuggled');
        expect(answer.statuses[0]).toBe(400);
      }
    }
  });

  test.each(['chunked, identity', 'identity', 'xchunked', 'chunked, chunked', 'gzip', 'chunked;q=1', 'chunked\x0b'])(
    'the coding %j without a length',
    async (coding) => {
      const answer = await answersTo(`POST /token HTTP/1.1\r\n${HEAD}Transfer-Encoding: ${coding}\r\n\r\n${CHUNKED}`);
      expect(answer.statuses).toEqual([400]);
      expect(answer.text).not.toContain('smuggled');
    },
  );

  test.each([
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 0'],
    ['two equal ones', 'Content-Length: 0\r\nContent-Length: 0'],
    ['two in one', 'Content-Length: 0, 5'],
    ['one with a sign', 'Content-Length: +0'],
    ['a negative one', 'Content-Length: -0'],
    ['one in hexadecimal', 'Content-Length: 0x0'],
    ['one with a unit', 'Content-Length: 0B'],
    ['one with a fraction', 'Content-Length: 0.0'],
    ['one that is folded', 'Content-Length:\r\n 0'],
    ['one with a control character', 'Content-Length: 0\x0b'],
    ['one whose name ends in a space', 'Content-Length : 0'],
    ['none that is one', 'Content-Length: '],
    ['two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'],
    ['a folded coding', 'Transfer-Encoding:\r\n chunked'],
    ['a header that ends in a line feed alone', 'X: a\nContent-Length: 0'],
    ['a header that ends in a carriage return alone', 'X: a\rContent-Length: 0'],
    ['a zero in a header', 'X: a\x00b\r\nContent-Length: 0'],
    ['a header without a name', ': a\r\nContent-Length: 0'],
    ['a space before the first header', ' X: a\r\nContent-Length: 0'],
  ])('%s', async (_what, lines) => {
    const answer = await answersTo(`POST /token HTTP/1.1\r\n${lines}\r\n${HEAD}\r\n${CHUNKED}`);
    expect(answer.statuses).toEqual([400]);
    expect(answer.text).not.toContain('smuggled');
  });
});

describe('chunks that are none', () => {
  test.each([
    ['a size with a sign', '+0\r\n\r\n'],
    ['a size in another base', '0x0\r\n\r\n'],
    ['a size behind a space', ' 0\r\n\r\n'],
    ['a size beyond all numbers', `${'f'.repeat(17)}\r\n`],
    ['a size that wraps around', '10000000000000000\r\n'],
    ['no size', '\r\n\r\n'],
    ['a line feed alone', '0\n\n'],
    ['a carriage return alone', '0\r\r'],
    ['an extension with a line feed', '0;a\nb\r\n\r\n'],
    ['a chunk without its end', '1\r\nab\r\n0\r\n\r\n'],
    ['a chunk that is longer than it says', '1\r\nabc0\r\n\r\n'],
    ['a trailer that is none', '0\r\nX\r\n\r\n'],
    ['a trailer with a line feed', '0\r\nX: a\nY: b\r\n\r\n'],
    ['a very long extension', `1;${'x'.repeat(40_000)}\r\na\r\n0\r\n\r\n`],
  ])('%s', async (_what, chunks) => {
    const type = 'Content-Type: application/x-www-form-urlencoded';
    const request = `POST /token HTTP/1.1\r\n${HEAD}${type}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}${SMUGGLED}`;
    const answer = await answersTo(request);
    expect(answer.statuses).toHaveLength(1);
    expect(answer.statuses[0]).toBeGreaterThanOrEqual(400);
    expect(answer.statuses[0]).toBeLessThan(500);
    expect(answer.text).not.toContain('smuggled');
  });

  test('a trailer changes nothing of the request', async () => {
    const trailer = `0\r\n${BASIC}\r\nHost: evil.example.com\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n`;
    const request = `GET /api/v1/users HTTP/1.1\r\nHost: charts.example.com\r\nTransfer-Encoding: chunked\r\n\r\n${trailer}`;
    const next = 'GET /next HTTP/1.1\r\nHost: charts.example.com\r\nConnection: close\r\n\r\n';
    const answer = await answersTo(`${request}${next}`);
    expect(answer.statuses).toEqual([401, 404]);
  });
});

describe('a request behind one that is refused', () => {
  test.each([
    [
      'whose body nobody reads',
      `POST /nothing HTTP/1.1\r\n${HEAD}Content-Length: ${SMUGGLED.length}\r\nConnection: close\r\n\r\n`,
    ],
    [
      'that may not be made',
      `PUT /v2/team/web/manifests/x HTTP/1.1\r\nHost: a\r\nContent-Length: ${SMUGGLED.length}\r\nConnection: close\r\n\r\n`,
    ],
    [
      'that reads nothing',
      `GET /livez HTTP/1.1\r\n${HEAD}Content-Length: ${SMUGGLED.length}\r\nConnection: close\r\n\r\n`,
    ],
    [
      'that asks for another protocol',
      `GET /livez HTTP/1.1\r\n${HEAD}Connection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n`,
    ],
    [
      'that asks to go on',
      `POST /nothing HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: ${SMUGGLED.length}\r\nConnection: close\r\n\r\n`,
    ],
  ])('%s is its body', async (_which, request) => {
    const answer = await answersTo(`${request}${SMUGGLED}`);
    expect(answer.text).not.toContain('/smuggled');
  });
});

test('requests one behind the other are answered in their order, and as many as they are', async () => {
  const requests = Array.from({ length: 50 }, (_, index) => `GET /nothing-${index} HTTP/1.1\r\n${HEAD}\r\n`);
  const { statuses, text } = await answersTo(
    `${requests.join('')}GET /livez HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`,
  );
  expect(statuses).toEqual([...Array<number>(50).fill(404), 200]);
  expect([...text.matchAll(/\/nothing-(\d+)/g)].map(([, index]) => Number(index))).toEqual(
    requests.map((_, index) => index),
  );
});

describe('no header is made of what a client writes', () => {
  const LINE = [
    '%0d%0aX-Injected:%201',
    '%0aX-Injected:%201',
    '%E5%98%8A%E5%98%8DX-Injected:1',
    '%250d%250aX-Injected:1',
    '%C4%8D%C4%8AX-Injected:1',
  ];
  const PLACES: readonly (readonly [string, (text: string) => string])[] = [
    ['a name', (text) => `GET /v2/team${text}/web/manifests/x`],
    ['a tag', (text) => `GET /v2/team/web/manifests/x${text}`],
    ['a digest', (text) => `GET /v2/team/web/blobs/sha256:${text}`],
    ['an upload', (text) => `GET /v2/team/web/blobs/uploads/${text}`],
    ['a mount', (text) => `POST /v2/team/web/blobs/uploads/?mount=sha256:${text}&from=a${text}`],
    ['a page', (text) => `GET /v2/_catalog?n=1&last=a${text}`],
    ['tags', (text) => `GET /v2/team/web/tags/list?n=1&last=${text}`],
    ['an artifact type', (text) => `GET /v2/team/web/referrers/sha256:${'0'.repeat(64)}?artifactType=${text}`],
    ['a scope', (text) => `GET /token?service=a${text}&scope=repository:a${text}:pull`],
    ['a file of a chart', (text) => `GET /team/charts/web-1.0.0.tgz${text}`],
    ['a file in a chart', (text) => `GET /api/v1/charts/team/web/-/versions/1.0.0/files/${text}`],
    ['nothing there', (text) => `GET /${text}`],
  ];

  test.each(PLACES)('%s', async (_place, target) => {
    for (const text of LINE) {
      for (const credential of [`${BASIC}\r\n`, '']) {
        const answer = await server.bytes(
          `${target(text)} HTTP/1.1\r\nHost: charts.example.com\r\n${credential}Content-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        expectAnswer(answer.status);
        expect(answer.headers.get('x-injected')).toBe(null);
      }
    }
  });

  test('the host that a client writes, and what nobody has said to be a proxy', async () => {
    for (const host of ['a"b', 'a,b', 'a b', 'evil.example.com/x', 'x:y', 'a\\b', '"', '[::1', 'a@b', 'é']) {
      const answer = await server.bytes(
        `GET /v2/ HTTP/1.1\r\nHost: ${Buffer.from(host).toString('latin1')}\r\nConnection: close\r\n\r\n`,
      );
      expect([401, 400]).toContain(answer.status);
      if (answer.status === 401) {
        expect(answer.headers.get('www-authenticate')).toMatch(
          /^Bearer realm="http:\/\/localhost\/token",service="localhost"/,
        );
      }
    }
    const forwarded = 'X-Forwarded-Host: evil.example.com\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 10.9.9.9\r\n';
    const answer = await server.bytes(
      `GET /v2/ HTTP/1.1\r\nHost: charts.example.com\r\n${forwarded}Connection: close\r\n\r\n`,
    );
    expect(answer.headers.get('www-authenticate')).toContain('realm="http://charts.example.com/token"');
  });
});

test('any bytes at all are refused or answered, and close the connection', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'GET ',
      'POST ',
      '/v2/ ',
      'HTTP/1.1\r\n',
      'HTTP/2.0\r\n',
      '\r\n',
      '\n',
      '\r',
      '\x00',
      ': ',
      HEAD,
      '0\r\n\r\n',
      'PRI * ',
    ),
    fc.constantFrom(
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Connection: close\r\n',
      'Expect: 100-continue\r\n',
      'a'.repeat(5_000),
    ),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
      // What is no request, whatever stood before it: so that the connection ends.
      const { statuses } = await answersTo(`${pieces.join('')}\r\n\r\n\x00\x01 no request\r\n\r\n`);
      expect(statuses.filter((status) => status >= 500)).toEqual([]);
    }),
    fuzzing(400),
  );
});

test('after all of it, the server is unharmed', async () => {
  await server.expectUnharmed();
});
