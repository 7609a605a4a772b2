// Provenance files: one that helm 4.2.4 wrote with a key thrown away since, and what can be wrong with it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MAXIMUM_PROVENANCE_BYTES, readProvenance, requireProvenanceOf } from '../../src/charts/provenance.ts';
import { digestOf } from '../../src/oci/digest.ts';

const ARCHIVE = readFileSync(join(import.meta.dirname, 'fixtures/web-1.0.0.tgz'));
const SIGNED = readFileSync(join(import.meta.dirname, 'fixtures/web-1.0.0.tgz.prov'), 'utf8');
const CHART = { fileName: 'web-1.0.0.tgz', contentDigest: digestOf(ARCHIVE) };

describe('the provenance file that helm package --sign wrote', () => {
  test('names the chart, its archive with the digest, the key and the time', () => {
    const { metadata, files, signature } = readProvenance(Buffer.from(SIGNED));
    expect(metadata).toMatchObject({ apiVersion: 'v2', name: 'web', version: '1.0.0', keywords: ['one', 'two'] });
    expect(metadata.description).toMatch(/^-- a dash-led, long description .* so that the line is folded .* at last$/);
    expect(Object.fromEntries(files)).toEqual({ 'web-1.0.0.tgz': CHART.contentDigest });
    expect(signature).toEqual({
      keyId: 'F71F9352F05010DF',
      fingerprint: '4B65B2B198F3ECD16BC27C5BF71F9352F05010DF',
      signedAt: Date.parse('2026-11-23T12:07:09Z'),
    });
  });

  test('is the one of its archive', () => {
    expect(requireProvenanceOf(CHART, Buffer.from(SIGNED))).toEqual(readProvenance(Buffer.from(SIGNED)));
  });

  test('reads the same with the line ends of Windows, blanks at the ends of lines, and text around the message', () => {
    const changed = `A mail.\n${SIGNED}\n\nAnother mail.\n`
      .replaceAll('\n', ' \t \r\n')
      .replaceAll('----- \t ', '-----');
    expect(readProvenance(Buffer.from(changed))).toEqual(readProvenance(Buffer.from(SIGNED)));
  });

  test('reads the same when gpg wrote the armor, with a comment and a checksum', () => {
    const changed = SIGNED.replace('SIGNATURE-----\n', 'SIGNATURE-----\nComment: by hand\n').replace(
      '\n-----END',
      '\n=U/KS\n-----END',
    );
    expect(changed).toContain('=U/KS');
    expect(readProvenance(Buffer.from(changed))).toEqual(readProvenance(Buffer.from(SIGNED)));
  });

  test('says nothing of who signed when the signature cannot be read', () => {
    const changed = SIGNED.replace(/^wrsEARYK/m, 'AAAAAAAA');
    expect(readProvenance(Buffer.from(changed)).signature).toEqual({});
  });
});

describe('a provenance file is refused for an archive', () => {
  test('that has another digest, with both digests and what to do', () => {
    const contentDigest = digestOf(Buffer.from('other'));
    expect(refusal(SIGNED, { ...CHART, contentDigest })).toBe(
      `the provenance file signs web-1.0.0.tgz with the digest "${CHART.contentDigest}", but the archive has ${contentDigest}: it was made for another archive, or one of the two was changed since; sign the chart again with "helm package --sign", and upload the archive and the .prov file that it writes`,
    );
  });

  test('that it does not name', () => {
    expect(refusal(SIGNED, { ...CHART, fileName: 'web-1.0.1.tgz' })).toContain(
      'does not sign web-1.0.1.tgz, but "web-1.0.0.tgz"; sign the chart again',
    );
    const three = SIGNED.replace(/^ {2}web-1\.0\.0\.tgz: .*$/m, '  a: x\n  b: 1\n  c: x');
    expect(refusal(three)).toContain('does not sign web-1.0.0.tgz, but "a", "b", "c";');
    const four = SIGNED.replace(/^ {2}web-1\.0\.0\.tgz: .*$/m, '  a: x\n  b: x\n  c: x\n  d: x');
    expect(refusal(four)).toContain('does not sign web-1.0.0.tgz, but "a", "b", "c" and more;');
    expect(refusal(SIGNED.replace('files:', 'images:'))).toContain('does not sign web-1.0.0.tgz, but no file at all;');
  });

  test('when the digest is not written as helm compares it', () => {
    expect(refusal(SIGNED.replace(/sha256:\w+/, (digest) => digest.toUpperCase()))).toContain(
      'with the digest "SHA256:',
    );
  });

  test.each([
    ['name: web', 'name: wob', '"wob" in version "1.0.0"'],
    ['version: 1.0.0', 'version: 1.0.1', '"web" in version "1.0.1"'],
  ])('when its text was changed from "%s" to "%s"', (before, after, described) => {
    expect(refusal(SIGNED.replace(before, after))).toContain(
      `signs web-1.0.0.tgz but describes the chart ${described}: its text was changed since it was signed;`,
    );
  });
});

