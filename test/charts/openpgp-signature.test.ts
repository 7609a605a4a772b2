// Facts of OpenPGP signatures, in the forms of packets that RFC 9580 knows.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSignatureFacts } from '../../src/charts/openpgp-signature.ts';

const UNKNOWN = { keyId: undefined, fingerprint: undefined, signedAt: undefined };
const KEY_ID = '0123456789ABCDEF';
const FINGERPRINT = `${'AB'.repeat(12)}${KEY_ID}`;
const LONG_FINGERPRINT = `${KEY_ID}${'CD'.repeat(24)}`;

const CREATED = subpacket(2, '6B042C6D');
const SIGNED_AT = 0x6b042c6d * 1000;
const ISSUER = subpacket(16, KEY_ID);
const ISSUER_FINGERPRINT = subpacket(33, `04${FINGERPRINT}`);

test.each([
  ['the fingerprint says who, and its end is the key ID', CREATED + ISSUER_FINGERPRINT, '', KEY_ID, FINGERPRINT],
  ['the key ID alone says who', CREATED + ISSUER, '', KEY_ID, undefined],
  ['the key ID may stand where it is not hashed', CREATED, ISSUER, KEY_ID, undefined],
  [
    'the fingerprint is believed before a key ID',
    CREATED + subpacket(16, '00'.repeat(8)),
    ISSUER_FINGERPRINT,
    KEY_ID,
    FINGERPRINT,
  ],
  [
    'other subpackets are passed over, long ones too',
    `${subpacket(20, '00'.repeat(191))}${subpacket(20, '00'.repeat(600))}${CREATED}`,
    ISSUER,
    KEY_ID,
    undefined,
  ],
  ['a length may have five octets', 'FF00000005026B042C6D', ISSUER, KEY_ID, undefined],
  ['a critical subpacket is like any other', subpacket(0x82, '6B042C6D'), ISSUER, KEY_ID, undefined],
  ['nobody is named', CREATED, '', undefined, undefined],
])('in a signature of version 4, %s', (_, hashed, unhashed, keyId, fingerprint) => {
  expect(facts(packet(version4(hashed, unhashed)))).toEqual({ keyId, fingerprint, signedAt: SIGNED_AT });
});

test('a time that is not hashed is not believed', () => {
  expect(facts(packet(version4('', CREATED)))).toEqual(UNKNOWN);
});

test('a signature of version 3 has its facts at fixed places', () => {
  expect(facts(packet(`0305016B042C6D${KEY_ID}0108ABCD`))).toEqual({
    keyId: KEY_ID,
    fingerprint: undefined,
    signedAt: SIGNED_AT,
  });
});

test('a signature of version 6 has a fingerprint of 32 octets, whose beginning is the key ID', () => {
  expect(facts(packet(version6(CREATED + subpacket(33, `06${LONG_FINGERPRINT}`))))).toEqual({
    keyId: KEY_ID,
    fingerprint: LONG_FINGERPRINT,
    signedAt: SIGNED_AT,
  });
});

test.each([
  ['an old length of one octet', (body: string) => `88${hex(body.length / 2, 1)}${body}`],
  ['an old length of two octets', (body: string) => `89${hex(body.length / 2, 2)}${body}`],
  ['an old length of four octets', (body: string) => `8A${hex(body.length / 2, 4)}${body}`],
  ['an old packet without a length', (body: string) => `8B${body}`],
  ['a new length of one octet', (body: string) => `C2${hex(body.length / 2, 1)}${body}`],
  ['a new length of two octets', (body: string) => long(body, 600)],
  ['a new length of five octets', (body: string) => `C2FF${hex(body.length / 2, 4)}${body}`],
])('a packet is read with %s', (_, pack) => {
  expect(facts(pack(version4(CREATED, ISSUER))).keyId).toBe(KEY_ID);
});

test.each([
  ['another packet than a signature', packet(version4(CREATED, ISSUER)).replace(/^C2/, 'C6')],
  ['a first octet that begins no packet', packet(version4(CREATED, ISSUER)).replace(/^C2/, '42')],
  ['a length in parts', `C2E000${version4(CREATED, ISSUER).padEnd(20_000, '0')}`],
  ['an unknown version', packet(version4(CREATED, ISSUER).replace(/^04/, '05'))],
  ['a version between', packet(version6(CREATED).replace(/^06/, '05'))],
  ['a subpacket longer than its area', packet(version4('FF7FFFFFFF02', ISSUER))],
  ['a subpacket without a type', packet(version4('00', ISSUER))],
  ['nothing', ''],
])('%s says nothing', (_, packetHex) => {
  expect(facts(packetHex)).toEqual(UNKNOWN);
});

test('a signature that was cut says nothing', () => {
  const whole = packet(version4(CREATED, ISSUER_FINGERPRINT));
  for (let end = 0; end < whole.length; end += 2) expect(facts(whole.slice(0, end))).toEqual(UNKNOWN);
});

test('whatever the octets, they are read without a failure', () => {
  const octets = fc.uint8Array({ minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      octets,
      fc.constantFrom('', 'C214040000', 'C2FF0000000A', '8B04000000', '8B06000000'),
      (bytes, start) => {
        const result = facts(start + Buffer.from(bytes).toString('hex'));
        expect(Object.keys(result)).toEqual(['keyId', 'fingerprint', 'signedAt']);
      },
    ),
  );
});

/** Armored in lines, with a header and a checksum around them. */
function facts(packetHex: string) {
  const lines =
    Buffer.from(packetHex, 'hex')
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return readSignatureFacts(['Version: 1', 'Comment: none', '', ...lines, '=U/KS']);
}

function packet(body: string): string {
  return `C2FF${hex(body.length / 2, 4)}${body}`;
}

/** The body, made longer by what stands behind the subpackets. */
function long(body: string, length: number): string {
  const padded = body.padEnd(length * 2, '0');
  return `C2${hex(192 * 256 + length - 192, 2)}${padded}`;
}

function version4(hashed: string, unhashed: string): string {
  return `0400160A${hex(hashed.length / 2, 2)}${hashed}${hex(unhashed.length / 2, 2)}${unhashed}`;
}

function version6(hashed: string): string {
  return `06001B0A${hex(hashed.length / 2, 4)}${hashed}${hex(0, 4)}`;
}

function subpacket(type: number, body: string): string {
  const length = body.length / 2 + 1;
  return `${length < 192 ? hex(length, 1) : hex(192 * 256 + length - 192, 2)}${hex(type, 1)}${body}`;
}

function hex(number: number, octets: number): string {
  return number
    .toString(16)
    .padStart(octets * 2, '0')
    .toUpperCase();
}
