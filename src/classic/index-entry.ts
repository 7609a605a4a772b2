// What an index says of one published version: an entry of `entries` in index.yaml, as `helm repo index` writes it.
import { versionOfTag } from '../charts/version.ts';
import { lastSegment } from '../oci/repository-name.ts';
import { jsonText } from './block-yaml.ts';
import type { IndexedVersion, IndexScope } from './index-source.ts';

/** Where the entries' addresses lead: to the archives here, or to the charts in the registry of that host. */
export type IndexUrls = { readonly kind: 'tgz' } | { readonly kind: 'oci'; readonly host: string };

const SHA256 = 'sha256:';
/** Readers of YAML look for the colon behind a key within 1024 characters. (YAML 1.2.2, section 7.4) */
const LONGEST_KEY = 1000;
/** What one character may be in JSON: `\u0085`. */
const LONGEST_CHARACTER = 6;

/** The key of a chart in an index: its name, or among the charts of all namespaces its whole repository. */
export function chartKeyOf(repository: IndexedVersion['repository'], scope: IndexScope): string {
  return scope.kind === 'all' ? repository : lastSegment(repository);
}

/** @param version one that is listed */
export function indexEntryOf(
  version: IndexedVersion,
  scope: IndexScope,
  urls: IndexUrls,
): Readonly<Record<string, unknown>> {
  const metadata: unknown = JSON.parse(version.metadata ?? '{}');
  return {
    ...(withoutLongKeys(metadata) as Readonly<Record<string, unknown>>),
    ...(version.deprecated ? { deprecated: true } : {}),
    created: new Date(version.publishedAt).toISOString(),
    // Helm takes no other digest than this one.
    ...(version.contentDigest.startsWith(SHA256) ? { digest: version.contentDigest.slice(SHA256.length) } : {}),
    urls: [addressOf(version, scope, urls)],
  };
}

/** One annotation must not make a whole index unreadable. */
function withoutLongKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutLongKeys);
  if (typeof value !== 'object' || value === null) return value;
  const readable = Object.entries(value).filter(([key]) => !isLongKey(key));
  return Object.fromEntries(readable.map(([key, item]) => [key, withoutLongKeys(item)]));
}

function isLongKey(key: string): boolean {
  return key.length * LONGEST_CHARACTER > LONGEST_KEY && jsonText(key).length > LONGEST_KEY;
}

/** Relative to the address of the repository, so that it is right behind any proxy. A "+" stays: helm writes it so, too. */
function addressOf(version: IndexedVersion, scope: IndexScope, urls: IndexUrls): string {
  const { namespace, repository, tag, fileName } = version;
  // Helm makes the tag out of the version, but not the name of the file, which its provenance file must have, out of the tag.
  if (urls.kind === 'oci') return `oci://${urls.host}/${repository}:${versionOfTag(tag)}`;
  const folder = namespace === '' ? '' : `${namespace}/`;
  return scope.kind === 'all' ? `/${folder}charts/${fileName}` : `charts/${fileName}`;
}
