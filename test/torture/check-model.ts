// Reads back from a running server what the model says must be there, byte for byte, and that nothing else half is.
import { type Digest, digestOf, encodedOf } from '../../src/oci/digest.ts';
import type { Random } from '../support/random.ts';
import { checkToken } from './check-token.ts';
import { type Connection, requireStatus, Violation } from './connection.ts';
import type { ContestedVersion, Model, OpenUpload, OwnVersion } from './model.ts';

interface Checking {
  readonly connection: Connection;
  readonly model: Model;
  /** Chooses, beside what was touched since the last check, some of the rest. */
  readonly random: Random;
  /** What is true of everything, or of what was touched with this part of the rest. */
  readonly share: number;
  /** Chunks that were acknowledged may be gone: of an upload, only its end is durable. */
  readonly isPowerCut: boolean;
}

interface Entry {
  readonly version: string;
  readonly digest: string;
}

/** What lists say: archives by version. */
type Index = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** @throws Violation */
export async function checkModel(checking: Checking): Promise<void> {
  const { model } = checking;
  await checkToken(checking.connection, model);
  const index = new Map<string, Index>();
  for (const namespace of ['team', 'contested']) index.set(namespace, await readIndex(checking.connection, namespace));
  await each(model.versions, checking, (own) => checkVersion(checking, own, index.get('team')));
  await each(model.contested, checking, (each) => checkContested(checking, each, index.get('contested')));
  await each(model.tags, checking, (register, key) => checkTag(checking, key, register));
  await each(model.manifests, checking, (register, key) => checkManifest(checking, key, register));
  await each(model.blobs, checking, (bytes, path) => checkBlob(checking, path, bytes));
  for (const upload of [...model.uploads.values()]) await checkUpload(checking, upload);
  model.touched.clear();
}

