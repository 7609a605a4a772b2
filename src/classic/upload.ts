// Charts that are uploaded the classic way, as packed files: they become what `helm push` would have made of them.
import { fileNameOf } from '../charts/file-name.ts';
import { configBlobOf, manifestOf } from '../charts/helm-manifest.ts';
import { inspectArchive } from '../charts/inspect.ts';
import { MAXIMUM_PROVENANCE_BYTES, readProvenance, requireProvenanceOf } from '../charts/provenance.ts';
import { tagOfVersion } from '../charts/version.ts';
import { digestOf } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { OCI_MANIFEST } from '../oci/media-types.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { parseTag } from '../oci/tag.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import type { Actor } from '../registry/actor.ts';
import { MAXIMUM_ARCHIVE_BYTES } from '../registry/push-chart.ts';
import type { ReceivedBytes } from '../registry/received-bytes.ts';
import type { Registry } from '../registry/registry.ts';
import type { TagRules } from '../registry/tag-rules.ts';
import { findVersion, type VersionRow } from '../tables/chart-catalog.ts';
import { attachProvenance } from './attach-provenance.ts';
import { repositoryIn } from './chart-files.ts';

interface UploadOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly rules: TagRules;
}

/** Where something is uploaded, and by whom. */
export interface Upload {
  /** empty for the root */
  readonly namespace: string;
  readonly actor: Actor;
  /** Throws when the actor may not push to the repository, which is known once the chart is looked at. */
  readonly requirePush: (repository: RepositoryName) => void;
}

export class ClassicUploads {
  readonly #options: UploadOptions;

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  /**
   * Takes a packed chart as it arrives, for `publish`.
   * @param length bytes, when it is known
   * @throws StorageFull, RegistryError BLOB_TOO_LARGE; whatever `body` throws
   */
  async takeChart(body: AsyncIterable<Uint8Array>, length?: number): Promise<ReceivedBytes> {
    return await this.#take(body, length, MAXIMUM_ARCHIVE_BYTES, 'a packed chart');
  }

  /** Takes a provenance file in the same way. */
  async takeProvenance(body: AsyncIterable<Uint8Array>, length?: number): Promise<ReceivedBytes> {
    return await this.#take(body, length, MAXIMUM_PROVENANCE_BYTES, 'a provenance file');
  }

  /**
   * Publishes a chart, with its provenance file if it came along. A version with the same archive is left as it is; a
   * provenance file that it did not have is attached.
   * @returns what its publisher should know
   * @throws RegistryError MANIFEST_INVALID, NAME_INVALID, whatever `requirePush` throws, VERSION_PUBLISHED, and what else a push
   * of the chart is refused for
   */
  async publish(
    upload: Upload,
    chart: ReceivedBytes,
    provenance: ReceivedBytes | undefined,
  ): Promise<readonly string[]> {
    const { database, registry, rules, clock } = this.#options;
    const created = clock.now();
    const inspection = await inspectArchive(chart.read(), rules);
    const { metadata } = inspection;
    const repository = repositoryIn(upload.namespace, metadata.name);
    upload.requirePush(repository);
    if (provenance) {
      const signed = { fileName: fileNameOf(metadata), contentDigest: chart.digest };
      requireProvenanceOf(signed, await bytesOf(provenance));
    }
    const tag = parseTag(tagOfVersion(metadata.version));
    const published = await findVersion(database, repository, tag);
    if (published?.contentDigest === chart.digest && fitsTo(published, provenance)) {
      if (provenance) await attachProvenance(this.#options, published, provenance, upload.actor);
      return [];
    }
    const configBlob = configBlobOf(metadata);
    const identity = `${digestOf(configBlob)} ${chart.digest}`;
    await registry.requireNotPublished(repository, tag, { metadata, identity });
    const config = await registry.uploads.storeBytes(repository, configBlob);
    await chart.keepIn(repository);
    await provenance?.keepIn(repository);
    const { warnings } = await registry.pushManifest({
      repository,
      reference: { kind: 'tag', tag },
      tags: [],
      contentType: OCI_MANIFEST,
      bytes: manifestOf({ metadata, config, content: chart, provenance, created }),
      actor: upload.actor,
      inspection,
    });
    return warnings;
  }

  /**
   * Adds the provenance file of a version that was published without one.
   * @throws RegistryError MANIFEST_INVALID, NAME_INVALID, whatever `requirePush` throws, MANIFEST_UNKNOWN when there is no such
   * version, VERSION_PUBLISHED when it has another provenance file
   */
  async addProvenance(upload: Upload, provenance: ReceivedBytes): Promise<void> {
    const bytes = await bytesOf(provenance);
    const { metadata } = readProvenance(bytes);
    const repository = repositoryIn(upload.namespace, metadata.name);
    upload.requirePush(repository);
    const tag = parseTag(tagOfVersion(metadata.version));
    const version = await findVersion(this.#options.database, repository, tag);
    if (!version) {
      throw new RegistryError(
        'MANIFEST_UNKNOWN',
        `${repository} has no version ${metadata.version} that this provenance file could be of: upload the chart first, or both in one form, with the files "chart" and "prov"`,
      );
    }
    requireProvenanceOf(version, bytes);
    await attachProvenance(this.#options, version, provenance, upload.actor);
  }

  async #take(
    body: AsyncIterable<Uint8Array>,
    length: number | undefined,
    maximumBytes: number,
    what: string,
  ): Promise<ReceivedBytes> {
    if (length !== undefined && length > maximumBytes) throw tooLarge(what, maximumBytes);
    return await this.#options.registry.uploads.receive(limited(body, maximumBytes, what), length);
  }
}

/** Of the same archive another provenance file is another version, and one that came too late is not. */
function fitsTo({ provenanceDigest }: VersionRow, provenance: ReceivedBytes | undefined): boolean {
  return provenance === undefined || provenanceDigest === null || provenanceDigest === provenance.digest;
}

async function* limited(
  body: AsyncIterable<Uint8Array>,
  maximumBytes: number,
  what: string,
): AsyncIterable<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maximumBytes) throw tooLarge(what, maximumBytes);
    yield chunk;
  }
}

function tooLarge(what: string, maximumBytes: number): RegistryError {
  return new RegistryError('BLOB_TOO_LARGE', `this is too large for ${what}, which may have ${maximumBytes} bytes`);
}

async function bytesOf(received: ReceivedBytes): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of received.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
