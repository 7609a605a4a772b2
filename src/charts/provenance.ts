// Reads a provenance file, `web-1.0.0.tgz.prov`, as Helm writes and reads it (pkg/provenance, 4.2.4; RFC 9580, section 7).
import type { Digest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { type ChartMetadata, parseChartYaml } from './chart-yaml.ts';
import { fileNameOf } from './file-name.ts';
import { MetadataFields } from './metadata-fields.ts';
import { readSignatureFacts, type SignatureFacts } from './openpgp-signature.ts';
import { readYaml } from './yaml-values.ts';

/** What a provenance file says, which is not to say that it is true: the registry has no keys, `helm verify` has them. */
export interface Provenance {
  readonly metadata: ChartMetadata;
  /** digests by file names: `web-1.0.0.tgz` and `sha256:` with 64 hex digits */
  readonly files: ReadonlyMap<string, string>;
  readonly signature: SignatureFacts;
}

/** 1 MiB; one has Chart.yaml and some 500 bytes. */
export const MAXIMUM_PROVENANCE_BYTES = 1024 * 1024;

const MESSAGE = '-----BEGIN PGP SIGNED MESSAGE-----';
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----';
const SIGNATURE_END = '-----END PGP SIGNATURE-----';
/** The end of a YAML document: behind Chart.yaml, before the digests. */
const SEPARATOR = '\n...\n';
const REMEDY =
  'sign the chart again with "helm package --sign", and upload the archive and the .prov file that it writes';

/**
 * The signature is read but not verified: that takes the publisher's key, which only the chart's user can trust.
 * @throws RegistryError MANIFEST_INVALID with what is wrong
 */
export function readProvenance(bytes: Uint8Array): Provenance {
  const { plaintext, armored } = clearSignedMessage(textOf(bytes));
  const [chartYaml = '', sums] = plaintext.split(SEPARATOR);
  if (sums === undefined) {
    throw invalid('has no line "..." between the Chart.yaml and the digests that it signs');
  }
  return {
    metadata: readPart(() => parseChartYaml(Buffer.from(chartYaml))),
    files: readPart(() => filesOf(sums)),
    signature: readSignatureFacts(armored),
  };
}

/**
 * Reads the provenance file of this very archive. Whether the signature is true is not known (see `readProvenance`), but it
 * is one that can be: what it signs is this archive, under this name.
 * @param chart.fileName `web-1.0.0.tgz`
 * @param chart.contentDigest of the archive, in SHA-256
 * @throws RegistryError MANIFEST_INVALID that says what differs and what to type
 */
export function requireProvenanceOf(
  { fileName, contentDigest }: { readonly fileName: string; readonly contentDigest: Digest },
  bytes: Uint8Array,
): Provenance {
  const provenance = readProvenance(bytes);
  const { metadata, files } = provenance;
  const signed = files.get(fileName);
  if (signed === undefined) {
    const names = [...files.keys()].map(quoted);
    throw invalid(
      `does not sign ${fileName}, but ${names.slice(0, 3).join(', ') || 'no file at all'}${names.length > 3 ? ' and more' : ''}`,
    );
  }
  if (signed !== contentDigest) {
    throw invalid(
      `signs ${fileName} with the digest ${quoted(signed)}, but the archive has ${contentDigest}: it was made for another archive, or one of the two was changed since`,
    );
  }
  if (fileNameOf(metadata) !== fileName) {
    throw invalid(
      `signs ${fileName} but describes the chart ${quoted(metadata.name)} in version ${quoted(metadata.version)}: its text was changed since it was signed`,
    );
  }
  return provenance;
}

interface ClearSignedMessage {
  readonly plaintext: string;
  /** the lines of the signature, without its first and last one */
  readonly armored: readonly string[];
}

/** Finds the first message; what stands around it is not signed, and left out as Helm leaves it out. */
function clearSignedMessage(text: string): ClearSignedMessage {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  const start = lines.findIndex((line) => line.startsWith(MESSAGE));
  if (lines[start] !== MESSAGE) throw invalid(`is no signed message: it has no line "${MESSAGE}"`);
  const emptyLine = lines.findIndex((line, at) => at > start && line.trim() === '');
  // Anything else among the headers would look as if it was signed.
  if (emptyLine < 0 || !lines.slice(start + 1, emptyLine).every((line) => /^ *Hash *:/.test(line))) {
    throw invalid('has other headers than "Hash" before the text that it signs');
  }
  const end = lines.indexOf(SIGNATURE, emptyLine);
  const armorEnd = lines.findIndex((line, at) => at > end && line.startsWith(SIGNATURE_END));
  if (end < 0 || armorEnd < 0) {
    throw invalid(`has no whole signature: it lacks the line "${end < 0 ? SIGNATURE : SIGNATURE_END}"`);
  }
  return {
    plaintext: lines
      .slice(emptyLine + 1, end)
      .map(withoutEscape)
      .join('\n'),
    armored: lines.slice(end + 1, armorEnd),
  };
}

/** A line that begins with a dash has "- " before it; white space at its end is not signed. */
function withoutEscape(line: string): string {
  let end = line.length;
  while (line[end - 1] === ' ' || line[end - 1] === '\t') end -= 1;
  return line.slice(line.startsWith('- ') ? 2 : 0, end);
}

function filesOf(sums: string): ReadonlyMap<string, string> {
  const source = { name: 'its second part', coercesScalars: true };
  const fields = new MetadataFields(readYaml(sums, source.name) ?? {}, source);
  return new Map(Object.entries(fields.textMap('files') ?? {}));
}

function readPart<Part>(read: () => Part): Part {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RegistryError)) throw cause;
    throw invalid(`cannot be read: ${cause.message}`, cause);
  }
}

function textOf(bytes: Uint8Array): string {
  if (bytes.byteLength > MAXIMUM_PROVENANCE_BYTES) {
    throw invalid(`has ${bytes.byteLength} bytes, at most ${MAXIMUM_PROVENANCE_BYTES} are allowed`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid('is not text in UTF-8', cause);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 160));
}

function invalid(why: string, cause?: unknown): RegistryError {
  return new RegistryError('MANIFEST_INVALID', `the provenance file ${why}; ${REMEDY}`, { cause });
}
