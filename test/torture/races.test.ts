// Things done at once, in thousands of orders that the seed decides, step by step on a real database and a real disk.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../src/access/roles.ts';
import { collectGarbage } from '../../src/lifecycle/collect-garbage.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { RegistryError } from '../../src/oci/error.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { AUTHOR, MANAGER } from '../support/manager.ts';
import { type Prepared, type Race, requireThat, runRace } from './race.ts';
import { ACTOR, artifactOf, chartOf, chunkOf } from './race-operations.ts';
import { openRaceWorld, type RaceWorld } from './race-world.ts';
import { INTERLEAVINGS, SEED } from './settings.ts';

/** Who has the role that is taken away. */
const HOLDER = 'holder';
/** So many orders lead to more than one end. */
const ENOUGH = 50;

let world: RaceWorld;
beforeAll(async () => {
  world = await openRaceWorld();
  await world.accounts.users.add({ name: HOLDER, password: 'holder-password', administrator: false }, AUTHOR);
});
afterAll(() => world[Symbol.asyncDispose]());

/** Tries one race in many orders; these must have led to more than one end, or there was nothing to decide. */
function race(title: string, prepare: (race: Race) => Promise<Prepared>): void {
  test(`${title}, in ${INTERLEAVINGS} orders`, async () => {
    const ends = await runRace(world, title, prepare);
    const shown = [...ends].map(([end, count]) => `${count} × ${end}`).join(', ');
    console.log(`${title}: ${ends.size} ends of ${INTERLEAVINGS} orders (${shown.slice(0, 300)}); seed ${SEED}`);
    if (INTERLEAVINGS >= ENOUGH) expect(ends.size).toBeGreaterThan(1);
  });
}

describe('one version', () => {
  race('five contents for it: one is published', async ({ one }) => {
    const charts = ['a', 'b', 'c', 'd', 'a'].map((content, index) => chartOf('1.0.0', content, String(index)));
    return {
      tasks: charts.map((chart) => () => one.push(chart, '1.0.0')),
      check: async (outcomes) => {
        const stored = await one.digestOf('1.0.0');
        const winners = charts.filter((_, index) => outcomes[index] === 'done').map(({ blobs }) => String(blobs[1]));
        requireThat(new Set(winners).size === 1, `accepted were ${winners.join(', ')}`);
        requireThat(
          charts.some(({ digest, blobs }) => digest === stored && String(blobs[1]) === winners[0]),
          'the tag points at another content than was accepted',
        );
      },
    };
  });

  race('it is deleted while it is pushed again and with other content', async ({ one }) => {
    const first = chartOf('1.0.0', 'first');
    await one.push(first, '1.0.0');
    return {
      tasks: [
        () => one.delete('1.0.0'),
        () => one.push(chartOf('1.0.0', 'other'), '1.0.0'),
        () => one.push(chartOf('1.0.0', 'first', 'again'), '1.0.0'),
        () => one.delete(first.digest),
      ],
      check: async ([, other]) => requireThat(other === 'refused', 'a deleted version took other content'),
    };
  });

  race('it is yanked, unyanked, deleted and pushed again', async ({ one }) => {
    await one.push(chartOf('1.0.0', 'a'), '1.0.0');
    return {
      tasks: [
        () => one.yank('1.0.0'),
        () => one.takeYankBack('1.0.0'),
        () => one.delete('1.0.0'),
        () => one.push(chartOf('1.0.0', 'a', 'again'), '1.0.0'),
      ],
    };
  });
});

describe('floating tags', () => {
  race('they are asked for while versions come, go and are yanked', async ({ one, name, world: { accounts } }) => {
    await one.push(chartOf('1.0.0', 'a'), '1.0.0');
    return {
      tasks: [
        () => accounts.namespaces.set({ path: name, floatingTags: true }, MANAGER),
        () => one.push(chartOf('1.1.0', 'b'), '1.1.0'),
        () => one.push(chartOf('1.0.1', 'c'), '1.0.1'),
        () => one.delete('1.1.0'),
        () => one.yank('1.0.0'),
      ],
      check: async ([, , , deleted]) => {
        const newest = deleted === 'done' ? '1.0.1' : '1.1.0';
        requireThat((await one.digestOf('1')) === (await one.digestOf(newest)), `1 is not ${newest}`);
        requireThat((await one.digestOf('1.0')) === (await one.digestOf('1.0.1')), '1.0 is not 1.0.1');
      },
    };
  });
});

