// A memory that strangers fill: it forgets what was set longest ago when it is full.

export class BoundedMap<Value> {
  readonly #maximum: number;
  /** A map keeps the order in which its keys came. */
  readonly #entries = new Map<string, Value>();

  /** @param maximum how many entries are kept */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#maximum && oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
