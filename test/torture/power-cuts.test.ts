// The power is cut at any moment: what was not synced is forgotten or torn, and what was acknowledged is there all the same.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type ProcessOptions, serveChartroom, startChartroom } from '../support/chartroom-process.ts';
import { Random } from '../support/random.ts';
import { checkFolder } from './check-folder.ts';
import { checkModel } from './check-model.ts';
import { workUntilKilled } from './clients.ts';
import { connect, Violation } from './connection.ts';
import { Journal } from './journal.ts';
import { memoryFolder } from './memory-folder.ts';
import { Model } from './model.ts';
import { readPowerFolder, type SyncKind } from './power-folder.ts';
import { buildPowerLayer, type PowerLayer } from './power-layer.ts';
import { CUTS, SEED, TORTURE_ENVIRONMENT } from './settings.ts';

const CLIENTS = 10;
/** How many of the steps of a first start are tried. */
const FIRST_STARTS = 6;
/** A missing sync is noticed after a few; each may meet nothing that was not synced. */
const CUTS_UNTIL_NOTICED = 100;
/** How much of what was not synced is there after a cut: nothing, as often as all of it or some. */
const SHARES = [0, 0, 0.5, 0.9, 1];

interface PowerCut {
  readonly folder: string;
  /** What the layer watches: the data folder is in it, so that it is seen whether the server syncs the name of that as well. */
  readonly disk: string;
  readonly dataDir: string;
  readonly layer: PowerLayer;
}

test(`${CUTS} power cuts lose nothing that was acknowledged and leave nothing half done`, async ({ skip }) => {
  await using place = await preparePlace(skip);
  const model = new Model();
  const seen = await cutPowerAgainAndAgain(place, model, CUTS, []);
  console.log(
    `power cuts: ${CUTS}, of them ${seen.starts} in a start, ${seen.answered} behind answered work; ${model.versions.size} versions, ${model.tags.size} tags; seed ${SEED}`,
  );
  // Otherwise the cuts came too early to show anything.
  expect(seen.answered).toBeGreaterThanOrEqual(Math.floor(CUTS / 4));
});

test(`the first start can lose its power at each of its steps, of which ${FIRST_STARTS} are tried`, async ({
  skip,
}) => {
  await using place = await preparePlace(skip);
  const { folder, disk, dataDir, layer } = place;
  const random = new Random(SEED);
  const environment = { ...TORTURE_ENVIRONMENT, CHARTROOM_DATA_DIR: dataDir };
  const first = await serveChartroom({ folder, environment: { ...environment, ...layer.environment } });
  await first.stop('SIGKILL');
  const steps = await layer.takeSteps();
  for (let number = 0; number < FIRST_STARTS; number += 1) {
    await rm(disk, { recursive: true });
    await mkdir(disk);
    const state = await readPowerFolder(disk);
    const count = random.below(steps.length);
    state.replay(steps.slice(0, count));
    await state.cutPower(random, random.pick(SHARES));
    const where = `cut after step ${count} of ${steps.length}; seed ${SEED}`;
    await using server = await serveChartroom({ folder, environment }).catch((error: unknown) => {
      throw new Violation(`${where}: ${error}`);
    });
    const connection = connect(server.url, 'check', new Journal('first-start'));
    expect((await connection.ask('GET', '/v2/')).status, where).toBe(200);
  }
});

test.for<SyncKind>(['blob', 'database', 'key', 'folder of blobs', 'data folder'])(
  'a server that did not sync its %s would be found out',
  async (kind, { skip }) => {
    await using place = await preparePlace(skip);
    const cutting = cutPowerAgainAndAgain(place, new Model(), CUTS_UNTIL_NOTICED, [kind]);
    const noticed = await cutting.then(
      () => undefined,
      (error: Error) => error.cause,
    );
    console.log(`without the sync of each ${kind}, this was found: ${noticed}`.slice(0, 250).replaceAll('\n', ' '));
    expect(noticed).toBeInstanceOf(Violation);
  },
);

test('the layer sees all that is done to the data folder', async ({ skip }) => {
  const unseen: (readonly string[])[] = [];
  // Of one step a kill can leave no note, when it comes just between the two: but not again and again.
  while (unseen.length < 3 && unseen.at(-1)?.length !== 0) {
    await using place = await preparePlace(skip);
    unseen.push(await differencesAfterKill(place));
  }
  expect(unseen.at(-1)).toEqual([]);
});

