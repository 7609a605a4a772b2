// Requests from a grammar of the OCI routes: names, references, ranges, queries, methods and headers as no client would write them.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { RawRequest } from '../http/support/raw-request.ts';
import { type AttackedServer, expectAnswer, startAttackedServer } from './support/attacked-server.ts';
import { fuzzing } from './support/fuzz-runs.ts';
import { HOSTILE_SEGMENTS } from './support/hostile-text.ts';

const BLOB = Buffer.from('a blob');
const DIGEST = digestOf(BLOB);

let server: AttackedServer;
let upload: string;
beforeAll(async () => {
  server = await startAttackedServer();
  const answer = await server.request('POST', `/v2/team/web/blobs/uploads/?digest=${DIGEST}`, { body: BLOB });
  expect(answer.status).toBe(201);
  upload = await beginUpload();
});
afterAll(() => server[Symbol.asyncDispose]());

async function beginUpload(): Promise<string> {
  const answer = await server.request('POST', '/v2/team/web/blobs/uploads/');
  return (answer.headers.get('location') ?? '').replace(/^.*\//, '');
}

const segment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('team', 'web', 'a', '_', 'UPPER') },
  { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_SEGMENTS) },
  // Any bytes but those that end the line or the word, which the next test is about.
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)) }),
  },
);
const name = fc.oneof(
  { weight: 2, arbitrary: fc.constant('team/web') },
  { weight: 1, arbitrary: fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')) },
);
const digest = fc.oneof(
  fc.constantFrom(
    ...[DIGEST, 'sha256:', 'sha256:abc', 'sha512:abc', `sha256:${'0'.repeat(64)}`, `SHA256:${'0'.repeat(64)}`],
    ...[
      'sha256:../../../../etc/passwd',
      `sha256:${'..%2f'.repeat(13)}`,
      `md5:${'0'.repeat(32)}`,
      `sha256%3a${DIGEST.slice(7)}`,
    ],
    ...[
      `sha256:${'g'.repeat(64)}`,
      `sha256:${'A'.repeat(64)}`,
      `sha256:${'0'.repeat(65)}`,
      `${DIGEST}%00`,
      `${DIGEST},${DIGEST}`,
    ],
  ),
  segment,
);
const reference = fc.oneof(
  digest,
  segment,
  fc.constantFrom('latest', '1.0.0', '1.0.0_build', '.hidden', '-x', 'x'.repeat(129)),
);
const path = fc.oneof(
  fc.tuple(name, reference).map(([each, what]) => `/v2/${each}/manifests/${what}`),
  fc.tuple(name, digest).map(([each, what]) => `/v2/${each}/blobs/${what}`),
  fc.tuple(name, digest).map(([each, what]) => `/v2/${each}/referrers/${what}`),
  name.map((each) => `/v2/${each}/tags/list`),
  name.map((each) => `/v2/${each}/blobs/uploads/`),
  fc.tuple(name, segment).map(([each, id]) => `/v2/${each}/blobs/uploads/${id}`),
  fc.tuple(name, fc.nat(3)).map(([each, count]) => `/v2/${each}/blobs/uploads/${'UPLOAD'.repeat(count)}`),
  fc.tuple(name, segment).map(([each, file]) => `/${each}/charts/${file}`),
  fc.tuple(name, segment).map(([each, file]) => `/api/${each}/charts/${file}`),
  fc
    .tuple(name, segment, segment)
    .map(([each, version, file]) => `/api/v1/charts/${each}/-/versions/${version}/files/${file}`),
  name.map((each) => `/${each}/index.yaml`),
  fc.constantFrom('/v2/', '/v2', '/v2/_catalog', '/token', '/', '//', '/./v2/../v2/', '/readyz', '*', '/sso/callback'),
);
const queryPart = fc
  .tuple(
    fc.constantFrom(
      'digest',
      'mount',
      'from',
      'n',
      'last',
      'tag',
      'artifactType',
      'scope',
      'service',
      'urls',
      'q',
      '__proto__',
    ),
    fc.oneof(
      digest,
      segment,
      fc.constantFrom('0', '-1', '1e9', '99999999999999999999', '', 'repository:team/web:pull'),
    ),
  )
  .map(([key, value]) => `${key}=${value}`);
const query = fc.array(queryPart, { maxLength: 4 }).map((parts) => (parts.length === 0 ? '' : `?${parts.join('&')}`));
const header = fc.constantFrom(
  ...[
    'Range: bytes=0-0',
    'Range: bytes=-1',
    'Range: bytes=5-2',
    'Range: bytes=0-99999999999999999999',
    'Range: bytes=0-1,3-4',
  ],
  ...[
    'Range: lines=1-2',
    'Range: bytes=',
    `Range: bytes=${'0-1,'.repeat(2_000)}0-1`,
    'Content-Range: 0-5',
    'Content-Range: 5-0',
  ],
  ...[
    'Content-Range: bytes 0-5/6',
    'Content-Range: -',
    'Content-Range: 0-99999999999999999999',
    'Content-Range: 0-NaN',
  ],
  ...[
    'Content-Type: application/vnd.oci.image.manifest.v1+json',
    'Content-Type: text/html',
    'Content-Type: ',
    'Content-Type: ;;=',
  ],
  ...[
    'Content-Type: application/json; charset="\xff"',
    'Content-Type: multipart/form-data',
    'Content-Type: multipart/form-data; boundary=',
  ],
  ...[
    'Accept: ',
    'Accept: */*;q=x',
    `Accept: ${'a/b,'.repeat(1_000)}`,
    'Accept-Encoding: *;q=0',
    `If-None-Match: "${DIGEST}"`,
  ],
  ...[
    'If-None-Match: *',
    'If-None-Match: "',
    'If-Range: x',
    'Expect: 100-continue',
    'Expect: nothing',
    'Upgrade: websocket',
  ],
  ...[
    'Authorization: Basic',
    'Authorization: Basic ====',
    'Authorization: Bearer ..',
    'Authorization: Bearer chr_',
    'Authorization: \xff',
  ],
  ...[
    'Authorization: Bearer eyJhbGciOiJub25lIn0.e30.',
    'Authorization: Digest x',
    'Authorization: Basic OnA=',
    'Cookie: a=b; =; ;;',
  ],
  ...[
    'Host: ',
    'Host: evil.example.com',
    'Host: a@b',
    'Host: [::1',
    'Host: x:99999999',
    'Origin: null',
    'Sec-Fetch-Site: cross-site',
  ],
  ...[
    'X-Forwarded-For: 10.0.0.1',
    'X-Forwarded-Host: evil.example.com',
    'X-Forwarded-Proto: javascript',
    'Forwarded: for=x;host=y',
  ],
  ...[
    'X-HTTP-Method-Override: DELETE',
    'X-Original-URL: /api/v1/users',
    'Transfer-Encoding: chunked',
    'Content-Encoding: gzip',
  ],
);
const method = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('OPTIONS', 'TRACE', 'PROPFIND', 'MKCOL', 'SEARCH', 'QUERY', 'get', 'G\xcbT', 'X'),
  },
);
const body = fc.oneof(
  fc.constant(''),
  fc.constantFrom(
    '{}',
    '[]',
    'null',
    '{"schemaVersion":2}',
    '{"schemaVersion":2,"config":null,"layers":{}}',
    BLOB.toString(),
  ),
  fc.constantFrom('['.repeat(1_500), '{"a":'.repeat(300), '"\\ud800"', '\x00'.repeat(100), '\x1f\x8b\x08'),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

const request = fc.record({ method, path, query, headers: fc.array(header, { maxLength: 3 }), body });

test('whatever is asked of the OCI routes, the answer is one, and none of a failure', async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(request, async ({ method: verb, path: place, query: rest, headers, body: content }) => {
      const isChunked = headers.includes('Transfer-Encoding: chunked');
      const chunk = content === '' ? '' : `${content.length.toString(16)}\r\n${content}\r\n`;
      const raw: RawRequest = {
        method: verb,
        target: `${place.replaceAll('UPLOAD', upload)}${rest}`,
        headers: [...headers, ...(isChunked ? [] : [`Content-Length: ${content.length}`])],
        body: isChunked ? `${chunk}0\r\n\r\n` : content,
      };
      const answer = await server.raw(raw);
      expectAnswer(answer.status);
      seen.add(answer.status);
    }),
    fuzzing(1_500),
  );
  // The grammar gets through the door as well.
  for (const status of [200, 202, 204, 400, 401, 404, 405]) expect([...seen]).toContain(status);
  await server.expectUnharmed();
});

