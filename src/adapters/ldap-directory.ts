// People in an LDAP directory (OpenLDAP, Active Directory, …): found by a search, then checked by a bind with their password.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Client, type Entry, Filter, FilterParser, ResultCodeError } from 'ldapts';
import { isLoopback } from '../ports/issuer-address.ts';
import {
  DirectoryMisconfigured,
  DirectoryUnreachable,
  type DirectoryUser,
  type UserDirectory,
} from '../ports/user-directory.ts';

export interface LdapOptions {
  /** `ldap://` or `ldaps://`, host, and the port unless it is 389 or 636. */
  readonly url: string;
  /** RFC 4511 section 4.14: whether a connection to an `ldap://` URL is encrypted before anything else is sent. */
  readonly startTls: boolean;
  /** PEM; the only authorities that are trusted. Null: those that Node trusts. */
  readonly certificateAuthority?: string | null;
  /** The service account that searches; null for anonymous searches. In Active Directory also `name@domain`. */
  readonly bindDn: string | null;
  readonly bindPassword: string | null;
  /** The DN below which people are. */
  readonly userBase: string;
  /** RFC 4515, with `{name}`: `(uid={name})`. Must match one entry at most. */
  readonly userFilter: string;
  /** The DN below which groups are, and outside of which `memberOf` does not count. Null: `memberOf` alone is read. */
  readonly groupBase: string | null;
  /** RFC 4515, with `{dn}` or `{name}`: `(member={dn})`. */
  readonly groupFilter: string;
  /** For everything that one authentication asks of the directory together: milliseconds. */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT = 10_000;
/** Of everything that a server sends in one authentication; a thousand long DNs are a tenth of it. */
const MAXIMUM_BYTES = 2 * 1024 * 1024;
const PEM_START = '-----BEGIN CERTIFICATE-----';
const START_TLS = '1.3.6.1.4.1.1466.20037';
/** More are a mistake in `groupFilter`. Servers stop at 500 (OpenLDAP) or 1000 (Active Directory) without being asked. */
const MAXIMUM_GROUPS = 500;

// What a bind is answered (RFC 4511 appendix A.1) with a wrong password (invalidCredentials), for an account without one
// (inappropriateAuthentication), locked (constraintViolation), disabled (unwillingToPerform), or gone (noSuchObject).
const REFUSALS: readonly number[] = [49, 48, 19, 53, 32];

/** @returns what is wrong with the settings, a sentence without its end; undefined when nothing is */
export function checkLdapSettings(options: LdapOptions): string | undefined {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url === undefined || !/^ldaps?:$/.test(url.protocol) || url.hostname === '') {
    return 'the LDAP URL must be ldap:// or ldaps:// with a host and perhaps a port';
  }
  // The rest of an LDAP URL (RFC 4516) would not be used, and a password in it would be logged.
  if (url.username !== '' || url.password !== '' || !/^\/?$/.test(url.pathname) || url.search + url.hash !== '') {
    return 'the LDAP URL must have nothing but scheme, host and port: the rest are settings of their own';
  }
  if (url.protocol === 'ldaps:' && options.startTls) return 'StartTLS is for ldap://, an ldaps:// URL is TLS already';
  if (url.protocol === 'ldap:' && !options.startTls && !isLoopback(url)) {
    return `passwords would go to ${url.host} in the clear: use ldaps://, or ldap:// with StartTLS`;
  }
  // An empty password would be no bind as the service account but an anonymous one (RFC 4513 section 5.1.2).
  if ((options.bindDn === null) !== (options.bindPassword === null) || options.bindPassword === '') {
    return 'the bind DN and its password must be given together';
  }
  // The library takes a bare "EXTERNAL" or "PLAIN" for a SASL mechanism.
  if (options.bindDn !== null && !/[=@\\]/.test(options.bindDn)) {
    return 'the bind DN must be a DN such as cn=chartroom,dc=example,dc=com or, for Active Directory, a name with its domain';
  }
  if (![options.userBase, options.groupBase ?? options.userBase].every((base) => base.includes('='))) {
    return 'the bases of users and groups must be DNs such as ou=people,dc=example,dc=com';
  }
  if (!(options.certificateAuthority ?? PEM_START).includes(PEM_START)) {
    return 'the certificate authority of the LDAP server must be a certificate in PEM form';
  }
  return (
    checkFilter('user filter', options.userFilter, ['name']) ??
    checkFilter('group filter', options.groupFilter, ['dn', 'name'])
  );
}

