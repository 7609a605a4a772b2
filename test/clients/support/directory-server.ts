// A private OpenLDAP server (slapd) with a handful of people and groups, and a relay that stands in front of it and listens.
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BerReader, Client } from 'ldapts';
import { mustSucceed, runCommand } from './command.ts';
import { requireClient } from './found-clients.ts';
import { scratchFolder } from './scratch-folder.ts';

export const SUFFIX = 'dc=example,dc=test';
export const SERVICE = { dn: `cn=chartroom,${SUFFIX}`, password: 'the-password-of-the-service' };

const START_TIMEOUT_MILLISECONDS = 30_000;
/** Of `ldap.h`: the operations of RFC 4511 that a login asks for. */
const OPERATIONS: Readonly<Record<number, string>> = { 96: 'bind', 99: 'search', 66: 'unbind', 119: 'extended' };

/** The DN and the attributes of an entry. */
export type DirectoryEntry = readonly [dn: string, attributes: Readonly<Record<string, string | readonly string[]>>];

export interface DirectoryServer extends AsyncDisposable {
  readonly port: number;
  /** Of the listener that speaks TLS from the beginning; undefined when the server has no certificate. */
  readonly tlsPort: number | undefined;
  /** PEM of the server's certificate, which is its own authority and is good for 127.0.0.1 alone. */
  readonly certificate: string | undefined;
  /** How many connections are open, besides the one that asks. */
  countConnections(): Promise<number>;
}

interface DirectoryServerOptions {
  readonly entries: readonly DirectoryEntry[];
  /** Rules of slapd.access(5) that go before the usual ones. */
  readonly access?: readonly string[];
  readonly tls: boolean;
}

/**
 * Starts a server in which the service account reads everything, and nobody else anything. It has the settings that make a
 * careless client dangerous: a bind without a password succeeds for every DN, one without a DN with every password.
 */
export async function startDirectory(options: DirectoryServerOptions): Promise<DirectoryServer> {
  const folder = await scratchFolder('directory');
  // Where AppArmor guards /usr/sbin/slapd, as on Ubuntu, that program may not read what is in other places; a copy may.
  const program = join(folder, 'slapd');
  await copyFile(requireClient('slapd'), program);
  const certificate = options.tls ? await makeCertificate(folder) : undefined;
  await mkdir(join(folder, 'database'));
  await writeFile(join(folder, 'slapd.conf'), configuration(folder, options));
  await writeFile(join(folder, 'entries.ldif'), options.entries.map(asLdif).join('\n'));
  const files = ['-f', join(folder, 'slapd.conf')];
  const surroundings = { environment: { PATH: process.env.PATH ?? '' }, directory: folder };
  mustSucceed(await runCommand(program, ['-Tadd', '-q', ...files, '-l', join(folder, 'entries.ldif')], surroundings));
  const port = await freePort();
  const tlsPort = certificate === undefined ? undefined : await freePort();
  const listeners = [`ldap://127.0.0.1:${port}`, ...(tlsPort === undefined ? [] : [`ldaps://127.0.0.1:${tlsPort}`])];
  // With a debug level, even with none, it stays in the foreground.
  const child = spawn(program, ['-d', '0', ...files, '-h', listeners.join(' ')], { stdio: 'inherit' });
  await answering(child, port);
  return {
    port,
    tlsPort,
    certificate,
    countConnections: async () => await countConnections(port),
    [Symbol.asyncDispose]: async () => await end(child),
  };
}

