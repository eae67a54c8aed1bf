/**
 * A map that keeps what was used lately and never holds more than `max` entries.
 *
 * Two generations instead of one ordered map: the young one fills up, becomes the old one, and whatever the old one
 * still holds then is forgotten. Using an entry moves it to the young. So forgetting costs nothing on the request
 * that causes it, where deleting the oldest key of a large Map walks over all holes that were left before it: under
 * a flood of made-up names that walk is what the flood would be after.
 */
export class Recent<Value> {
  readonly #perGeneration: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(max: number) {
    this.#perGeneration = Math.max(1, Math.floor(max / 2));
  }

  /** Entries held, counting twice those set again lately. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(name: string): Value | undefined {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.set(name, old);
    return old;
  }

  set(name: string, value: Value): void {
    if (this.#young.size >= this.#perGeneration && !this.#young.has(name)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
  }

  delete(name: string): void {
    this.#young.delete(name);
    this.#old.delete(name);
  }
}
