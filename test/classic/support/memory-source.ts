// A source of index documents in memory, in which a test publishes.
import type {
  ChangePosition,
  IndexedVersion,
  IndexScope,
  IndexSource,
  VersionPlace,
} from '../../../src/classic/index-source.ts';
import { byName, type Published, published } from './published.ts';

export class MemorySource implements IndexSource {
  readonly #versions = new Map<string, IndexedVersion>();
  #revision = 0;
  /** How often it was asked for anything. */
  questions = 0;
  /** Awaited before each answer, which is that of the moment before. */
  beforeAnswer: () => Promise<void> = async () => {};

  get versions(): readonly IndexedVersion[] {
    return [...this.#versions.values()];
  }

  /** All of them in one transaction. */
  publish(...versions: readonly Omit<Published, 'revision'>[]): void {
    this.#revision += 1;
    for (const each of versions) {
      const version = published({ ...each, revision: this.#revision });
      this.#versions.set(`${version.repository}:${version.tag}`, version);
    }
  }

  async newestRevision(scope: IndexScope): Promise<number> {
    return await this.#answer(Math.max(0, ...this.#in(scope).map(({ revision }) => revision)));
  }

  async listedVersions(
    scope: IndexScope,
    after: VersionPlace | undefined,
    limit: number,
  ): Promise<readonly IndexedVersion[]> {
    const listed = this.#in(scope)
      .filter((version) => version.listed)
      .toSorted(byName);
    const rest = listed.filter(
      ({ repository, sortKey }) =>
        after === undefined ||
        repository > after.repository ||
        (repository === after.repository && sortKey < after.sortKey),
    );
    // Fewer than asked for do not mean that there are no more.
    return await this.#answer(rest.slice(0, limit - 1));
  }

  async changesAfter(scope: IndexScope, after: ChangePosition, limit: number): Promise<readonly IndexedVersion[]> {
    const changes = this.#in(scope).toSorted((one, other) => (isBehind(one, other) ? 1 : -1));
    return await this.#answer(changes.filter((change) => isBehind(change, after)).slice(0, limit));
  }

  #in(scope: IndexScope): readonly IndexedVersion[] {
    return this.versions.filter(({ namespace }) => scope.kind === 'all' || namespace === scope.namespace);
  }

  async #answer<Answer>(answer: Answer): Promise<Answer> {
    this.questions += 1;
    await this.beforeAnswer();
    return answer;
  }
}

function isBehind(one: ChangePosition, other: ChangePosition): boolean {
  if (one.revision !== other.revision) return one.revision > other.revision;
  return one.repository === other.repository ? one.tag > other.tag : one.repository > other.repository;
}
