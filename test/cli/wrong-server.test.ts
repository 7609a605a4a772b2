// `--server` with something that is not there, is not Chartroom, or must not be told a secret: one sentence each.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readUser } from '../../src/cli/answers.ts';
import { GivenOptions } from '../../src/cli/command.ts';
import { namedServer } from '../../src/cli/connection.ts';
import { allItems, ManagementError } from '../../src/cli/management.ts';
import { remoteManagement } from '../../src/cli/remote-management.ts';
import { runChartroom, temporaryFolder } from '../support/chartroom-process.ts';
import { failure, NOTHING_TO_SHOW } from './registry-folder.ts';
import { selfSigned } from './self-signed.ts';

const TOKEN = 'chr_00000000aaaaaaaaaaaaaaaaaaaaaaaa111111';

test.each<readonly [what: string, answer: RequestListener, message: string]>([
  [
    'a web site',
    (_request, reply) => reply.setHeader('content-type', 'text/html; charset=utf-8').end('<h1>It works!</h1>'),
    'URL does not answer as Chartroom does (it answers 200 with text/html): check the address, and what stands in between',
  ],
  [
    'a web site that does not know the address',
    (_request, reply) => reply.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>'),
    'URL does not answer as Chartroom does (it answers 404 with text/html): check the address, and what stands in between',
  ],
  [
    'a proxy that wants a password of its own',
    (_request, reply) => reply.writeHead(401, { 'www-authenticate': 'Basic' }).end(),
    'URL does not answer as Chartroom does (it answers 401): check the address, and what stands in between',
  ],
  [
    'a proxy in front of nothing',
    (_request, reply) => reply.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>'),
    'URL is a proxy that does not reach Chartroom (it answers 502 with text/html): look whether Chartroom runs behind it',
  ],
  [
    'a registry that is no Chartroom, or an older one',
    (_request, reply) =>
      reply.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[{"code":"NOT_FOUND"}]}'),
    'URL is a registry without a management API: another one, or an older Chartroom',
  ],
  [
    'another API at the same path',
    (_request, reply) => reply.setHeader('content-type', 'application/json').end('[{"id":1}]'),
    'the answer is not one that this Chartroom understands: use the command line of the same version as the server',
  ],
  [
    'another API with lists of the same form',
    (_request, reply) => reply.setHeader('content-type', 'application/json').end('{"items":[{"id":1}]}'),
    'the answer is not one that this Chartroom understands: use the command line of the same version as the server',
  ],
  [
    'an answer that says JSON and is none',
    (_request, reply) => reply.setHeader('content-type', 'application/json').end('{"items":['),
    'URL does not answer as Chartroom does (it answers 200 with application/json): check the address, and what stands in between',
  ],
  [
    'a problem of another program',
    (_request, reply) =>
      reply.writeHead(400, { 'content-type': 'application/problem+json' }).end('{"type":"about:blank","detail":"x"}'),
    'URL does not answer as Chartroom does (it answers 400 with application/problem+json): check the address, and what stands in between',
  ],
  [
    'an answer that breaks off',
    (_request, reply) => {
      reply.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{');
      setImmediate(() => reply.destroy());
    },
    'the connection to URL broke while it answered: try again',
  ],
  [
    'a redirect to where the same server is meant',
    (_request, reply) => reply.writeHead(301, { location: '/elsewhere' }).end(),
    'URL sends its callers to URL/elsewhere: check the address',
  ],
])('%s is not taken for Chartroom', async (_what, answer, message) => {
  await using server = await listening(createHttpServer(answer));
  await using management = remoteManagement(new URL(server.url), undefined);
  const users = async () => (await allItems(management, '/users')).map(readUser);
  await expect(users()).rejects.toThrow(new ManagementError(message.replaceAll('URL', server.url)));
});

test('what is not Chartroom is said so at the command line', async () => {
  await using server = await listening(createHttpServer((_request, reply) => reply.end('<h1>It works!</h1>')));
  expect(await userList(server.url)).toEqual(
    failure(
      `${server.url} does not answer as Chartroom does (it answers 200): check the address, and what stands in between`,
    ),
  );
});

test('a redirect to another place is not followed, so that the credential goes nowhere else', async () => {
  const seen: IncomingMessage[] = [];
  await using target = await listening(
    createHttpServer((request, reply) => {
      seen.push(request);
      reply.end();
    }),
  );
  await using server = await listening(
    createHttpServer((request, reply) => reply.writeHead(308, { location: `${target.url}${request.url}` }).end()),
  );
  const message = `${server.url} sends its callers to ${target.url}/api/v1/users?limit=1000: if that is right, use --server ${target.url}`;
  expect(await userList(server.url, { CHARTROOM_TOKEN: TOKEN })).toEqual(failure(message));
  expect(seen).toEqual([]);
});