describe('a file outside of the store is served by no route', () => {
  const CLIMBS = [
    '..',
    '%2e%2e',
    '..%2f..',
    '%2e%2e%2f',
    '..%5c..',
    '%c0%ae%c0%ae',
    '....//',
    '..;',
    '.%00.',
    '%252e%252e',
  ];
  const PLACES = [
    '/v2/',
    '/v2/team/web/blobs/',
    '/v2/team/web/manifests/',
    '/team/charts/',
    '/charts/',
    '/api/v1/charts/',
    '/',
  ];

  test.each(PLACES)('below %s', async (place) => {
    for (const climb of CLIMBS) {
      for (const file of ['token-signing-keys.json', 'chartroom.db', 'etc/passwd', 'data/chartroom.db']) {
        const target = `${place}${`${climb}/`.repeat(4)}${file}`;
        const answer = await server.raw({ method: 'GET', target });
        expect([target, answer.status >= 400 && answer.status < 500]).toEqual([target, true]);
        expect(answer.body).not.toMatch(/root:|SQLite format|"secret"/);
      }
    }
  });
});

describe('the address of a target is that of this server, whatever it says', () => {
  test.each([
    ['http://evil.example.com/v2/', 200],
    ['https://user:password@evil.example.com/v2/', 200],
    ['http://evil.example.com', 200],
    ['evil.example.com/v2/', 400],
    ['//evil.example.com/v2/', 404],
    ['javascript:alert(1)', 400],
    ['ftp://evil.example.com/v2/', 404],
  ])('%s', async (target, status) => {
    const answer = await server.raw({ method: 'GET', target, headers: ['Host: charts.example.com'] });
    expect([target, answer.status]).toEqual([target, status]);
    expect(answer.body).not.toContain('user:password');
  });
});
