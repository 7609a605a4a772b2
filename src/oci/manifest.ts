// Reads a manifest's bytes into what the registry needs to know of it (OCI image spec; Docker image manifest v2, schema 2).
import { type Digest, isDigest } from './digest.ts';
import { RegistryError } from './error.ts';
import { requireOneReadingOfKeys } from './manifest-keys.ts';
import { requireFewValues } from './manifest-values.ts';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  isManifestType,
  isNondistributable,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-types.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
}

interface ManifestFacts {
  readonly mediaType: string;
  /** `artifactType`, or for an image manifest without one the media type of its config: what referrers are filtered by. */
  readonly artifactType: string | undefined;
  readonly subject: Digest | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ImageManifest extends ManifestFacts {
  readonly kind: 'image';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface IndexManifest extends ManifestFacts {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}

export type Manifest = ImageManifest | IndexManifest;

/** 4 MiB: what the spec asks a registry to take, and what helm and oras are ready to read. */
export const MAXIMUM_MANIFEST_BYTES = 4 * 1024 * 1024;

/** An index of every chart of a large repository has some hundreds; each one costs rows and look-ups. */
export const MAXIMUM_DESCRIPTORS = 2_000;
const CONTROL_CHARACTER = /\p{Cc}/u;

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param contentType of the request, without parameters; undefined when none was sent
 * @throws RegistryError MANIFEST_INVALID with what is wrong
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const fields = parseObject(bytes);
  const mediaType = mediaTypeOf(fields, contentType);
  if (fields.schemaVersion !== 2) throw invalid('"schemaVersion" must be 2');
  const common = {
    mediaType,
    subject: optionalDescriptor(fields.subject, 'subject')?.digest,
    annotations: annotationsOf(fields.annotations),
  };
  const artifactType = optionalText(fields.artifactType, 'artifactType');
  requireOneReading(fields);
  if (mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST) {
    const config = descriptor(fields.config, 'config');
    const layers = descriptors(fields.layers, 'layers');
    // Clients follow a layer of such a type like a child of an index, but nothing here would know of it as one.
    const manifestLayer = layers.find((layer) => isManifestType(layer.mediaType));
    if (manifestLayer) throw invalid(`it has a layer of type "${manifestLayer.mediaType}", but a manifest is no layer`);
    return {
      ...common,
      kind: 'image',
      config,
      layers,
      artifactType: artifactType ?? config.mediaType,
    };
  }
  return { ...common, kind: 'index', manifests: descriptors(fields.manifests, 'manifests'), artifactType };
}

/** The blobs that must be in the repository before the manifest is: all but layers that by definition live elsewhere. */
export function blobsOf(manifest: Manifest): readonly Descriptor[] {
  if (manifest.kind === 'index') return [];
  return [manifest.config, ...manifest.layers.filter((layer) => !isNondistributable(layer.mediaType))];
}

/** The manifests that must be in the repository before an index is. */
export function childrenOf(manifest: Manifest): readonly Descriptor[] {
  return manifest.kind === 'index' ? manifest.manifests : [];
}

function parseObject(bytes: Uint8Array): Fields {
  let parsed: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    requireFewValues(text);
    parsed = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    throw new RegistryError('MANIFEST_INVALID', 'the manifest is not JSON in UTF-8', { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw invalid('it is not a JSON object');
  requireOneReadingOfKeys(text);
  return parsed as Fields;
}

function mediaTypeOf(fields: Fields, contentType: string | undefined): string {
  const declared = optionalText(fields.mediaType, 'mediaType');
  if (declared !== undefined && contentType !== undefined && declared !== contentType) {
    throw invalid(`Content-Type is "${contentType}", its "mediaType" is "${declared}": both must be the same`);
  }
  const mediaType = contentType ?? declared;
  if (mediaType === undefined) throw invalid('neither a Content-Type nor a "mediaType" says what it is');
  if (![OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST].includes(mediaType)) {
    throw invalid(
      `"${mediaType}" is not a manifest type that Chartroom takes: OCI image manifests and indexes, Docker schema 2 manifests and lists`,
    );
  }
  return mediaType;
}

/** Something that is an image to one client and an index to another could show each of them other content (CVE-2021-41190). */
function requireOneReading(fields: Fields): void {
  const isImage = [fields.config, fields.layers].some((field) => field !== undefined && field !== null);
  const isIndex = fields.manifests !== undefined && fields.manifests !== null;
  if (isImage && isIndex) throw invalid('it has "manifests" as an index, and "config" or "layers" as an image');
}

function descriptors(value: unknown, field: string): readonly Descriptor[] {
  if (!Array.isArray(value)) throw invalid(`"${field}" must be a list of descriptors`);
  if (value.length > MAXIMUM_DESCRIPTORS) {
    throw invalid(`"${field}" has ${value.length} descriptors, at most ${MAXIMUM_DESCRIPTORS} are taken`);
  }
  return value.map((item, index) => descriptor(item, `${field}[${index}]`));
}

function optionalDescriptor(value: unknown, field: string): Descriptor | undefined {
  return value === undefined || value === null ? undefined : descriptor(value, field);
}

function descriptor(value: unknown, field: string): Descriptor {
  if (typeof value !== 'object' || value === null) throw invalid(`"${field}" must be a descriptor`);
  const { mediaType, digest, size } = value as Fields;
  if (typeof mediaType !== 'string' || mediaType === '') throw invalid(`"${field}.mediaType" is missing`);
  requirePlain(mediaType, `${field}.mediaType`);
  if (typeof digest !== 'string' || !isDigest(digest))
    throw invalid(`"${field}.digest" must be a sha256 or sha512 digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`"${field}.size" must be a whole number of bytes`);
  }
  return { mediaType, digest, size };
}

function annotationsOf(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid('"annotations" must be an object');
  for (const [key, text] of Object.entries(value)) {
    requirePlain(key, 'annotations');
    if (typeof text !== 'string') throw invalid(`annotation "${key}" must be a string`);
  }
  return value as Record<string, string>;
}

function optionalText(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw invalid(`"${field}" must be a string`);
  requirePlain(value, field);
  return value;
}

/** PostgreSQL takes no NUL in a text, and no name of anything has a character that cannot be seen. */
function requirePlain(text: string, field: string): void {
  if (CONTROL_CHARACTER.test(text)) throw invalid(`"${field}" has a control character`);
}

function invalid(why: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', `the manifest is invalid: ${why}`);
}
