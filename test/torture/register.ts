// What a client knows of one thing that it alone changes: every state in which the thing may be.

/** States are compared as JSON. */
export class Register<State> {
  #possible: readonly State[];
  #before: readonly State[];
  #after: readonly State[];

  constructor(initial: State) {
    this.#possible = [initial];
    this.#before = this.#possible;
    this.#after = this.#possible;
  }

  get possible(): readonly State[] {
    return this.#possible;
  }

  /** A request is sent that makes `next` of the state: until it is answered, it may have done so or not. */
  begin(next: (state: State) => State): void {
    this.#before = this.#possible;
    this.#after = distinct(this.#possible.map(next));
    this.#possible = distinct([...this.#before, ...this.#after]);
  }

  /** The request was answered with success: it has happened. */
  acknowledge(): void {
    this.#possible = this.#after;
  }

  /** The request was refused: it has not happened. */
  refuse(): void {
    this.#possible = this.#before;
  }

  /** From here on only the states that fit what was seen are possible. @returns whether there are any */
  narrow(fits: (state: State) => boolean): boolean {
    const left = this.#possible.filter(fits);
    if (left.length === 0) return false;
    this.#possible = left;
    this.#before = left;
    this.#after = left;
    return true;
  }
}

function distinct<State>(states: readonly State[]): readonly State[] {
  return [...new Map(states.map((state) => [JSON.stringify(state), state])).values()];
}
