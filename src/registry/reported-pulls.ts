// Counts pulls in a process that writes nothing down, until it tells the one that does.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { ReaderReport } from '../ports/reader-messages.ts';

export class ReportedPulls {
  #counts = new Map<string, ReaderReport['pulls'][number]>();

  /** As `PullCounts.note`. */
  note(repository: RepositoryName, blob: Digest): void {
    const key = `${repository} ${blob}`;
    const [, , known = 0] = this.#counts.get(key) ?? [];
    this.#counts.set(key, [repository, blob, known + 1]);
  }

  /** What was counted since it was asked for last. */
  take(): ReaderReport['pulls'] {
    const counted = [...this.#counts.values()];
    this.#counts = new Map();
    return counted;
  }
}