async function each<Item>(
  items: ReadonlyMap<string, Item>,
  { model, random, share }: Checking,
  check: (item: Item, key: string) => Promise<void>,
): Promise<void> {
  const chosen = [...items].filter(([key]) => model.touched.has(key) || random.chance(share));
  // Several at a time, since most of the time is the way there and back.
  const next = chosen.values();
  const work = async (): Promise<void> => {
    for (const [key, item] of next) await check(item, key);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

async function checkVersion({ connection }: Checking, own: OwnVersion, index: Index | undefined): Promise<void> {
  const key = `${own.repository}:${own.version}`;
  const stored = await readArchive(connection, own.repository, own.version);
  const isListed = index?.get(own.name)?.get(own.version);
  if (stored !== undefined && stored !== own.content) throw new Violation(`${key} has other content than was pushed`);
  if (isListed !== undefined && isListed !== encodedOf(own.content)) {
    throw new Violation(`the index has another digest for ${key}`);
  }
  const isThere = stored !== undefined;
  const seen = { isThere, isListed: isListed !== undefined };
  const possible = JSON.stringify(own.state.possible);
  const fits = own.state.narrow(
    (state) => state.isThere === isThere && (state.isThere && !state.isYanked) === seen.isListed,
  );
  if (!fits) throw new Violation(`${key} is ${JSON.stringify(seen)}, possible were ${possible}`);
  const tags = await connection.ask('GET', `/v2/${own.repository}/tags/list?n=10000`);
  const names = tags.status === 200 ? (JSON.parse(tags.body.toString()) as { tags: string[] }).tags : [];
  if (names.includes(own.version) !== seen.isListed) throw new Violation(`tags/list and index differ about ${key}`);
  if (!seen.isListed) return;
  const archive = await connection.ask('GET', `/team/charts/${own.name}-${own.version}.tgz`);
  requireStatus(archive, [200], `the archive of ${key}`);
  if (!archive.body.equals(own.archive)) throw new Violation(`${key} has other bytes than were pushed`);
}

async function checkContested(
  { connection }: Checking,
  contested: ContestedVersion,
  index: Index | undefined,
): Promise<void> {
  const key = `${contested.repository}:${contested.version}`;
  const stored = await readArchive(connection, contested.repository, contested.version);
  if (contested.winner !== undefined && stored !== contested.winner) {
    throw new Violation(`${key} was ${contested.winner} and is ${stored}: the version rule is broken`);
  }
  const listed = index?.get(contested.name)?.get(contested.version);
  if (listed !== (stored && encodedOf(stored)))
    throw new Violation(`the index says ${listed} of ${key}, not ${stored}`);
  contested.winner = stored;
}

async function checkTag(
  { connection, model }: Checking,
  key: string,
  register: { readonly possible: readonly (Digest | null)[]; narrow(fits: (state: Digest | null) => boolean): boolean },
): Promise<void> {
  const separator = key.lastIndexOf(':');
  const [repository, tag] = [key.slice(0, separator), key.slice(separator + 1)];
  const answer = await connection.ask('GET', `/v2/${repository}/manifests/${tag}`);
  requireStatus(answer, [200, 404], `tag ${key}`);
  const stored = answer.status === 404 ? null : digestOf(answer.body);
  const possible = register.possible.join(' or ');
  if (!register.narrow((state) => state === stored)) throw new Violation(`${key} is ${stored}, possible: ${possible}`);
  if (stored === null) return;
  if (model.manifestBytes.get(stored)?.equals(answer.body) !== true) throw new Violation(`${key} was never pushed`);
  await checkBlobs(connection, repository, answer.body);
}

/** What was deleted is not there, and what no tag needs may have been collected; what is there is whole. */
async function checkManifest(
  { connection, model }: Checking,
  key: string,
  register: { readonly possible: readonly boolean[]; narrow(fits: (state: boolean) => boolean): boolean },
): Promise<void> {
  const [repository = '', digest = ''] = key.split('@');
  const answer = await connection.ask('GET', `/v2/${repository}/manifests/${digest}`);
  requireStatus(answer, [200, 404], `manifest ${key}`);
  if (answer.status === 404) return;
  if (!register.narrow((isThere) => isThere)) throw new Violation(`${key} is there and was deleted`);
  if (model.manifestBytes.get(digest as Digest)?.equals(answer.body) !== true) throw new Violation(`${key} is damaged`);
  await checkBlobs(connection, repository, answer.body);
}

async function checkBlob({ connection }: Checking, path: string, bytes: Buffer): Promise<void> {
  const answer = requireStatus(await connection.ask('GET', path), [200, 404], 'a blob that was acknowledged');
  if (answer.status === 200 && !answer.body.equals(bytes))
    throw new Violation(`${path} has other bytes than were pushed`);
}

/** What can be read as a manifest has everything that it needs. */
async function checkBlobs(connection: Connection, repository: string, manifest: Buffer): Promise<void> {
  const { config, layers } = JSON.parse(manifest.toString()) as {
    readonly config: { readonly digest: Digest };
    readonly layers: readonly { readonly digest: Digest }[];
  };
  for (const { digest } of [config, ...layers]) {
    const path = `/v2/${repository}/blobs/${digest}`;
    const answer = requireStatus(await connection.ask('GET', path), [200], 'a blob of a manifest that is visible');
    if (digestOf(answer.body) !== digest) throw new Violation(`${path} is damaged`);
  }
}

async function checkUpload({ connection, model, isPowerCut }: Checking, upload: OpenUpload): Promise<void> {
  const { location, bytes, isEnding } = upload;
  const answer = requireStatus(await connection.ask('GET', location), [204, 404], `upload ${location}`);
  if (answer.status === 404) {
    if (!isEnding && !isPowerCut) throw new Violation(`${location} is gone with ${upload.received} bytes`);
    model.uploads.delete(location);
    return;
  }
  const last = Number(answer.headers.get('range')?.slice('0-'.length));
  const received = last === 0 ? 0 : last + 1;
  upload.isTorn ||= isPowerCut;
  if ((received < upload.received && !upload.isTorn) || received > bytes.length) {
    throw new Violation(`${location} stands at ${received}, ${upload.received} of ${bytes.length} were acknowledged`);
  }
  upload.received = received;
  upload.isEnding = false;
}

/** Digest of the archive under a version's tag; undefined when there is none. */
async function readArchive(connection: Connection, repository: string, tag: string): Promise<Digest | undefined> {
  const answer = await connection.ask('GET', `/v2/${repository}/manifests/${tag}`);
  requireStatus(answer, [200, 404], `version ${repository}:${tag}`);
  if (answer.status === 404) return undefined;
  if (answer.headers.get('docker-content-digest') !== digestOf(answer.body)) {
    throw new Violation(`the manifest of ${repository}:${tag} is damaged`);
  }
  await checkBlobs(connection, repository, answer.body);
  const { layers } = JSON.parse(answer.body.toString()) as { readonly layers: readonly { readonly digest: Digest }[] };
  return layers[0]?.digest;
}

async function readIndex(connection: Connection, namespace: string): Promise<Index> {
  const answer = await connection.ask('GET', `/${namespace}/index.yaml?format=json`);
  requireStatus(answer, [200, 404], `the index of ${namespace}`);
  if (answer.status === 404) return new Map();
  const { entries } = JSON.parse(answer.body.toString()) as { readonly entries: Readonly<Record<string, Entry[]>> };
  return new Map(
    Object.entries(entries).map(([name, versions]) => [
      name,
      new Map(versions.map(({ version, digest }) => [version, digest])),
    ]),
  );
}