function checkFilter(what: string, filter: string, allowed: readonly string[]): string | undefined {
  const used = [...filter.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name);
  const names = allowed.map((name) => `{${name}}`).join(' or ');
  if (used.length === 0 || !used.every((name) => allowed.includes(name)) || /(?:^|\()[^()=]*\{/.test(filter)) {
    return `the ${what} must have ${names} where a value goes, and nothing else in braces`;
  }
  try {
    fillFilter(filter, { name: 'ann', dn: 'cn=ann' });
    return undefined;
  } catch (error) {
    return `the ${what} is no LDAP filter: ${reasonOf(error)}`;
  }
}

/** @throws DirectoryMisconfigured when `checkLdapSettings` has something to say */
export function ldapDirectory(options: LdapOptions): UserDirectory {
  const problem = checkLdapSettings(options);
  if (problem !== undefined) throw new DirectoryMisconfigured(problem);
  return {
    async authenticate(name, password) {
      // A bind without a password is anonymous and succeeds for every DN (RFC 4513 section 5.1.2).
      if (name === '' || password === '') return undefined;
      return await new Session(options).run(name, password);
    },
  };
}

/** One authentication: a connection of its own, and a deadline over all that happens on it. */
class Session {
  readonly #options: LdapOptions;
  readonly #sockets: Socket[] = [];
  /** What is being done, for the message when it fails or takes too long. */
  #step = 'connecting';

  constructor(options: LdapOptions) {
    this.#options = options;
  }

  async run(name: string, password: string): Promise<DirectoryUser | undefined> {
    const timeout = this.#options.timeout ?? DEFAULT_TIMEOUT;
    const { promise: deadline, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeout / 1000} s`)), timeout);
    try {
      return await Promise.race([this.#connectAndLogIn(name, password), deadline]);
    } catch (cause) {
      if (cause instanceof DirectoryUnreachable) throw cause;
      throw new DirectoryUnreachable(`${this.#options.url}, ${this.#step}: ${reasonOf(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
      for (const socket of this.#sockets) socket.destroy();
    }
  }

  async #connectAndLogIn(name: string, password: string): Promise<DirectoryUser | undefined> {
    const client = this.#clientOn(await this.#connect());
    try {
      return await this.#logIn(client, name, password);
    } finally {
      await client.unbind();
    }
  }

  /**
   * Connects here and not in the library, which would connect again without TLS after a lost connection, would wait without
   * end for the handshake after StartTLS, and would check the certificate of an IP address against "localhost".
   */
  async #connect(): Promise<Socket> {
    const { protocol, hostname, port } = new URL(this.#options.url);
    const host = hostname.replace(/^\[|\]$/g, '');
    const ca = this.#options.certificateAuthority;
    const tls = { host, rejectUnauthorized: true, ...(isIP(host) === 0 && { servername: host }), ...(ca && { ca }) };
    if (protocol === 'ldaps:') {
      return await this.#opened(connectTls({ ...tls, port: Number(port || 636) }), 'secureConnect');
    }
    const plain = await this.#opened(connect({ host, port: Number(port || 389) }), 'connect');
    if (!this.#options.startTls) return plain;
    this.#step = 'StartTLS';
    // With a client of its own: what somebody on the way puts behind the answer cannot be taken for what comes over TLS.
    await this.#clientOn(plain).exop(START_TLS);
    return await this.#opened(connectTls({ ...tls, socket: plain }), 'secureConnect');
  }

  async #opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<Socket> {
    this.#sockets.push(socket);
    await once(socket, event);
    return socket;
  }

  #clientOn(socket: Socket): Client {
    socket.on('data', () => {
      if (socket.bytesRead > MAXIMUM_BYTES) socket.destroy();
    });
    // It is given its connection, so that its URL is not used.
    return new Client({ url: 'ldap://', createConnection: () => socket });
  }

  /** An unknown name costs the same steps as a wrong password, so that nobody learns which names exist. */
  async #logIn(client: Client, name: string, password: string): Promise<DirectoryUser | undefined> {
    await this.#bindService(client);
    const entry = await this.#findUser(client, name);
    this.#step = 'checking a password';
    const accepted = await isAccepted(client, entry?.dn ?? `cn=${randomUUID()},${this.#options.userBase}`, password);
    if (entry === undefined || !accepted) return undefined;
    return { name, subject: subjectOf(entry), groups: await this.#groupsOf(client, entry, name) };
  }

  async #bindService(client: Client): Promise<void> {
    this.#step = 'binding as the service account';
    await client.bind(this.#options.bindDn ?? '', this.#options.bindPassword ?? '');
  }

  async #findUser(client: Client, name: string): Promise<Entry | undefined> {
    const { userBase, userFilter } = this.#options;
    this.#step = `searching a user below ${userBase}`;
    const { searchEntries } = await client.search(userBase, {
      filter: fillFilter(userFilter, { name }),
      attributes: ['entryUUID', 'objectGUID', 'memberOf'],
      explicitBufferAttributes: ['objectGUID'],
      sizeLimit: 2,
    });
    if (searchEntries.length > 1) {
      throw new DirectoryMisconfigured(`${userFilter} finds more than one entry for ${JSON.stringify(name)}`);
    }
    const entry = searchEntries[0];
    // Some servers take a bind without a DN for an anonymous one, whatever the password.
    if (entry?.dn === '') throw new DirectoryMisconfigured(`${userFilter} finds an entry without a DN`);
    return entry;
  }

  async #groupsOf(client: Client, user: Entry, name: string): Promise<readonly string[]> {
    const { groupBase, groupFilter } = this.#options;
    const memberOf = textsOf(user, 'memberOf').filter((dn) => groupBase === null || isWithin(dn, groupBase));
    const groups = memberOf.flatMap((dn) => namesOf(dn, commonNameIn(dn)));
    if (groupBase !== null) {
      // The user may not be allowed to read groups.
      await this.#bindService(client);
      this.#step = `searching groups below ${groupBase}`;
      const { searchEntries } = await client.search(groupBase, {
        filter: fillFilter(groupFilter, { name, dn: user.dn }),
        attributes: ['cn'],
        sizeLimit: MAXIMUM_GROUPS,
      });
      if (searchEntries.length >= MAXIMUM_GROUPS) {
        throw new DirectoryMisconfigured(`${groupFilter} finds ${MAXIMUM_GROUPS} groups or more for ${user.dn}`);
      }
      for (const group of searchEntries) groups.push(...namesOf(group.dn, textsOf(group, 'cn')));
    }
    return [...new Set(groups)];
  }
}

