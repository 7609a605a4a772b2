// Whatever is pushed, deleted, yanked and set in whatever order and at once: versions, lists and floating tags agree.
import fc from 'fast-check';
import { afterAll, test } from 'vitest';
import { prepareChart, pushArtifact, putManifest } from '../support/artifacts.ts';
import { MANAGER } from '../support/manager.ts';
import { startRegistry } from '../support/start-registry.ts';
import { expectAgreement } from './support/published.ts';

// Published charts may be overwritten: so more can happen.
const registry = await startRegistry({ fixedChartTags: [] });
afterAll(() => registry[Symbol.asyncDispose]());

const VERSIONS = ['1.0.0', '1.0.1', '1.1.0', '1.1.1-rc.1', '2.0.0', 'v2.0.1'] as const;
const JSON_TYPE = { 'content-type': 'application/json' };

const version = fc.constantFrom(...VERSIONS);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), version, content: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('push something else' as const), version }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), version }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete manifest' as const), version, content: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('notice' as const),
      version,
      kind: fc.constantFrom('yanked', 'deprecated'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('no notice' as const), version }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      own: fc.boolean(),
      floating: fc.constantFrom(true, false, null),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

class World {
  readonly #namespace: string;
  readonly #repository: string;
  readonly #manifests = new Map<string, { readonly bytes: Buffer; readonly digest: string }>();
  readonly #floating = new Map<string, boolean | null>();

  constructor(number: number) {
    this.#namespace = `team${number}`;
    this.#repository = `team${number}/web`;
  }

  async begin(): Promise<void> {
    for (const each of VERSIONS) {
      for (const content of [0, 1]) {
        const files = { 'content.txt': `${content}` };
        const { manifest } = await prepareChart(registry, this.#repository, { name: 'web', version: each, files });
        const answer = await putManifest(registry, this.#repository, each, manifest);
        const digest = answer.headers.get('docker-content-digest') ?? '';
        this.#manifests.set(`${each} ${content}`, { bytes: manifest, digest });
      }
    }
  }

  async take(each: Step): Promise<void> {
    const about = 'version' in each ? `/api/v1/charts/${this.#repository}/-/versions/${each.version}/notice` : '';
    switch (each.do) {
      case 'push':
        await putManifest(registry, this.#repository, each.version, this.#manifest(each).bytes);
        return;
      case 'push something else':
        await pushArtifact(registry, this.#repository, each.version, 'no chart');
        return;
      case 'delete':
        await registry.request('DELETE', `/v2/${this.#repository}/manifests/${each.version}`);
        return;
      case 'delete manifest':
        await registry.request('DELETE', `/v2/${this.#repository}/manifests/${this.#manifest(each).digest}`);
        return;
      case 'notice':
        await registry.request('PUT', about, { body: JSON.stringify({ kind: each.kind }), headers: JSON_TYPE });
        return;
      case 'no notice':
        await registry.request('DELETE', about);
        return;
      case 'set': {
        const path = each.own ? this.#repository : this.#namespace;
        await registry.accounts.namespaces.set({ path, floatingTags: each.floating }, MANAGER);
        this.#floating.set(path, each.floating);
      }
    }
  }

  async compare(): Promise<void> {
    const keeps = this.#floating.get(this.#repository) ?? this.#floating.get(this.#namespace) ?? false;
    await expectAgreement(registry, this.#repository, keeps);
  }

  #manifest({ version: of, content }: { readonly version: string; readonly content: number }) {
    const manifest = this.#manifests.get(`${of} ${content}`);
    if (!manifest) throw new Error(`${of} was not prepared`);
    return manifest;
  }
}

/** Of two settings at once nobody knows which came last. */
function isPlain(batch: readonly Step[]): boolean {
  return batch.filter((each) => each.do === 'set').length <= 1;
}

test('they agree after each batch', { timeout: 120_000 }, async () => {
  let worlds = 0;
  const batch = fc.array(step, { minLength: 1, maxLength: 4 }).filter(isPlain);
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 12 }), async (batches) => {
      worlds += 1;
      const world = new World(worlds);
      await world.begin();
      for (const each of batches) {
        await Promise.all(each.map((one) => world.take(one)));
        await world.compare();
      }
    }),
    { numRuns: 15, seed: 20261123 },
  );
});
