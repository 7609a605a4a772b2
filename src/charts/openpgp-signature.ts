// Who made an OpenPGP signature and when, as the signature itself says it (RFC 9580); nothing of it is verified.

export interface SignatureFacts {
  /** 16 upper-case hex digits, as `gpg --list-keys --keyid-format long` shows them */
  readonly keyId: string | undefined;
  /** of the whole key, 40 or 64 upper-case hex digits; older signatures have the key ID only */
  readonly fingerprint: string | undefined;
  /** milliseconds since 1970 */
  readonly signedAt: number | undefined;
}

const UNKNOWN: SignatureFacts = { keyId: undefined, fingerprint: undefined, signedAt: undefined };
const SIGNATURE_PACKET = 2;
const CREATION_TIME = 2;
const ISSUER_KEY_ID = 16;
const ISSUER_FINGERPRINT = 33;

/**
 * Reads the first signature; a fact that cannot be read is undefined.
 * @param armored the lines between `-----BEGIN PGP SIGNATURE-----` and its end: headers, an empty line, and base64
 */
export function readSignatureFacts(armored: readonly string[]): SignatureFacts {
  const emptyLine = armored.findIndex((line) => line.trim() === '');
  // The checksum begins with "=", and so does no other line.
  const base64 = armored.slice(emptyLine + 1).filter((line) => !line.startsWith('='));
  const bytes = new ByteReader(Buffer.from(base64.join(''), 'base64'));
  try {
    return factsOf(signaturePacket(bytes));
  } catch (cause) {
    if (cause instanceof EndOfBytes) return UNKNOWN;
    throw cause;
  }
}

/** The body of the first packet, empty when it is no signature (section 4.2). */
function signaturePacket(bytes: ByteReader): ByteReader {
  const header = bytes.number(1);
  const isNewFormat = (header & 0x40) !== 0;
  const type = isNewFormat ? header & 0x3f : (header >> 2) & 0x0f;
  const length = isNewFormat ? variableLength(bytes, 224) : oldLength(bytes, header & 0x03);
  return bytes.take((header & 0x80) !== 0 && type === SIGNATURE_PACKET ? length : 0);
}

function oldLength(bytes: ByteReader, type: number): number {
  return type === 3 ? bytes.remaining : bytes.number(2 ** type);
}

/** @param end of the first octets that begin a length of two; those from there to 254 begin no length that can be here */
function variableLength(bytes: ByteReader, end: number): number {
  const first = bytes.number(1);
  if (first < 192) return first;
  if (first < end) return (first - 192) * 256 + bytes.number(1) + 192;
  if (first === 255) return bytes.number(4);
  throw new EndOfBytes();
}

/** Section 5.2. */
function factsOf(signature: ByteReader): SignatureFacts {
  const version = signature.number(1);
  if (version === 3) {
    signature.take(2);
    const signedAt = signature.number(4) * 1000;
    return { keyId: signature.hex(8), fingerprint: undefined, signedAt };
  }
  if (version !== 4 && version !== 6) return UNKNOWN;
  signature.take(3);
  const lengthBytes = version === 4 ? 2 : 4;
  const hashed = subpacketsOf(signature.take(signature.number(lengthBytes)));
  // What is not hashed anybody can change; it may say who signed, since that is found out by verifying.
  const all = [...hashed, ...subpacketsOf(signature.take(signature.number(lengthBytes)))];
  const fingerprint = fingerprintOf(find(all, ISSUER_FINGERPRINT));
  return {
    keyId: keyIdOf(fingerprint) ?? find(all, ISSUER_KEY_ID)?.hex(8),
    fingerprint,
    signedAt: secondsToMilliseconds(find(hashed, CREATION_TIME)?.number(4)),
  };
}

interface Subpacket {
  readonly type: number;
  readonly body: ByteReader;
}

/** Section 5.2.3.7. */
function subpacketsOf(area: ByteReader): readonly Subpacket[] {
  const subpackets: Subpacket[] = [];
  while (area.remaining > 0) {
    const content = area.take(variableLength(area, 255));
    // The highest bit says that it is critical.
    subpackets.push({ type: content.number(1) & 0x7f, body: content });
  }
  return subpackets;
}

function find(subpackets: readonly Subpacket[], type: number): ByteReader | undefined {
  return subpackets.find((subpacket) => subpacket.type === type)?.body;
}

/** Behind the version of the key: 20 octets for version 4, 32 for version 6. */
function fingerprintOf(body: ByteReader | undefined): string | undefined {
  const length = body?.number(1) === 6 ? 32 : 20;
  return body?.hex(length);
}

/** The end of a short fingerprint, the beginning of a long one (section 5.5.4). */
function keyIdOf(fingerprint: string | undefined): string | undefined {
  return fingerprint?.length === 64 ? fingerprint.slice(0, 16) : fingerprint?.slice(-16);
}

function secondsToMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

class EndOfBytes extends Error {}

class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** An unsigned number, most significant octet first. */
  number(length: number): number {
    return this.#next(length).readUIntBE(0, length);
  }

  hex(length: number): string {
    return this.#next(length).toString('hex').toUpperCase();
  }

  take(length: number): ByteReader {
    return new ByteReader(this.#next(length));
  }

  #next(length: number): Buffer {
    if (length > this.remaining) throw new EndOfBytes();
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }
}
