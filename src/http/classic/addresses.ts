// The addresses of classic Helm repositories and of ChartMuseum's API: what namespace stands in them, folded into one segment.
import { requestPath, withoutAuthority } from '../request-path.ts';

/** Where the routes are. No name has a segment "-", so nothing that is published can be in the way. */
export const CLASSIC_PREFIX = '/-/classic';
/** The root namespace, as the routes have it. */
const ROOT = '%2F';

const REPOSITORY = /^\/(?:(.+)\/)?(index\.yaml|artifacthub-repo\.yml|charts\/[^/]+\.tgz(?:\.prov)?)$/;
/** In this order: a list of charts before a chart called "charts", a version before a chart in a namespace called "charts". */
const API = [
  /^\/api\/(?:(.+)\/)?(charts|prov)$/,
  /^\/api\/(?:(.+)\/)?(charts\/[^/]+\/[^/]+\/(?:templates|values))$/,
  /^\/api\/(?:(.+)\/)?(charts\/[^/]+\/(?:v?\d[^/]*|latest))$/,
  /^\/api\/(?:(.+)\/)?(charts\/[^/]+)$/,
];
/**
 * These belong to others, whatever stands behind them: OCI clients, the management API, `helm search hub`, and what the server
 * keeps for itself.
 */
const TAKEN = /^\/(?:v2|api\/v1|api\/chartsvc\/v1|-)(?:\/|$)/;
/** Encoded as well: no name has one, and to what remained without it would lead a second address. */
const EMPTY_SEGMENT = /(?:\/|%2f){2}/i;
const UPLOAD = /^\/api\/v1(?:\/.+)?\/(?:charts|prov)$/;

/**
 * `/team/a/index.yaml?x` becomes `/-/classic/team%2Fa/index.yaml?x`; all else stays as it is. A client can send `%2F` by
 * itself, so what the namespace may be is decided where it is read.
 */
export function foldNamespace(target: string): string {
  const url = withoutAuthority(target);
  const end = url.indexOf('?');
  const path = end === -1 ? url : url.slice(0, end);
  const query = end === -1 ? '' : url.slice(end);
  if (TAKEN.test(path) || EMPTY_SEGMENT.test(path)) return url;
  const [, namespace = '', file] = REPOSITORY.exec(path) ?? [];
  if (file !== undefined) return `${CLASSIC_PREFIX}/${folded(namespace)}/${withEnding(file, query)}${query}`;
  for (const route of API) {
    const [, owner = '', rest] = route.exec(path) ?? [];
    if (rest !== undefined) return `${CLASSIC_PREFIX}/${folded(owner)}/api/${rest}${query}`;
  }
  return url;
}

/** Whether the address is that of a route only by being folded; a client that sends the route's own address asks for nothing. */
export function isFolded(target: string): boolean {
  return foldNamespace(target) !== withoutAuthority(target);
}

/** Whether the address is one of a classic repository or of ChartMuseum's API, be there something at it or not. */
export function isClassicAddress(target: string): boolean {
  const path = requestPath(target);
  if (/^\/-\/(?:classic|all)\//.test(path)) return true;
  return !TAKEN.test(path) && (REPOSITORY.test(path) || /^\/api\/(?:.+\/)?(?:charts|prov)(?:\/|$)/.test(path));
}

/** For whoever uploads to a namespace called "v1", which cannot be done here: what to do instead. */
export function reservedUpload(method: string, target: string): string | undefined {
  if (method !== 'POST' || !UPLOAD.test(requestPath(target))) return undefined;
  return 'below /api/v1 is the API of charts and of management, so that nothing can be uploaded here to a namespace "v1": push to it with "helm push"';
}

/** helm keeps the query of a repository's address, and appends ".prov" to it instead of to the path. */
function withEnding(file: string, query: string): string {
  return file.endsWith('.tgz') && query.endsWith('.prov') ? `${file}.prov` : file;
}

function folded(namespace: string): string {
  return namespace === '' ? ROOT : namespace.replaceAll('/', '%2F');
}
