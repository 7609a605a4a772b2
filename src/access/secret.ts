// What the secrets of robots and personal access tokens look like: `chr_`, a public id, random characters, a checksum.
import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'chr_';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 8;
const RANDOM_LENGTH = 24;
/** Characters; 62⁶ is more than 2³². */
const CHECKSUM_LENGTH = 6;
const SECRET = new RegExp(`^${PREFIX}[0-9A-Za-z]{${ID_LENGTH + RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

interface ParsedSecret {
  /** Eight characters, which are no secret: they find the row, and name the secret in messages and lists. */
  readonly id: string;
  /** SHA-256 of the whole secret, 64 hexadecimal digits: what is stored. */
  readonly hash: string;
}

interface NewSecret extends ParsedSecret {
  /** Shown once, to whoever asked for it; 42 characters. */
  readonly secret: string;
}

/**
 * A new secret: `chr_`, 8 characters of id, 24 random ones, 6 of CRC-32, all of them base62. It matches `chr_[0-9A-Za-z]{38}`,
 * by which scanners find one that was published by mistake; the checksum tells them, and us, a secret from a text that only
 * looks like one without asking a database (https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/).
 *
 * One plain SHA-256 is right for it. What makes the hash of a password slow makes up for how easily people's passwords are
 * guessed; 142 random bits are not guessed at any speed, and a robot's every request is verified in microseconds.
 */
export function createSecret(): NewSecret {
  const id = randomText(ID_LENGTH);
  const text = `${PREFIX}${id}${randomText(RANDOM_LENGTH)}`;
  const secret = `${text}${checksumOf(text)}`;
  return { id, secret, hash: hashOf(secret) };
}

/** Undefined when the form or the checksum is wrong: then there never was such a secret. */
export function parseSecret(text: string): ParsedSecret | undefined {
  if (!SECRET.test(text) || checksumOf(text.slice(0, -CHECKSUM_LENGTH)) !== text.slice(-CHECKSUM_LENGTH)) {
    return undefined;
  }
  return { id: text.slice(PREFIX.length, PREFIX.length + ID_LENGTH), hash: hashOf(text) };
}

/** Whether this is meant to be one of these secrets, be it a right one or not. */
export function looksLikeSecret(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** How a secret is named to people: `chr_ab12cd34…` */
export function shownSecret(id: string): string {
  return `${PREFIX}${id}…`;
}

/** Each character is as likely as any other one: `randomInt` has no bias. */
function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}

function checksumOf(text: string): string {
  let checksum = '';
  for (let rest = crc32(text); rest > 0; rest = Math.floor(rest / ALPHABET.length)) {
    checksum = `${ALPHABET.charAt(rest % ALPHABET.length)}${checksum}`;
  }
  return checksum.padStart(CHECKSUM_LENGTH, '0');
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
