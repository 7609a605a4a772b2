// The documents of index.yaml that are asked for, kept in memory within a bound and brought up to date when they are asked for.
import type { IndexBodies } from './index-body.ts';
import { IndexCatchUp } from './index-catch-up.ts';
import { IndexDocument, type IndexForm, type IndexVisibility } from './index-document.ts';
import type { IndexScope, IndexSource } from './index-source.ts';

interface HeldDocument {
  readonly document: IndexDocument;
  readonly catchUp: IndexCatchUp;
}

/** 192 MiB; 100,000 versions with a Chart.yaml of a KiB take some 35 */
const MAXIMUM_BYTES = 192 * 1024 * 1024;

export class IndexDocuments {
  readonly #source: IndexSource;
  readonly #maximumBytes: number;
  /** least recently used first */
  readonly #held = new Map<string, HeldDocument>();

  /** @param maximumBytes what may stay in memory; a document that is longer is still served, alone */
  constructor(source: IndexSource, maximumBytes = MAXIMUM_BYTES) {
    this.#source = source;
    this.#maximumBytes = maximumBytes;
  }

  /**
   * The index as the caller may see it, with everything that was published before. While nothing changes, it costs one
   * question to the source, and is the same object again.
   * @throws what the source throws
   */
  async render(scope: IndexScope, form: IndexForm, visibility: IndexVisibility): Promise<IndexBodies> {
    const key = keyOf(scope, form);
    const held = this.#held.get(key) ?? this.#start(scope, form);
    this.#held.delete(key);
    this.#held.set(key, held);
    await held.catchUp.run();
    this.#forgetBeside(held);
    // Anybody can ask for namespaces that there are not.
    if (held.document.isEmpty) this.#held.delete(key);
    return held.document.bodiesFor(visibility);
  }

  #start(scope: IndexScope, form: IndexForm): HeldDocument {
    const document = new IndexDocument(scope, form);
    return { document, catchUp: new IndexCatchUp(this.#source, scope, document) };
  }

  #forgetBeside(used: HeldDocument): void {
    let bytes = 0;
    for (const { document } of this.#held.values()) bytes += document.heldBytes;
    for (const [key, held] of this.#held) {
      if (bytes <= this.#maximumBytes) return;
      if (held === used) continue;
      this.#held.delete(key);
      bytes -= held.document.heldBytes;
    }
  }
}

function keyOf(scope: IndexScope, { format, urls }: IndexForm): string {
  const charts = scope.kind === 'all' ? null : scope.namespace;
  return JSON.stringify([charts, format, urls.kind === 'oci' ? urls.host : null]);
}
