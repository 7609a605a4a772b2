// The files of a version: each as it is, and none in a way that a browser would run.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { sendRaw } from '../support/raw-request.ts';
import { openApi, type Page } from './support/api.ts';
import { publish, setNamespace } from './support/charts.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const FILES = '/charts/open/web/-/versions/1.0.0/files';
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);
const CONTENT: Readonly<Record<string, string | Buffer>> = {
  'README.md': '# Web\n',
  'files/page.html': '<script>alert(1)</script>\n',
  'files/image.svg': '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>\n',
  'files/page.xhtml': '<html xmlns="http://www.w3.org/1999/xhtml"/>\n',
  'files/empty': '',
  'files/logo.png': PNG,
  'files/latin1.txt': Buffer.from([0x66, 0xfc, 0x72]),
  'files/nul.txt': Buffer.from('a\u0000b'),
  'files/spaces and +.txt': 'spaces\n',
  'files/Ελληνικά/日本語.txt': 'other scripts\n',
  'files/100%.txt': 'percent\n',
  'files/"quoted"; filename=x.bin': PNG,
  'files/a"b\r\nX: y.html': '<p>\n',
  'files/a"b\r\nX: y.bin': PNG,
  'files/-/files/x.txt': 'a dash\n',
  'templates/_helpers.tpl': '{{- define "x" -}}\n',
};

beforeAll(async () => {
  await setNamespace(registry, { path: 'open', visibility: 'public' });
  await publish(registry, 'open/web', '1.0.0', { files: CONTENT as Record<string, string> });
});

function addressOf(path: string): string {
  return `${FILES}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

async function fetchFile(path: string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await registry.request('GET', `/api/v1${addressOf(path)}`, { as: undefined, headers });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

test.each(Object.keys(CONTENT))('is sent as it is: %s', async (path) => {
  const { status, headers, bytes } = await fetchFile(path);
  expect([status, bytes]).toEqual([200, Buffer.from(CONTENT[path] ?? '')]);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
  expect(headers.get('content-length')).toBe(String(bytes.length));
});

describe('is never a page, an image or a program', () => {
  test.each([
    ['README.md', 'text/plain; charset=utf-8', null],
    ['files/page.html', 'text/plain; charset=utf-8', null],
    ['files/image.svg', 'text/plain; charset=utf-8', null],
    ['files/page.xhtml', 'text/plain; charset=utf-8', null],
    ['files/empty', 'text/plain; charset=utf-8', null],
    ['files/Ελληνικά/日本語.txt', 'text/plain; charset=utf-8', null],
    ['files/logo.png', 'application/octet-stream', "attachment; filename*=UTF-8''logo.png"],
    ['files/latin1.txt', 'application/octet-stream', "attachment; filename*=UTF-8''latin1.txt"],
    ['files/nul.txt', 'application/octet-stream', "attachment; filename*=UTF-8''nul.txt"],
    [
      'files/"quoted"; filename=x.bin',
      'application/octet-stream',
      "attachment; filename*=UTF-8''%22quoted%22%3B%20filename%3Dx.bin",
    ],
    ['files/a"b\r\nX: y.bin', 'application/octet-stream', "attachment; filename*=UTF-8''a%22b%0D%0AX%3A%20y.bin"],
  ])('%s', async (path, type, disposition) => {
    const { headers } = await fetchFile(path);
    expect([headers.get('content-type'), headers.get('content-disposition')]).toEqual([type, disposition]);
  });
});

describe('nothing else of this machine is reached', () => {
  const TARGETS = [
    ...['../../../../../../etc/passwd', '..', '.', './README.md', 'files/../README.md', 'files/', '/README.md'],
    ...['//README.md', '%2e%2e/%2e%2e/chartroom.db', '%2e%2e%2f%2e%2e%2fchartroom.db', '..%5c..%5cchartroom.db'],
    ...['/etc/passwd', '%2fetc%2fpasswd', 'C:%5cwindows', 'readme.md', 'README.md%20', 'README.md%2e', 'web/README.md'],
    ...['....//README.md', '%c0%ae%c0%ae/README.md', '%ef%bc%8e%ef%bc%8e/x', 'README.md/.', 'a%ff'],
  ];

  test.each(TARGETS)('by %s', async (target) => {
    // As it stands, since clients would have taken the dots out.
    const answer = await sendRaw(registry.url, { method: 'GET', target: `/api/v1${FILES}/${target}`, headers: [] });
    expect(answer.status).toBeOneOf([400, 404]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).not.toMatch(/root:|SQLite/);
  });

  test('a NUL ends no path, and a path has an end', async () => {
    expect(await api.refusal(404, 'GET', `${FILES}/README.md%00`)).toMatch(/^the chart has no file "README\.md/);
    expect(await api.refusal(400, 'GET', `${FILES}/${'a'.repeat(4097)}`)).toMatch(
      /must not have more than 4096 characters$/,
    );
  });

  test('and what is not there is said so', async () => {
    expect(await api.refusal(404, 'GET', `${FILES}/none.txt`)).toBe('the chart has no file "none.txt"');
    expect(await api.refusal(404, 'GET', '/charts/open/web/-/versions/9.0.0/files/README.md')).toBe(
      'open/web has no version "9.0.0"',
    );
  });
});

test('whoever has the file already is told so', async () => {
  const { headers } = await fetchFile('README.md');
  const etag = headers.get('etag') ?? '';
  expect(etag).toMatch(/^"sha256:[0-9a-f]{64}"$/);
  const again = await fetchFile('README.md', { 'if-none-match': etag });
  expect([again.status, again.bytes.length, again.headers.get('etag')]).toEqual([304, 0, etag]);
  expect((await fetchFile('README.md', { 'if-none-match': '"another"' })).status).toBe(200);
});

test('the list has every file once, in pages of any size', async () => {
  const expected = [...Object.keys(CONTENT), 'Chart.yaml', 'values.yaml'].sort((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  );
  for (const limit of [1, 3, 100]) {
    const files = await api.all(`${FILES}?limit=${limit}`);
    expect(files.map(({ path }) => path)).toEqual(expected);
  }
  const { items } = (await api.send<Page<object>>('GET', FILES)).body;
  expect(items).toContainEqual({ path: 'templates/_helpers.tpl', size: 19, kind: 'template' });
});

test('every file of the list is there to be fetched', async () => {
  for (const { path } of await api.all<{ readonly path: string }>(FILES)) {
    expect([path, (await fetchFile(path)).status]).toEqual([path, 200]);
  }
});

test('reading files is no pull', async () => {
  await fetchFile('README.md');
  await registry.restart();
  expect((await api.send('GET', '/charts/open/web/-/pulls')).body).toMatchObject({ total: 0 });
});
