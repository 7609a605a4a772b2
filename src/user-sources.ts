// Where users come from besides the registry itself, as the settings say: an LDAP directory, an OpenID provider. Only what is set is loaded.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LdapOptions } from './adapters/ldap-directory.ts';
import { openOutgoingRequests } from './adapters/outgoing-requests.ts';
import { ConfigError } from './config/load.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './ports/clock.ts';
import type { IdentityProvider } from './ports/identity-provider.ts';
import { isLoopback, issuerProblem } from './ports/issuer-address.ts';
import type { UserDirectory } from './ports/user-directory.ts';

/** @throws ConfigError when the settings, though each is allowed, are none of a directory that can be trusted */
export async function openDirectory(config: Config): Promise<UserDirectory | undefined> {
  const { ldapUrl: url, ldapUserBase: userBase, ldapCaFile: file } = config;
  if (url === null || userBase === null) return undefined;
  const options: LdapOptions = {
    url,
    startTls: config.ldapStartTls,
    certificateAuthority: file === null ? null : await readCertificates(file),
    bindDn: config.ldapBindDn,
    bindPassword: config.ldapBindPassword,
    userBase,
    userFilter: config.ldapUserFilter,
    groupBase: config.ldapGroupBase,
    groupFilter: config.ldapGroupFilter,
  };
  const { checkLdapSettings, ldapDirectory } = await import('./adapters/ldap-directory.ts');
  const problem = checkLdapSettings(options);
  if (problem !== undefined) throw new ConfigError([problem]);
  return ldapDirectory(options);
}

async function readCertificates(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigError([`ldapCaFile names the file ${resolve(file)}, which cannot be read (${why})`]);
  }
}

/** @throws ConfigError when no provider can have the issuer that is set */
export async function openProvider(config: Config, clock: Clock): Promise<IdentityProvider | undefined> {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecret: clientSecret, oidcScopes: scopes } = config;
  if (issuer === null || clientId === null) return undefined;
  const problem = issuerProblem(issuer);
  if (problem !== undefined) throw new ConfigError([`oidcIssuer cannot be used: ${problem}`]);
  const neededClaims = [config.oidcNameClaim, config.oidcGroupsClaim];
  const requests = openOutgoingRequests({ allowedPrivateHosts: [...config.allowedPrivateHosts, ...hostsOf(issuer)] });
  const { openIdProvider } = await import('./adapters/openid-provider.ts');
  return openIdProvider({ issuer, clientId, clientSecret, scopes, neededClaims, clock, requests });
}

/** The operator has named the provider, wherever it is; the other hosts that it names itself have to be public, or allowed. */
function hostsOf(issuer: string): readonly string[] {
  const url = new URL(issuer);
  return isLoopback(url) ? ['localhost', '127.0.0.0/8', '::1'] : [url.hostname.replace(/^\[|\]$/g, '')];
}
