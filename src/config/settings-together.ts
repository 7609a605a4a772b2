// What several settings are together: the mistakes that none of them shows alone.
import { BlockList, isIP } from 'node:net';
import type { Config, Setting } from './schema.ts';

/** A value that an operator gave to a setting; `where` names it in the operator's own words. */
export interface Given {
  readonly setting: Setting;
  readonly value: unknown;
  readonly where: string;
}

/** What the sources say, with everything that is wrong in them. */
export interface Findings {
  readonly mistakes: string[];
  /** The value that counts, where one was given. */
  readonly given: Map<keyof Config, Given>;
  /** Settings whose value is unknown, since a mistake keeps it from being read. */
  readonly faulty: Set<keyof Config>;
}

/** Neither is worth anything without the other. */
const PAIRS = [
  ['ldapUrl', 'ldapUserBase'],
  ['ldapBindDn', 'ldapBindPassword'],
  ['oidcIssuer', 'oidcClientId'],
] as const;
/** What serves others, of which there are none in open mode. */
const FOR_OTHERS = ['publicUrl', 'trustedProxies', 'ldapUrl', 'oidcIssuer'] as const;

/** Faulty settings are passed over: their mistakes are told already. */
export function checkTogether(config: Config, findings: Findings): void {
  checkOpenMode(config, findings);
  checkPairs(config, findings);
}

function checkPairs(config: Config, { mistakes, given, faulty }: Findings): void {
  for (const [one, other] of PAIRS) {
    if (faulty.has(one) || faulty.has(other) || (config[one] === null) === (config[other] === null)) continue;
    const [present, missing] = config[one] === null ? [other, one] : [one, other];
    // A secret can come out of a file.
    const where = (given.get(present) ?? given.get(`${present}File` as keyof Config))?.where;
    mistakes.push(`${where} is set, but ${missing} is not: each needs the other`);
  }
}

function checkOpenMode(config: Config, { mistakes, given, faulty }: Findings): void {
  if (config.auth !== 'none') return;
  const isSet = (key: (typeof FOR_OTHERS)[number]) => config[key] !== null && config[key].length > 0;
  const forOthers = FOR_OTHERS.flatMap((key) => (isSet(key) ? given.get(key) : undefined) ?? []);
  if (forOthers.length > 0) {
    const names = forOthers.map(({ where }) => where).join(' and ');
    mistakes.push(
      `${given.get('auth')?.where} is none, so no one needs a password and only this machine is answered: ` +
        `${names} must not be set with it`,
    );
  }
  if (faulty.has('host') || isLoopback(config.host)) return;
  mistakes.push(
    `${given.get('auth')?.where} is none, so no one needs a password, which is allowed on this machine only: ` +
      `${given.get('host')?.where} is "${config.host}", but must then be 127.0.0.1, ::1 or localhost`,
  );
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  return host.toLowerCase() === 'localhost' || loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