function configuration(folder: string, { access = [], tls }: DirectoryServerOptions): string {
  return [
    ...['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`),
    // The two attributes of Active Directory that Chartroom reads.
    "attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )",
    "attributetype ( 1.2.840.113556.1.2.102 NAME 'memberOf' SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )",
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    'moduleload back_monitor',
    'allow bind_anon_cred bind_anon_dn',
    ...(tls ? [`TLSCertificateFile ${folder}/certificate.pem`, `TLSCertificateKeyFile ${folder}/key.pem`] : []),
    'database monitor',
    'database mdb',
    `suffix "${SUFFIX}"`,
    `directory ${folder}/database`,
    'maxsize 16777216',
    ...access.map((rule) => `access to ${rule}`),
    'access to attrs=userPassword by anonymous auth by * none',
    `access to * by dn.exact="${SERVICE.dn}" read by * none`,
    '',
  ].join('\n');
}

function asLdif([dn, attributes]: DirectoryEntry): string {
  const lines = Object.entries({ dn, ...attributes }).flatMap(([name, values]) =>
    // In base64 (RFC 2849), so that nothing needs to be escaped.
    [values].flat().map((value) => `${name}:: ${Buffer.from(value).toString('base64')}\n`),
  );
  return lines.join('');
}

async function makeCertificate(folder: string): Promise<string> {
  const parameters = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=directory', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')];
  const surroundings = { environment: { PATH: process.env.PATH ?? '' }, directory: folder };
  mustSucceed(
    await runCommand(requireClient('openssl'), ['req', '-x509', ...parameters, ...names, ...files], surroundings),
  );
  return await readFile(join(folder, 'certificate.pem'), 'utf8');
}

/** Tries until the server takes a connection. */
async function answering(child: ChildProcess, port: number): Promise<void> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  child.once('exit', (status) => reject(new Error(`slapd ended with ${status} instead of listening`)));
  child.once('error', reject);
  const timeout = AbortSignal.timeout(START_TIMEOUT_MILLISECONDS);
  try {
    while (!(await Promise.race([takesConnection(port), ended]))) await wait(50, undefined, { signal: timeout });
  } catch (cause) {
    child.kill('SIGKILL');
    throw cause;
  }
}

async function takesConnection(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill('SIGKILL');
  await promise;
}

async function countConnections(port: number): Promise<number> {
  await using client = new Client({ url: `ldap://127.0.0.1:${port}` });
  const counter = await client.search('cn=Current,cn=Connections,cn=Monitor', { attributes: ['monitorCounter'] });
  return Number(counter.searchEntries[0]?.monitorCounter) - 1;
}

async function freePort(): Promise<number> {
  const server = await listening(createServer());
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server on a free port of this machine. */
async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

interface ListeningServer extends AsyncDisposable {
  readonly port: number;
  /** Every connection so far, also those that are closed. */
  readonly connections: readonly Socket[];
}

/** A server that does with a connection what the test says. */
export async function serveConnections(serve: (socket: Socket) => void): Promise<ListeningServer> {
  const connections: Socket[] = [];
  const server = await listening(
    createServer((socket) => {
      // Somebody who hangs up is what these tests are about.
      socket.on('error', () => {});
      connections.push(socket);
      serve(socket);
    }),
  );
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Relay extends ListeningServer {
  /** Everything that clients have sent. */
  readonly sent: () => Buffer;
  /** What was asked for, in order, of connections without TLS. */
  readonly operations: () => readonly string[];
}

/** @param behindFirstAnswer what the relay puts behind the first thing that the server says, as an attacker on the way could */
export async function relayTo(port: number, behindFirstAnswer = Buffer.alloc(0)): Promise<Relay> {
  const chunks: Buffer[] = [];
  const server = await serveConnections((socket) => {
    let added = behindFirstAnswer;
    const target = connect(port, '127.0.0.1').on('error', () => {});
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      target.write(chunk);
    });
    target.on('data', (chunk) => {
      socket.write(Buffer.concat([chunk, added]));
      added = Buffer.alloc(0);
    });
    socket.on('close', () => target.end());
    target.on('close', () => socket.end());
  });
  const sent = () => Buffer.concat(chunks);
  return { ...server, sent, operations: () => operationsIn(sent()) };
}

function operationsIn(messages: Buffer): readonly string[] {
  const reader = new BerReader(messages);
  const operations: string[] = [];
  // LDAPMessage ::= SEQUENCE { messageID, protocolOp, … } (RFC 4511 section 4.1.1)
  while (reader.readSequence() !== null) {
    const next = reader.offset + reader.length;
    reader.readInt();
    const operation = reader.peek() ?? 0;
    operations.push(OPERATIONS[operation] ?? `0x${operation.toString(16)}`);
    reader.offset = next;
  }
  return operations;
}