describe('manifests', () => {
  race('a manifest is deleted while other tags are put on it and moved away', async ({ one, name }) => {
    const [pushed, another] = [artifactOf(name), artifactOf(`${name} another`)];
    await one.push(pushed, 'latest');
    await one.pushBlobs(another);
    return {
      tasks: [
        () => one.delete(pushed.digest),
        () => one.putManifest(pushed, 'stable'),
        () => one.putManifest(another, 'latest'),
        () => one.delete('latest'),
      ],
    };
  });

  race('a blob is deleted while a manifest comes that needs it', async ({ one, name }) => {
    const pushed = artifactOf(name);
    await one.pushBlobs(pushed);
    return {
      tasks: [
        ...pushed.blobs.map((blob) => () => one.deleteBlob(blob)),
        () => one.putManifest(pushed, 'latest'),
        () => one.putManifest(pushed, 'stable'),
      ],
      check: async ([config, layer, ...puts]) => {
        const isAnyPut = puts.includes('done');
        requireThat(!isAnyPut || (config === 'refused' && layer === 'refused'), 'a blob in use was deleted');
      },
    };
  });

  race('blobs are mounted and needed while they are deleted where they come from', async ({ one, other, name }) => {
    const pushed = artifactOf(name);
    await one.push(pushed, 'latest');
    return {
      tasks: [
        async () => {
          for (const blob of pushed.blobs) await other.mount(blob, one);
          await other.putManifest(pushed, 'latest');
        },
        async () => {
          await one.delete(pushed.digest);
          for (const blob of pushed.blobs) await one.deleteBlob(blob);
        },
      ],
      check: async ([mounted]) => {
        const isThere = (await other.digestOf('latest')) === pushed.digest;
        requireThat(isThere === (mounted === 'done'), 'a mount that was refused is there, or the other way round');
      },
    };
  });
});

describe('an upload', () => {
  race('it is ended, cancelled and written to at once', async ({ one, name }) => {
    const bytes = Buffer.from(`bytes of ${name}`);
    const upload = await one.startUpload();
    const { uploads } = world.registry;
    return {
      tasks: [
        () => uploads.finish(upload, digestOf(bytes), chunkOf(bytes)),
        () => uploads.cancel(upload),
        () => uploads.append(upload, chunkOf(Buffer.from('other bytes'))),
        () => uploads.finish(upload, digestOf(bytes), chunkOf(bytes)),
      ],
      check: async ([first, , , second]) => {
        const isDone = first === 'done' || second === 'done';
        requireThat(
          (await one.hasBlob(bytes)) === isDone,
          'the blob is there without an acknowledgement, or not with one',
        );
      },
    };
  });

  race('the same blob comes twice, and is deleted', async ({ one, other, name }) => {
    const bytes = Buffer.from(`bytes of ${name}`);
    return {
      tasks: [
        () => one.pushBlob(bytes),
        () => one.pushBlob(bytes),
        () => other.pushBlob(bytes),
        () => other.deleteBlob(bytes),
      ],
    };
  });
});

describe('access', () => {
  race('a role is taken away while its holder pushes', async ({ one, name, world: { accounts, standings } }) => {
    const grant = { holder: 'user', name: HOLDER, namespace: name, role: 'writer' as Role } as const;
    await accounts.grants.put(grant, AUTHOR);
    const rows = await world.database.query<{ id: string; version: number }>(
      'select id, version from users where name = $1',
      [HOLDER],
    );
    const principal = { kind: 'user', name: HOLDER, id: rows[0]?.id ?? '', version: rows[0]?.version ?? 0 } as const;
    const pushed = artifactOf(name);
    let isTaken = false;
    const push = async (): Promise<void> => {
      const wasTaken = isTaken;
      const rights = await standings.rightsOf(principal, ACTOR.address);
      if (!rights.on(one.name).includes('push')) throw new RegistryError('FORBIDDEN', 'no right');
      requireThat(!wasTaken, 'a push was let in after its role was taken away');
      await one.push(pushed, 'latest');
    };
    return {
      tasks: [
        push,
        push,
        async () => {
          await push();
          await push();
        },
        async () => {
          await accounts.grants.remove(grant, AUTHOR);
          isTaken = true;
        },
      ],
      check: async () => {
        const rights = await standings.rightsOf(principal, ACTOR.address);
        requireThat(!rights.on(one.name).includes('push'), 'a role that was taken away is remembered');
      },
    };
  });
});

describe('garbage collection', () => {
  const run = { signal: new AbortController().signal, onProgress: () => undefined };
  const collect = () =>
    collectGarbage(
      { ...world.stepped, clock: systemClock },
      { gracePeriod: 0, dryRun: false, keepUntagged: false, withLeftovers: true },
      run,
    );

  race('it runs while what it would take is pushed, mounted and tagged again', async ({ one, other, name }) => {
    const layer = Buffer.from(`shared layer of ${name}`);
    const [left, pushed] = [artifactOf(`${name} left`, layer), artifactOf(`${name} new`, layer)];
    await one.push(left, 'latest');
    await one.delete('latest');
    return {
      tasks: [
        collect,
        () => one.push(pushed, 'latest'),
        () => one.putManifest(left, 'again'),
        async () => {
          for (const blob of left.blobs) await other.mount(blob, one);
          await other.putManifest(left, 'latest');
        },
        collect,
      ],
    };
  });

  race('it runs while manifests and tags are deleted and come back', async ({ one, name }) => {
    const pushed = artifactOf(name);
    await one.push(pushed, 'latest');
    return {
      tasks: [
        collect,
        () => one.delete(pushed.digest),
        () => one.push(pushed, 'latest'),
        () => one.push(chartOf('1.0.0', name), '1.0.0'),
        () => one.delete('1.0.0'),
      ],
    };
  });
});
