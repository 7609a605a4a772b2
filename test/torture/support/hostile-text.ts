// Texts that mean something elsewhere: what attackers write where a name is asked for.
import fc from 'fast-check';

/** As they stand in an address, some of them encoded already. */
export const HOSTILE_SEGMENTS = [
  ...[
    '..',
    '.',
    '%2e%2e',
    '.%2e',
    '%2e',
    '..%2f..%2f..%2fetc%2fpasswd',
    '%2fetc%2fpasswd',
    '..%5c..',
    '\\..\\',
    '....//',
  ],
  ...['%00', 'a%00b', '%0a', '%0d%0aX-Injected:%201', '%E2%80%AE', '%EF%BB%BF', '%C3%A9', 'e%CC%81', '%F0%9F%92%A9'],
  // Overlong, cut short, a surrogate, and what is no UTF-8 at all.
  ...['%c0%ae%c0%ae', '%c0%af', '%e0%80%af', '%ff', '%ed%a0%80', '%', '%2', '%zz', '%u002e', '%25%32%65'],
  ...['__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', '-', '_', '~', '$HOME', '`id`', '$(id)'],
  ...["'", '"', "' or 1=1 --", '%27%20or%201=1', '<script>', '{{7*7}}', '*', '%25', '\x7f', '\xe9', ';', '#', '&', '='],
  ...['con', 'nul', 'aux.txt', 'a'.repeat(300), 'x/'.repeat(120), '9'.repeat(400), 'blobs', 'uploads', 'manifests'],
];

/** Decoded: for bodies, and for what is encoded on its way. */
export const HOSTILE_TEXTS = HOSTILE_SEGMENTS.map((text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
});

export function hostileText(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
  );
}