describe('a file is no provenance file', () => {
  test.each([
    ['it is empty', '', 'is no signed message: it has no line "-----BEGIN PGP SIGNED MESSAGE-----"'],
    ['it is what is signed, without a signature', plainText(), 'is no signed message'],
    ['a byte order mark stands before it', `\ufeff${SIGNED}`, 'is no signed message'],
    ['its first line goes on', SIGNED.replace('MESSAGE-----', 'MESSAGE----- '), 'is no signed message'],
    [
      'it has a comment as a header',
      SIGNED.replace('Hash: SHA512', 'Comment: signed by ann'),
      'has other headers than',
    ],
    ['it has a comment behind its header', SIGNED.replace('SHA512', 'SHA512\nComment: a'), 'has other headers than'],
    ['it ends in the headers', SIGNED.slice(0, 40), 'has other headers than "Hash" before the text that it signs'],
    [
      'its signature is escaped',
      SIGNED.replace(/(?=-----BEGIN PGP SIGNATURE)/, '- '),
      'lacks the line "-----BEGIN PGP SIG',
    ],
    ['its signature has no end', SIGNED.slice(0, -40), 'lacks the line "-----END PGP SIGNATURE-----"'],
    [
      'it has no separator',
      SIGNED.replace('\n...\n', '\n'),
      'has no line "..." between the Chart.yaml and the digests',
    ],
    [
      'its chart has no version',
      SIGNED.replace('version: 1.0.0', 'version: one'),
      'cannot be read: "version" in Chart.yaml is "one"',
    ],
    ['its chart is no YAML', SIGNED.replace('name: web', 'name: [web'), 'cannot be read: Chart.yaml is not YAML'],
    [
      'its digests are no YAML',
      SIGNED.replace('files:', 'files: none #'),
      'cannot be read: its second part is not YAML',
    ],
    [
      'its digests are a list',
      SIGNED.replace(/files:\n.*/, 'files: [a]'),
      '"files" in its second part must be a map of texts',
    ],
    ['its second part is a list', SIGNED.replace(/files:\n.*/, '- a'), 'its second part must be a map of fields'],
  ])('when %s', (_, text, why) => {
    const message = refusal(text);
    expect(message).toContain(why);
    expect(message).toMatch(/^the provenance file /);
    expect(message).toContain('; sign the chart again with "helm package --sign"');
  });

  test('when it is not text', () => {
    expect(() => readProvenance(Buffer.concat([Buffer.from(SIGNED), Buffer.from([0xff])]))).toThrow(
      'is not text in UTF-8',
    );
  });

  test('when it is larger than 1 MiB', () => {
    const padded = `${SIGNED}\n${' '.repeat(MAXIMUM_PROVENANCE_BYTES - SIGNED.length - 1)}`;
    expect(readProvenance(Buffer.from(padded)).metadata.name).toBe('web');
    expect(() => readProvenance(Buffer.from(`${padded} `))).toThrow('has 1048577 bytes, at most 1048576 are allowed');
  });
});

test('a file of 1 MiB that tries the reader costs no more than any other', () => {
  const filled = (unit: string) => unit.repeat((MAXIMUM_PROVENANCE_BYTES - SIGNED.length - 100) / unit.length);
  for (const line of [`# ${filled(' ')}x`, `# ${filled('\t- ')}`, `# ${filled('=')}`]) {
    const text = SIGNED.replace('name: web', `name: web\n${line}`);
    expect(readProvenance(Buffer.from(text)).metadata.name).toBe('web');
  }
  expect(readProvenance(Buffer.from(`${filled('\n')}${SIGNED}`)).metadata.name).toBe('web');
  expect(refusal(`-----BEGIN PGP SIGNED MESSAGE-----\n${filled('Hash: a\n')}`)).toContain('has no whole signature');
  expect(refusal(filled('-----BEGIN PGP SIGNED MESSAGE-----\n'))).toContain('has other headers');
});

function refusal(text: string, chart = CHART): string {
  let code: unknown;
  let message = '';
  try {
    requireProvenanceOf(chart, Buffer.from(text));
  } catch (error) {
    ({ code, message } = error as { code: unknown; message: string });
  }
  expect(code).toBe('MANIFEST_INVALID');
  return message;
}

/** What is signed, without the signature around it. */
function plainText(): string {
  return SIGNED.slice(SIGNED.indexOf('apiVersion'), SIGNED.indexOf('-----BEGIN PGP SIGNATURE'));
}
