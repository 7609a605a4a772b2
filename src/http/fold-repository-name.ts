// Folds the slashes of a repository name, so that a name is one path segment and every OCI route an ordinary one.
import { withoutAuthority } from './request-path.ts';

const ROUTES = [
  /^\/v2\/(.+)\/(blobs\/uploads\/?)$/,
  /^\/v2\/(.+)\/(blobs\/uploads\/[^/]+)$/,
  /^\/v2\/(.+)\/((?:manifests|blobs|referrers)\/[^/]+)$/,
  /^\/v2\/(.+)\/(tags\/list)$/,
];

/**
 * `/v2/team/web/manifests/1.0.0?x` becomes `/v2/team%2Fweb/manifests/1.0.0?x`; all else stays as it is. A client can send
 * `%2F` by itself, so what the name may be is decided by `parseRepositoryName` alone.
 */
export function foldRepositoryName(target: string): string {
  const url = withoutAuthority(target);
  const end = url.indexOf('?');
  const path = end === -1 ? url : url.slice(0, end);
  const query = end === -1 ? '' : url.slice(end);
  for (const route of ROUTES) {
    const [, name, rest] = route.exec(path) ?? [];
    if (name !== undefined) return `/v2/${name.replaceAll('/', '%2F')}/${rest}${query}`;
  }
  return url;
}
