// The settings of logins that others check: a directory (LDAP) and a provider of identities (OpenID Connect).
import { Type } from '../json-schemas.ts';
import { filePath, orNull, secret, wording } from './setting-kinds.ts';

export const LOGIN_SETTINGS = {
  ldapUrl: orNull(
    Type.Refine(Type.String(), isDirectoryUrl),
    wording(
      'The LDAP directory that checks passwords of users who have none here.',
      'an LDAP URL of scheme, host and perhaps port alone, such as ldaps://directory.example.com',
    ),
  ),
  ldapStartTls: Type.Boolean({
    default: false,
    ...wording('Whether a connection to an ldap:// URL is encrypted with StartTLS.', 'true or false'),
  }),
  ldapCaFile: filePath('The certificates that are trusted to vouch for the directory, in a PEM file.'),
  ldapBindDn: orNull(
    Type.String({ pattern: /[=@\\]/ }),
    wording(
      'The account that searches the directory; without one, searches are anonymous.',
      'a DN such as cn=chartroom,dc=example,dc=com, or for Active Directory a name with its domain',
    ),
  ),
  ldapBindPassword: secret('The password of this account.'),
  ldapBindPasswordFile: filePath('The file that holds this password.'),
  ldapUserBase: distinguishedName('The place in the directory below which users are.'),
  ldapUserFilter: filter({
    default: '(uid={name})',
    description: 'Which entry is the user with a name.',
    places: /\{name\}/,
    expected: 'an LDAP filter with {name} where the user name goes, such as (uid={name})',
  }),
  ldapGroupBase: distinguishedName('The place in the directory below which groups are.'),
  ldapGroupFilter: filter({
    default: '(member={dn})',
    description: 'Which entries are groups of a user.',
    places: /\{(dn|name)\}/,
    expected: "an LDAP filter with {dn} or {name} where the user's goes, such as (member={dn})",
  }),
  oidcIssuer: orNull(
    Type.Refine(Type.String(), isIssuer),
    wording(
      'The OpenID provider for single sign-on.',
      'an https URL without query, exactly as the provider names itself, such as https://login.example.com',
    ),
  ),
  oidcClientId: orNull(
    Type.String({ pattern: /^[\x20-\x7e]+$/ }),
    wording('What the provider calls this registry.', 'the client id that the provider has given'),
  ),
  oidcClientSecret: secret('The secret that the provider has given to this registry.'),
  oidcClientSecretFile: filePath('The file that holds this secret.'),
  oidcScopes: Type.Array(
    // RFC 6749, section 3.3
    Type.String({ pattern: /^[\x21\x23-\x5b\x5d-\x7e]+$/, ...wording('', 'the name of a scope, such as profile') }),
    {
      default: ['openid', 'profile', 'email'],
      ...wording('What the provider is asked to tell about a user.', 'a list of scopes, such as ["openid", "profile"]'),
    },
  ),
  oidcNameClaim: claim({ default: 'preferred_username', description: 'The claim that names a user.' }),
  oidcGroupsClaim: claim({ default: 'groups', description: "The claim that names a user's groups." }),
};

function distinguishedName(description: string) {
  const expected = 'a DN such as ou=people,dc=example,dc=com';
  return orNull(Type.String({ pattern: /^[^=,]+=/ }), wording(description, expected));
}

function filter(options: {
  readonly default: string;
  readonly description: string;
  readonly places: RegExp;
  readonly expected: string;
}) {
  const { default: byDefault, description, places, expected } = options;
  const pattern = new RegExp(`^\\(.*${places.source}.*\\)$`);
  return Type.String({ default: byDefault, pattern, ...wording(description, expected) });
}

function claim(options: { readonly default: string; readonly description: string }) {
  const { default: byDefault, description } = options;
  return Type.String({ default: byDefault, pattern: /^\S+$/, ...wording(description, 'the name of a claim') });
}

function isDirectoryUrl(text: string): boolean {
  return /^ldaps?:\/\/[^/?#@\\\s]+\/?$/i.test(text) && URL.canParse(text);
}

/** Plain http is for a provider on this machine, which nobody else can reach on the way. */
function isIssuer(text: string): boolean {
  if (!/^https?:\/\/[^?#@\\\s]+$/.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