async function preparePlace(skip: (reason: string) => never): Promise<PowerCut & AsyncDisposable> {
  const temporary = await memoryFolder();
  const folder = temporary.path;
  const disk = join(folder, 'disk');
  await mkdir(disk);
  const layer = await buildPowerLayer(folder, disk);
  if (typeof layer === 'string') {
    await temporary[Symbol.asyncDispose]();
    console.log(`SKIPPED: no power is cut, since ${layer}`);
    return skip(layer);
  }
  return {
    folder,
    disk,
    dataDir: join(disk, 'data'),
    layer,
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

async function cutPowerAgainAndAgain(
  { folder, disk, dataDir, layer }: PowerCut,
  model: Model,
  cuts: number,
  ignored: readonly SyncKind[],
): Promise<{ readonly starts: number; readonly answered: number }> {
  const random = new Random(SEED);
  const journal = new Journal(`power-${SEED}-${ignored.join('-').replaceAll(' ', '-') || 'cuts'}`);
  const environment = { ...TORTURE_ENVIRONMENT, CHARTROOM_DATA_DIR: dataDir };
  const layered = { folder, environment: { ...environment, ...layer.environment } };
  let [starts, answered] = [0, 0];
  /** How long the first start took: milliseconds. */
  let start = 0;
  await journal.keepOnFailure(async () => {
    for (let round = 0; round < cuts; round += 1) {
      journal.note(`== round ${round}`);
      const state = await readPowerFolder(disk, ignored);
      if (round > 0 && random.chance(0.2)) {
        await cutDuringStart(layered, random.next() * start);
        starts += 1;
      } else {
        const work = await cutDuringWork(layered, { model, journal, round, random: random.fork() });
        start ||= work.start;
        answered += work.answered > 0 ? 1 : 0;
      }
      state.replay(await layer.takeSteps().catch(() => []));
      // What is written once, such as a key, would stay unnoticed for ever if its first cut happened to leave it there.
      const share = ignored.length > 0 ? 0 : random.pick(SHARES);
      journal.note(`== power cut: of what was not synced, ${share} is there`);
      await state.cutPower(random.fork(), share);
    }
    await using server = await serveChartroom({ folder, environment });
    const connection = connect(server.url, 'check', journal);
    await checkModel({ connection, model, random, share: 1, isPowerCut: true });
    await server.stop('SIGTERM');
    await checkFolder(dataDir, true);
  });
  return { starts, answered };
}

/** @param delay milliseconds */
async function cutDuringStart(options: ProcessOptions, delay: number): Promise<void> {
  const starting = startChartroom(['serve', '--port', '0'], options);
  await wait(delay);
  starting.child.kill('SIGKILL');
  await starting.ended;
}

/** @returns how long the start took, in milliseconds, and how many operations were answered */
async function cutDuringWork(
  options: ProcessOptions,
  work: { readonly model: Model; readonly journal: Journal; readonly round: number; readonly random: Random },
): Promise<{ readonly start: number; readonly answered: number }> {
  const { model, journal, random } = work;
  const begun = performance.now();
  await using server = await serveChartroom(options).catch((error: unknown) => {
    throw new Violation(`the server does not start after a power cut: ${error}`);
  });
  const start = performance.now() - begun;
  const connection = connect(server.url, 'check', journal);
  await checkModel({ connection, model, random: random.fork(), share: 0.1, isPowerCut: true });
  return { start, answered: await workUntilKilled({ ...work, clients: CLIENTS }, server) };
}

/** The files of which the layer's notes make something else than there is. */
async function differencesAfterKill({ folder, disk, dataDir, layer }: PowerCut): Promise<readonly string[]> {
  const replayed = await readPowerFolder(disk);
  const environment = { ...TORTURE_ENVIRONMENT, ...layer.environment, CHARTROOM_DATA_DIR: dataDir };
  const server = await serveChartroom({ folder, environment });
  const work = { round: 0, model: new Model(), journal: new Journal('layer'), random: new Random(SEED) };
  await workUntilKilled({ ...work, clients: CLIENTS }, server);
  replayed.replay(await layer.takeSteps());
  const real = new Map<string, Buffer>();
  for (const found of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name);
    if (found.isFile() && !path.endsWith('-shm')) real.set(path, await readFile(path));
  }
  expect(real.size).toBeGreaterThan(10);
  const noted = replayed.contents();
  const paths = new Set([...real.keys(), ...noted.keys()]);
  return [...paths].filter((path) => noted.get(path)?.equals(real.get(path) ?? Buffer.from('nothing')) !== true);
}
