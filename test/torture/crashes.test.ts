// SIGKILL at any moment, while clients work and while the server starts: what was acknowledged stays, and nothing else is half there.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { serveChartroom, startChartroom } from '../support/chartroom-process.ts';
import { Random } from '../support/random.ts';
import { checkFolder } from './check-folder.ts';
import { checkModel } from './check-model.ts';
import { workUntilKilled } from './clients.ts';
import { connect } from './connection.ts';
import { Journal } from './journal.ts';
import { memoryFolder } from './memory-folder.ts';
import { Model } from './model.ts';
import { KILLS, SEED, TORTURE_ENVIRONMENT } from './settings.ts';

const CLIENTS = 12;

test(`${KILLS} kills lose nothing that was acknowledged and leave nothing half done`, async () => {
  await using folder = await memoryFolder();
  const options = { folder: folder.path, environment: TORTURE_ENVIRONMENT };
  const random = new Random(SEED);
  const model = new Model();
  const journal = new Journal(`kills-${SEED}`);
  const seen = { starts: 0, answered: 0 };
  /** How long the first start took: milliseconds. */
  let start = 0;
  await journal.keepOnFailure(async () => {
    for (let round = 0; round < KILLS; round += 1) {
      journal.note(`== round ${round}`);
      if (round > 0 && random.chance(0.25)) {
        const starting = startChartroom(['serve', '--port', '0'], options);
        await wait(random.next() * start);
        starting.child.kill('SIGKILL');
        await starting.ended;
        seen.starts += 1;
        continue;
      }
      const begun = performance.now();
      await using server = await serveChartroom(options);
      start ||= performance.now() - begun;
      const connection = connect(server.url, 'check', journal);
      await checkModel({ connection, model, random: random.fork(), share: 0.05, isPowerCut: false });
      const work = { round, model, journal, random: random.fork(), clients: CLIENTS };
      if ((await workUntilKilled(work, server)) > 0) seen.answered += 1;
      await checkFolder(join(folder.path, 'data'), false);
    }
    await using server = await serveChartroom(options);
    const connection = connect(server.url, 'check', journal);
    await checkModel({ connection, model, random, share: 1, isPowerCut: false });
    expect((await server.stop('SIGTERM')).code).toBe(0);
    await checkFolder(join(folder.path, 'data'), true);
  });
  console.log(
    `kills: ${KILLS}, of them ${seen.starts} in a start, ${seen.answered} behind answered work; ${summaryOf(model)}; seed ${SEED}`,
  );
  // Otherwise the kills came too early to show anything.
  expect(seen.answered).toBeGreaterThanOrEqual(Math.floor(KILLS / 4));
  expect(model.collections).toBeGreaterThan(0);
});

function summaryOf({ versions, contested, tags, blobs, manifests, collections }: Model): string {
  return `${versions.size} versions, ${contested.size} contested versions, ${tags.size} tags, ${manifests.size} manifests, ${blobs.size} blobs, ${collections} garbage collections`;
}
