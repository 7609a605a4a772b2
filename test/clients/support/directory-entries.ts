// The people and groups that the tests of the directory log in with, and the settings that find them.
import { type LdapOptions, ldapDirectory } from '../../../src/adapters/ldap-directory.ts';
import type { UserDirectory } from '../../../src/ports/user-directory.ts';
import { type DirectoryEntry, SERVICE, SUFFIX } from './directory-server.ts';

export const PEOPLE = `ou=people,${SUFFIX}`;
export const GROUPS = `ou=groups,${SUFFIX}`;
export const ELSEWHERE = `ou=elsewhere,${SUFFIX}`;
export const MANY = `ou=many,${SUFFIX}`;
export const OPEN = `ou=open,${SUFFIX}`;

export const ANN = `uid=ann,${PEOPLE}`;
export const ANN_UUID = '0e5fb3ac-7c3e-4b8e-8d0a-0c4b5f0f3a11';
export const ANN_PASSWORD = 'the-password-of-ann';
/** Its DN and its login name are made of what filters and DNs treat in a special way. */
const BOB = `cn=Smith\\, Robert (Bob) * \\\\ \\2B,${PEOPLE}`;
export const BOB_NAME = 'r*b(o)b\\';
const ZOE = `cn=Zoë Müller,ou=Empfänger,${PEOPLE}`;
const GUID = `uid=guid,${PEOPLE}`;
export const BARE = `uid=bare,${PEOPLE}`;
export const JOINER = `uid=joiner,${PEOPLE}`;
export const PASSWORD = 'a-password';

export const OPTIONS: LdapOptions = {
  url: 'ldap://127.0.0.1',
  startTls: false,
  bindDn: SERVICE.dn,
  bindPassword: SERVICE.password,
  userBase: PEOPLE,
  userFilter: '(uid={name})',
  groupBase: GROUPS,
  groupFilter: '(member={dn})',
};

/** The directory at this port of the machine, with the service account and the usual places unless the options say otherwise. */
export function directoryAt(port: number, options: Partial<LdapOptions> = {}): UserDirectory {
  return ldapDirectory({ ...OPTIONS, url: `ldap://127.0.0.1:${port}`, ...options });
}

function person(
  dn: string,
  uid: string,
  more: Readonly<Record<string, string | readonly string[]>> = {},
): DirectoryEntry {
  const objectClass = ['inetOrgPerson', 'extensibleObject'];
  return [dn, { objectClass, uid, cn: /^cn=/.test(dn) ? [] : uid, sn: uid, userPassword: PASSWORD, ...more }];
}

function unit(dn: string): DirectoryEntry {
  return [dn, { objectClass: 'organizationalUnit' }];
}

function group(dn: string, members: readonly string[], more: Readonly<Record<string, string>> = {}): DirectoryEntry {
  return [dn, { objectClass: 'groupOfNames', member: members, ...more }];
}

export const ENTRIES: readonly DirectoryEntry[] = [
  [SUFFIX, { objectClass: ['organization', 'dcObject'], o: 'Example' }],
  [SERVICE.dn, { objectClass: ['organizationalRole', 'simpleSecurityObject'], userPassword: SERVICE.password }],
  ...[PEOPLE, `ou=contractors,${PEOPLE}`, `ou=Empfänger,${PEOPLE}`, GROUPS, ELSEWHERE, MANY, OPEN].map(unit),
  person(ANN, 'ann', {
    entryUUID: ANN_UUID,
    userPassword: ANN_PASSWORD,
    memberOf: [`cn=publishers,${GROUPS}`, `cn=administrators,${ELSEWHERE}`, `cn=Größe\\2C klein,${GROUPS}`],
  }),
  person(BOB, BOB_NAME),
  person(ZOE, 'zoë'),
  person(`uid=twin,${PEOPLE}`, 'twin'),
  person(`uid=twin,ou=contractors,${PEOPLE}`, 'twin'),
  person(GUID, 'guid', { objectGUID: '0123456789abcdef' }),
  person(BARE, 'bare'),
  person(JOINER, 'joiner'),
  person(`uid=carl,${OPEN}`, 'carl'),
  group(`cn=readers,${GROUPS}`, [ANN, BOB, ZOE]),
  group(`cn=described,${GROUPS}`, [SERVICE.dn], { description: 'ann' }),
  // Its name is the DN of another group.
  group(`cn=cn\\=administrators\\,${ELSEWHERE.replaceAll('=', '\\=').replaceAll(',', '\\,')},${GROUPS}`, [ZOE]),
  group(`cn=visitors,${OPEN}`, [`uid=carl,${OPEN}`]),
  ...Array.from({ length: 500 }, (_, number) => group(`cn=group-${number},${MANY}`, [JOINER])),
];

export const ACCESS = [
  `dn.exact="${GUID}" attrs=entryUUID by * none`,
  `dn.exact="${BARE}" attrs=entryUUID by * none`,
  `dn.subtree="${OPEN}" attrs=userPassword by anonymous auth by * none`,
  `dn.subtree="${OPEN}" by * read`,
];
