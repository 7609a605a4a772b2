// What a verification finds, each with what it affects and what to do; so many of one kind, then only their number.

export interface Problem {
  /** Which promise is broken: about the database file, stored bytes, manifests, or rows that should agree. */
  readonly kind: 'database' | 'blob' | 'manifest' | 'row';
  /** What is wrong, a sentence without its end. */
  readonly what: string;
  /** `team/web:1.0.0`, or names of repositories; empty when nothing that can be named. */
  readonly affected: readonly string[];
  /** What to do, in the imperative. */
  readonly remedy: string;
}

const MAXIMUM_LISTED = 1_000;

export class Problems {
  readonly #listed: Problem[] = [];
  #number = 0;

  add(problem: Problem): void {
    this.#number += 1;
    if (this.#listed.length < MAXIMUM_LISTED) this.#listed.push(problem);
  }

  get listed(): readonly Problem[] {
    return this.#listed;
  }

  get number(): number {
    return this.#number;
  }
}
