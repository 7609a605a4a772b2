// What a comparison may still do: a count and no clock, so that equal charts have equal answers on every machine.
export class Effort {
  #left: number;

  /** @param units what they are is up to who spends them */
  constructor(units: number) {
    this.#left = units;
  }

  get left(): number {
    return Math.max(0, this.#left);
  }

  /** May be more than is left: work is charged once it is known how much it was. */
  spend(units: number): void {
    this.#left -= units;
  }
}