test('control characters in what a server says do not reach the terminal', async () => {
  const problem = { type: 'urn:chartroom:problem:forbidden', detail: 'no\u001b[2J\u202e way' };
  await using server = await listening(
    createHttpServer((_request, reply) =>
      reply.writeHead(403, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)),
    ),
  );
  expect(await userList(server.url)).toEqual(failure('no?[2J? way'));
});

test('a page of a list that points to another server is not followed there', async () => {
  const page = { items: [], next: '//192.0.2.1/api/v1/users' };
  await using server = await listening(
    createHttpServer((_request, reply) =>
      reply.setHeader('content-type', 'application/json').end(JSON.stringify(page)),
    ),
  );
  expect(await userList(server.url)).toEqual(NOTHING_TO_SHOW);
});

test('a server that is not there is said so', async () => {
  const server = await listening(createHttpServer());
  await server[Symbol.asyncDispose]();
  expect(await userList(server.url)).toEqual(
    failure(`nothing answers at ${server.url}: start the server, or check the address and the port`),
  );
});

test('a host name that nobody knows is said so', async () => {
  expect(await userList('https://nowhere.invalid')).toEqual(
    failure('the host name nowhere.invalid cannot be looked up: check the address'),
  );
});

test('a server that speaks something else is said so', async () => {
  await using plain = await listening(createHttpServer());
  expect((await userList(plain.url.replace('http:', 'https:'))).stderr).toMatch(
    /^chartroom: https:\/\/127\.0\.0\.1:\d+ does not speak TLS \(\w+\): check the port, or use http:\/\/\n$/,
  );
  await using other = await listening(
    createTcpServer((socket) => socket.resume().end('220 mail.example.com ESMTP\r\n')),
  );
  expect((await userList(other.url)).stderr).toMatch(
    /^chartroom: http:\/\/127\.0\.0\.1:\d+ does not speak plain HTTP \(\w+\): check the port, or use https:\/\/\n$/,
  );
});

test('a certificate is checked, and an authority of one’s own can be named', async () => {
  const certificate = selfSigned('localhost', '20991231235959Z');
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'authority.pem'), certificate.cert);
  await using server = await listening(
    createHttpsServer(certificate, (_request, reply) => emptyList(reply)),
    'https',
  );
  const url = server.url.replace('127.0.0.1', 'localhost');
  const why = (text: string) => ({ code: 1, stdout: '', stderr: `chartroom: ${text}\n` });
  expect(await userList(url)).toMatchObject(
    why(
      `the certificate of ${url} is of nobody whom this machine trusts: name the file with your authority's certificate in NODE_EXTRA_CA_CERTS, or set NODE_USE_SYSTEM_CA=1`,
    ),
  );
  const trusted = { NODE_EXTRA_CA_CERTS: join(folder.path, 'authority.pem') };
  expect(await userList(url, trusted)).toEqual(NOTHING_TO_SHOW);
  expect(await userList(server.url, trusted)).toMatchObject(
    why(`the certificate of ${server.url} is for another name: use the name that it was made for`),
  );
});

test('an expired certificate is said so', async () => {
  const certificate = selfSigned('localhost', '20200102000000Z');
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'authority.pem'), certificate.cert);
  await using server = await listening(createHttpsServer(certificate), 'https');
  const url = server.url.replace('127.0.0.1', 'localhost');
  expect(await userList(url, { NODE_EXTRA_CA_CERTS: join(folder.path, 'authority.pem') })).toEqual(
    failure(`the certificate of ${url} has expired: it must be renewed there`),
  );
});

test.each([
  ['charts.example.com', '--server is "charts.example.com", but must be a URL such as https://charts.example.com'],
  [
    'oci://charts.example.com',
    '--server is "oci://charts.example.com", but must be a URL such as https://charts.example.com',
  ],
  [
    'ann:secret@charts.example.com',
    '--server is "…@charts.example.com", but must be a URL such as https://charts.example.com',
  ],
  [
    'https://ann:secret@charts.example.com',
    '--server must not have a user name or password in it: use CHARTROOM_TOKEN, --token-file or --login',
  ],
  ['https://charts.example.com/v2/', '--server must end behind the host: https://charts.example.com'],
])('"--server %s" is refused with what to write instead', (server, message) => {
  expect(() => namedServer(new GivenOptions(new Map([['server', [server]]])))).toThrow(message);
});

