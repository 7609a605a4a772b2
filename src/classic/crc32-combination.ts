// CRC-32 of a text from those of its two halves, as zlib computes it (crc32_combine_gen and crc32_combine_op in its crc32.c).

// A CRC-32 is a polynomial over GF(2) modulo P, bit 31 the coefficient of x^0. Appending n bytes multiplies it by x^8n.

/** P without its highest power, x^32 */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;
/** x^(2^n) modulo P, for n from 0 */
const POWERS = powersOfTwo();

/** What appending so many bytes multiplies a CRC-32 by. @param length less than 2^53 */
export function crcShiftOf(length: number): number {
  let product = ONE;
  // Three squarings turn bytes into bits.
  for (let rest = length, power = 3; rest > 0; rest = Math.floor(rest / 2), power += 1) {
    if (rest % 2 === 1) product = multiply(POWERS[power % POWERS.length] ?? 0, product);
  }
  return product;
}

/** @param shift `crcShiftOf` the length of the second text */
export function combineCrcs(first: number, second: number, shift: number): number {
  return (multiply(shift, first) ^ second) >>> 0;
}

function multiply(first: number, second: number): number {
  let product = 0;
  let multiple = second;
  for (let rest = first; rest !== 0; rest <<= 1) {
    if (rest & ONE) product ^= multiple;
    multiple = multiple & 1 ? (multiple >>> 1) ^ POLYNOMIAL : multiple >>> 1;
  }
  return product >>> 0;
}

/** Squaring comes back to x after 32 times, since x^(2^32) = x modulo P. */
function powersOfTwo(): readonly number[] {
  const powers: number[] = [];
  for (let power = ONE >>> 1; powers.length < 32; power = multiply(power, power)) powers.push(power);
  return powers;
}