/** @throws ResultCodeError when the server answers something else than whether the password is right */
async function isAccepted(client: Client, dn: string, password: string): Promise<boolean> {
  try {
    await client.bind(dn, password);
    return true;
  } catch (error) {
    if (error instanceof ResultCodeError && REFUSALS.includes(error.code)) return false;
    throw error;
  }
}

/** Escapes each value as RFC 4515 section 3 says, in one pass, so that a value with braces stays as it is. */
function fillFilter(template: string, values: Readonly<Record<string, string>>): Filter {
  return FilterParser.parseString(template.replace(/\{(\w+)\}/g, (_, name) => Filter.escape(values[name] ?? '')));
}

function subjectOf(entry: Entry): string {
  const guid = entry.objectGUID;
  return textsOf(entry, 'entryUUID')[0] ?? (Buffer.isBuffer(guid) ? guid.toString('hex') : entry.dn);
}

/** Active Directory answers `memberOf;range=0-1499` to those who are in many groups ([MS-ADTS] 3.1.1.3.1.3.3). */
function textsOf(entry: Entry, attribute: string): readonly string[] {
  const wanted = attribute.toLowerCase();
  const keys = Object.keys(entry).filter((key) => key.toLowerCase().replace(/;range=.*/, '') === wanted);
  return keys.flatMap((key) => [entry[key] ?? []].flat()).filter((value) => typeof value === 'string');
}

/** The group's DN and its names, without any that looks like a DN: it could be taken for that of another group. */
function namesOf(dn: string, commonNames: readonly string[]): readonly string[] {
  return [dn, ...commonNames.filter((name) => !name.includes('='))];
}

/** The `cn` that names the entry; none when something else does. */
function commonNameIn(dn: string): readonly string[] {
  const name = /^cn=((?:\\.|[^\\+])*)$/is.exec(relativeNames(dn)[0] ?? '')?.[1];
  return name === undefined ? [] : [withoutEscapes(name)];
}

/** Whether `base` is the DN or one above it. Spellings that it does not take for equal cost a group and never give one. */
function isWithin(dn: string, base: string): boolean {
  const above = relativeNames(base);
  const normal = (names: readonly string[]) => JSON.stringify(names.map((name) => withoutEscapes(name).toLowerCase()));
  return normal(relativeNames(dn).slice(-above.length)) === normal(above);
}

/** The parts of a DN (RFC 4514), still escaped, without the spaces that older servers put between them. */
function relativeNames(dn: string): readonly string[] {
  return (dn.match(/(?:\\.|[^\\,])+/gs) ?? []).map((name) => name.trim().replace(/\s*=\s*/, '='));
}

/** RFC 4514 section 2.4: a backslash before a character, or before each byte of its UTF-8 in hexadecimal. */
function withoutEscapes(value: string): string {
  return value.replace(/(?:\\[0-9a-f]{2})+|\\(.)/gis, (escaped, character?: string) =>
    character === undefined ? Buffer.from(escaped.replaceAll('\\', ''), 'hex').toString() : character,
  );
}

/** In one line. Neither the library nor a server repeats a password. */
function reasonOf(error: unknown): string {
  // "localhost" has several addresses, each with its own reason.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  const text = error instanceof ResultCodeError ? `${error.name} ${error.message}` : error.message;
  return text.replaceAll(/\s+/g, ' ');
}
