// Verifies that rows agree: manifests with their bytes and with what they need, tags with manifests, versions with tags.
import { chartLayers } from '../charts/inspect.ts';
import { algorithmOf, digestOf } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { blobsOf, childrenOf, type Manifest, parseManifest } from '../oci/manifest.ts';
import type { Database } from '../ports/database.ts';
import { isChart } from '../registry/push-chart.ts';
import {
  listManifestsToVerify,
  listTagsOfManifest,
  listTagsToVerify,
  listVersionsToVerify,
  type ManifestRows,
  type ManifestToVerify,
  readManifestRows,
  type TagToVerify,
  type VersionToVerify,
} from '../tables/agreement.ts';
import { findManifest } from '../tables/manifests.ts';
import { pagesOf } from '../tables/pages.ts';
import type { Problem, Problems } from './problems.ts';

const PAGE = 500;
/** Each may have 4 MiB, and is read into objects that take more. */
const MANIFEST_PAGE = 1;
const MAXIMUM_TAGS = 100;
const RESTORE_DATABASE = 'restore the database from a backup';
const PUSH_AGAIN = `delete it and push it again, or ${RESTORE_DATABASE}`;

interface Walk {
  readonly database: Database;
  readonly problems: Problems;
  readonly signal: AbortSignal;
  /** Told of each row. */
  readonly onRow: () => void;
}

export async function verifyManifests({ database, problems, signal, onRow }: Walk): Promise<void> {
  for await (const page of pagesOf<ManifestToVerify>((last) => listManifestsToVerify(database, last, MANIFEST_PAGE))) {
    for (const manifest of page) {
      signal.throwIfAborted();
      const problem = await problemOf(database, manifest);
      if (problem) problems.add(problem);
      onRow();
    }
  }
}

export async function verifyTags({ database, problems, signal, onRow }: Walk): Promise<void> {
  for await (const page of pagesOf<TagToVerify>((last) => listTagsToVerify(database, last, PAGE))) {
    signal.throwIfAborted();
    for (const { repository, tag, digest, manifest } of page) {
      onRow();
      if (digest === manifest) continue;
      const what = `tag ${repository}:${tag} leads to manifest ${digest}, which is not there`;
      problems.add({ kind: 'row', what, affected: [`${repository}:${tag}`], remedy: RESTORE_DATABASE });
    }
  }
}

export async function verifyVersions({ database, problems, signal, onRow }: Walk): Promise<void> {
  for await (const page of pagesOf<VersionToVerify>((last) => listVersionsToVerify(database, last, PAGE))) {
    signal.throwIfAborted();
    for (const version of page) {
      onRow();
      const fault = faultOfVersion(version);
      if (fault === undefined) continue;
      const name = `${version.repository}:${version.tag}`;
      const what = `the published version ${name} ${fault}`;
      problems.add({ kind: 'row', what, affected: [name], remedy: RESTORE_DATABASE });
    }
  }
}

function faultOfVersion(version: VersionToVerify): string | undefined {
  const { digest, tagDigest, contentDigest, chartContentDigest } = version;
  if (digest !== tagDigest) return `is of manifest ${digest ?? 'none'}, and its tag leads to ${tagDigest ?? 'none'}`;
  if (digest !== null && chartContentDigest !== contentDigest) {
    return `has the archive ${contentDigest}, and its chart ${chartContentDigest ?? 'is not there'}`;
  }
  return undefined;
}

/** Looks again before it calls anything wrong: somebody may have deleted the manifest while its rows were read. */
async function problemOf(database: Database, manifest: ManifestToVerify): Promise<Problem | undefined> {
  const { repository, digest } = manifest;
  if ((await faultOfManifest(database, manifest)) === undefined) return undefined;
  const now = await findManifest(database, repository, { kind: 'digest', digest });
  const fault = now && (await faultOfManifest(database, { repository, ...now }));
  if (fault === undefined) return undefined;
  const tags = await listTagsOfManifest(database, repository, digest, MAXIMUM_TAGS);
  return {
    kind: 'manifest',
    what: `manifest ${repository}@${digest} ${fault}`,
    affected: tags.length === 0 ? [`${repository}@${digest}`] : tags.map((tag) => `${repository}:${tag}`),
    remedy: PUSH_AGAIN,
  };
}

async function faultOfManifest(database: Database, stored: ManifestToVerify): Promise<string | undefined> {
  const { repository, digest, content, mediaType } = stored;
  if (digestOf(content, algorithmOf(digest)) !== digest) return 'has other bytes than were pushed';
  try {
    const manifest = parseManifest(content, mediaType);
    return faultOfRows(manifest, await readManifestRows(database, repository, digest));
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return `cannot be read (${error.message})`;
  }
}

/** Garbage collection goes by these rows. */
function faultOfRows(manifest: Manifest, rows: ManifestRows): string | undefined {
  const blob = missingIn(rows.blobs, blobsOf(manifest));
  if (blob !== undefined) return `needs blob ${blob}, which its rows do not say`;
  const child = missingIn(rows.children, childrenOf(manifest));
  if (child !== undefined) return `needs manifest ${child}, which its rows do not say`;
  if (!isChart(manifest)) return rows.chart ? 'is no chart, and its rows say that it is one' : undefined;
  if (!rows.chart) return 'is a chart, which its rows do not say';
  const { config, content, provenance } = chartLayers(manifest);
  const isSame =
    rows.chart.configDigest === config.digest &&
    rows.chart.contentDigest === content.digest &&
    (rows.chart.provenanceDigest ?? undefined) === provenance?.digest;
  return isSame ? undefined : 'has another chart than its rows say';
}

function missingIn(known: readonly string[], needed: readonly { readonly digest: string }[]): string | undefined {
  return needed.find(({ digest }) => !known.includes(digest))?.digest;
}
