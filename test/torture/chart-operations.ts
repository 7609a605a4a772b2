// What clients do with charts: publish versions as helm and as ChartMuseum's clients do, again, with other content; delete, yank.
import { digestOf } from '../../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT } from '../../src/oci/media-types.ts';
import { type BuiltChart, buildChart } from '../support/chart-builder.ts';
import { type Client, descriptorOf, pushBlob, pushTogether, putManifest } from './client.ts';
import { type Answer, requireStatus, Violation } from './connection.ts';
import type { OwnVersion, VersionState } from './model.ts';
import { Register } from './register.ts';

const CONTESTED = { repository: 'contested/web', name: 'web' };

/** Publishes a new version as `helm push` does. */
export async function publish(client: Client): Promise<void> {
  const own = await newVersion(client, false);
  const answer = await push(client, own, () => own.state.begin(published));
  requireStatus(answer, [201], `publishing ${keyOf(own)}`);
  own.state.acknowledge();
}

/** Publishes a new version with ChartMuseum's API. */
export async function publishClassic(client: Client): Promise<void> {
  await upload(client, await newVersion(client, true));
}

/** Pushes what is published once more, with another time in the manifest: it comes back when it was deleted. */
export async function publishAgain(client: Client): Promise<void> {
  const own = someVersion(client);
  if (!own) return;
  if (own.isClassic) {
    await upload(client, own);
    return;
  }
  const answer = await push(client, own, () => own.state.begin(published));
  requireStatus(answer, [201], `pushing ${keyOf(own)} again`);
  own.state.acknowledge();
}

/** Pushes other content under a version that was acknowledged: it must be refused, also when the version was deleted. */
export async function publishOther(client: Client): Promise<void> {
  const own = someVersion(client, ({ isTaken }) => isTaken);
  if (!own) return;
  const files = { 'other.txt': String(client.random.next()) };
  const other = await buildChart({ name: own.name, version: own.version, files });
  const answer = client.random.chance(0.5)
    ? await push(client, { ...own, ...other }, () => undefined)
    : await postChart(client, other.archive);
  if (answer.status < 400) throw new Violation(`${keyOf(own)} was published and now took other content`);
  requireStatus(answer, [409], `other content under ${keyOf(own)}`);
}

export async function deleteVersion(client: Client): Promise<void> {
  const own = someVersion(client, ({ isThere }) => isThere);
  if (!own) return;
  own.state.begin((state) => ({ ...state, isThere: false }));
  const answer = await client.connection.ask('DELETE', `/v2/${own.repository}/manifests/${own.version}`);
  requireStatus(answer, [202], `delete of ${keyOf(own)}`);
  own.state.acknowledge();
}

export async function yank(client: Client): Promise<void> {
  const own = someVersion(client, ({ isThere, isYanked }) => isThere && !isYanked);
  if (!own) return;
  own.state.begin((state) => ({ ...state, isYanked: true }));
  const body = Buffer.from(JSON.stringify({ kind: 'yanked', reason: 'loses data' }));
  const answer = await client.connection.ask('PUT', noticePath(own), { body, type: 'application/json' });
  requireStatus(answer, [200], `yank of ${keyOf(own)}`);
  own.state.acknowledge();
}

export async function takeYankBack(client: Client): Promise<void> {
  const own = someVersion(client, ({ isThere, isYanked }) => isThere && isYanked);
  if (!own) return;
  own.state.begin((state) => ({ ...state, isYanked: false }));
  requireStatus(await client.connection.ask('DELETE', noticePath(own)), [204], `end of the yank of ${keyOf(own)}`);
  own.state.acknowledge();
}

/** Publishes content of its own under a version that other clients publish at the same moment. */
export async function contest(client: Client): Promise<void> {
  const { model, random, round } = client;
  const version = `${round}.0.${random.below(6)}`;
  const key = `${CONTESTED.repository}:${version}`;
  const contested = model.contested.get(key) ?? { ...CONTESTED, version, winner: undefined };
  model.contested.set(key, contested);
  model.touched.add(key);
  const chart = await buildChart({ name: 'web', version, files: { 'from.txt': `${client.name} ${random.next()}` } });
  const answer = await push(client, { ...contested, ...chart }, () => undefined);
  requireStatus(answer, [201, 409], `push of the contested ${key}`);
  if (answer.status === 409) return;
  const content = digestOf(chart.archive);
  if (contested.winner !== undefined && contested.winner !== content) {
    throw new Violation(`${key} was accepted with two contents: ${contested.winner} and ${content}`);
  }
  contested.winner = content;
}

function keyOf({ repository, version }: { readonly repository: string; readonly version: string }): string {
  return `${repository}:${version}`;
}

async function upload(client: Client, own: OwnVersion): Promise<void> {
  own.state.begin(published);
  const answer = await postChart(client, own.archive);
  requireStatus(answer, [201], `uploading ${keyOf(own)}`);
  own.state.acknowledge();
}

async function postChart(client: Client, body: Buffer): Promise<Answer> {
  const nothing = async (): Promise<void> => undefined;
  return await pushTogether(nothing, () => client.connection.ask('POST', '/api/team/charts', { body }));
}

async function newVersion({ name: client, random, model, round }: Client, isClassic: boolean): Promise<OwnVersion> {
  const name = `chart-${client}`;
  const version = `${round}.${model.versions.size}.0`;
  const files = { 'data.bin': random.bytes(random.below(20_000)) };
  const { archive, config } = await buildChart({ name, version, files });
  const state = new Register<VersionState>({ isTaken: false, isThere: false, isYanked: false });
  const own = {
    repository: `team/${name}`,
    name,
    version,
    archive,
    config,
    content: digestOf(archive),
    isClassic,
    state,
  };
  model.versions.set(keyOf(own), own);
  model.touched.add(keyOf(own));
  return own;
}

function published(state: VersionState): VersionState {
  return { ...state, isTaken: true, isThere: true };
}

/** One of the client's own, of which it is known how it is. */
function someVersion(
  { name, model, random }: Client,
  fits: (state: VersionState) => boolean = () => true,
): OwnVersion | undefined {
  const known = [...model.versions.values()].filter(({ repository, state: { possible } }) => {
    const [only, ...others] = possible;
    return repository === `team/chart-${name}` && only !== undefined && others.length === 0 && fits(only);
  });
  if (known.length === 0) return undefined;
  // The newest ones mostly, so that more than one thing happens to a version.
  const own = random.pick(known.slice(-6));
  model.touched.add(keyOf(own));
  return own;
}

async function push(
  client: Client,
  chart: Pick<BuiltChart, 'archive' | 'config'> & { readonly repository: string; readonly version: string },
  begin: () => void,
): Promise<Answer> {
  const { repository, version, archive, config } = chart;
  const manifest = {
    schemaVersion: 2,
    config: descriptorOf(config, HELM_CONFIG),
    layers: [descriptorOf(archive, HELM_CONTENT)],
    annotations: { 'org.opencontainers.image.created': String(client.random.next()) },
  };
  const pushBlobs = async (): Promise<void> => {
    for (const blob of [config, archive]) await pushBlob(client, repository, blob);
  };
  return await pushTogether(pushBlobs, async () => {
    begin();
    return await putManifest(client, repository, version, Buffer.from(JSON.stringify(manifest)));
  });
}

function noticePath({ repository, version }: OwnVersion): string {
  return `/api/v1/charts/${repository}/-/versions/${version}/notice`;
}
