// What the provenance file of a version says, read from its blob and remembered for a while.
import { beginningOf } from '../charts/beginning-of-text.ts';
import {
  MAXIMUM_PROVENANCE_BYTES,
  type Provenance,
  readProvenance,
  requireProvenanceOf,
} from '../charts/provenance.ts';
import { BoundedMap } from '../events/bounded-map.ts';
import { BlobDamaged } from '../oci/blob-damaged.ts';
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { VersionFacts } from './versions.ts';

/** What was signed, and by which key; whether that is true, only somebody with the publisher's key can find out. */
export interface VersionProvenance {
  readonly digest: Digest;
  /** Undefined when it cannot be read at all. */
  readonly said: SaidProvenance | undefined;
  /** Why it is none, or none of this archive; undefined when it is one. */
  readonly problem: string | undefined;
}

interface SaidProvenance {
  readonly signature: Provenance['signature'];
  /** At most 100, each with its digest: `sha256:` and 64 hex digits. */
  readonly files: readonly { readonly name: string; readonly digest: string }[];
}

const MAXIMUM_REMEMBERED = 500;
const MAXIMUM_FILES = 100;
/** characters of a name or a digest */
const MAXIMUM_TEXT = 300;
const MAXIMUM_PROBLEM = 2_000;

export class Provenances {
  readonly #blobs: BlobStore;
  readonly #remembered = new BoundedMap<VersionProvenance>(MAXIMUM_REMEMBERED);

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** Undefined when the version has no provenance file. @throws what the blob store throws */
  async of(version: VersionFacts): Promise<VersionProvenance | undefined> {
    const { provenanceDigest: digest, contentDigest, fileName } = version;
    if (digest === undefined) return undefined;
    const key = `${digest} ${contentDigest} ${fileName}`;
    const known = this.#remembered.get(key);
    if (known) return known;
    const bytes = await this.#bytes(digest);
    // Not remembered: a push mends it.
    if (bytes instanceof BlobDamaged) return { digest, said: undefined, problem: bytes.message };
    const read = readBytes(bytes, version);
    const provenance = { digest, ...read };
    this.#remembered.set(key, provenance);
    return provenance;
  }

  /** Undefined when there are too many of them. */
  async #bytes(digest: Digest): Promise<Uint8Array | BlobDamaged | undefined> {
    const size = await this.#blobs.size(digest);
    if (size === undefined) return new BlobDamaged(digest);
    if (size > MAXIMUM_PROVENANCE_BYTES) return undefined;
    const body = await this.#blobs.open(digest);
    if (body.kind !== 'stream') throw new Error('the blob store answers its own server with a redirect');
    const chunks: Uint8Array[] = [];
    for await (const chunk of body.stream) chunks.push(chunk as Uint8Array);
    const bytes = Buffer.concat(chunks);
    return digestOf(bytes, algorithmOf(digest)) === digest ? bytes : new BlobDamaged(digest);
  }
}

function readBytes(bytes: Uint8Array | undefined, version: VersionFacts): Omit<VersionProvenance, 'digest'> {
  if (!bytes) {
    return { said: undefined, problem: `the provenance file has more than ${MAXIMUM_PROVENANCE_BYTES} bytes` };
  }
  // Signed are digests in SHA-256 only.
  const isComparable = algorithmOf(version.contentDigest) === 'sha256';
  const fault = isComparable ? faultOf(() => requireProvenanceOf(version, bytes)) : undefined;
  let said: SaidProvenance | undefined;
  const unreadable = faultOf(() => {
    said = shortened(readProvenance(bytes));
  });
  return { said, problem: fault ?? unreadable };
}

function shortened({ signature, files }: Provenance): SaidProvenance {
  const cut = (text: string): string => beginningOf(text, MAXIMUM_TEXT);
  const listed = [...files].slice(0, MAXIMUM_FILES).map(([name, digest]) => ({ name: cut(name), digest: cut(digest) }));
  return { signature, files: listed };
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof RegistryError) return beginningOf(error.message, MAXIMUM_PROBLEM);
    throw error;
  }
}