test('a token does not cross the network readable by others, unless that is wanted', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'token'), `${TOKEN}\n`);
  const advice = 'use https://, or --plain-http if you know that nobody listens';
  const server = 'http://charts.invalid';
  expect(await userList(server, { CHARTROOM_TOKEN: TOKEN })).toEqual(
    failure(`the token in CHARTROOM_TOKEN would cross the network to ${server} readable by others: ${advice}`),
  );
  const words = ['user', 'list', '--server', server, '--token-file', 'token'];
  expect(await runChartroom(words, { folder: folder.path })).toEqual(
    failure(`the token in token would cross the network to ${server} readable by others: ${advice}`),
  );
  expect(await runChartroom([...words, '--plain-http'], { folder: folder.path })).toEqual(
    failure('the host name charts.invalid cannot be looked up: check the address'),
  );
});

test.each([
  [
    '--login ann',
    {},
    'there is no terminal to ask for the password: give a personal token in CHARTROOM_TOKEN or --token-file',
  ],
  ['--login ann --token-file x', {}, '--login and --token-file are two ways to log in: leave one of them out'],
  ['', { CHARTROOM_TOKEN: '' }, 'the token in CHARTROOM_TOKEN is empty'],
  ['', { CHARTROOM_TOKEN: 'two words' }, 'the token in CHARTROOM_TOKEN is none: a token is one word, such as chr_…'],
  [
    '--data-dir data',
    {},
    '--data-dir is for the data folder of this machine, and --server sends the command to https://charts.invalid: leave one of them out',
  ],
])(
  '"--server https://charts.invalid %s" with %j is refused before anything is asked',
  async (words, environment, message) => {
    await using folder = await temporaryFolder();
    const all = [
      'user',
      'list',
      '--server',
      'https://charts.invalid',
      ...words.split(' ').filter((word) => word !== ''),
    ];
    expect(await runChartroom(all, { folder: folder.path, environment })).toEqual(failure(message));
  },
);

test('two passwords do not come from one standard input', async () => {
  await using folder = await temporaryFolder();
  const words = ['user', 'passwd', 'ann', '--password-stdin', '--server', 'https://charts.invalid', '--login', 'ann'];
  expect(await runChartroom(words, { folder: folder.path, input: 'long-enough\n' })).toEqual(
    failure(
      '--login asks at the terminal, where --password-stdin reads as well: leave that out, and both passwords are asked for',
    ),
  );
});

test('a file with a token that is not there is said so', async () => {
  await using folder = await temporaryFolder();
  const words = ['user', 'list', '--server', 'https://charts.invalid', '--token-file', 'missing'];
  const { code, stderr } = await runChartroom(words, { folder: folder.path });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^chartroom: --token-file names \/.*\/missing, which cannot be read \(ENOENT\)\n$/);
});

test.each(['--login ann', '--token-file token', '--plain-http'])('"%s" without a server is refused', async (words) => {
  await using folder = await temporaryFolder();
  const [option = ''] = words.split(' ');
  expect(await runChartroom(['user', 'list', ...words.split(' ')], { folder: folder.path })).toEqual(
    failure(`${option} is for a server: name it with --server URL`),
  );
});

test('the signing key is rotated on the server’s machine only', async () => {
  await using folder = await temporaryFolder();
  const message = (from: string) =>
    `the signing key is a file of the data folder, which no server changes for others: run "chartroom key rotate" on the machine of charts.example.com, without ${from}`;
  const server = 'https://charts.example.com';
  expect(await runChartroom(['key', 'rotate', '--server', server], { folder: folder.path })).toEqual(
    failure(message('--server')),
  );
  const environment = { CHARTROOM_SERVER: server };
  expect(await runChartroom(['key', 'rotate'], { folder: folder.path, environment })).toEqual(
    failure(message('CHARTROOM_SERVER')),
  );
});

async function userList(server: string, environment: Readonly<Record<string, string>> = {}) {
  await using folder = await temporaryFolder();
  return await runChartroom(['user', 'list', '--server', server], { folder: folder.path, environment });
}

function emptyList(reply: Parameters<RequestListener>[1]): void {
  reply.setHeader('content-type', 'application/json').end('{"items":[]}');
}

async function listening(
  server: Server | TcpServer,
  scheme = 'http',
): Promise<AsyncDisposable & { readonly url: string }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
