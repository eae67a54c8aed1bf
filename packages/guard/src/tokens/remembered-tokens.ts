import { hash } from "node:crypto";

/**
 * Tokens that were checked before, by their full SHA-256: the tokens themselves are not kept. Bounded
 * by two generations: what was not asked for while the younger one filled up is dropped with the
 * older, which is nearly LRU without moving an entry on every hit.
 */
export class RememberedTokens<Entry> {
  readonly #generationSize: number;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();

  constructor(limit: number) {
    this.#generationSize = Math.max(1, Math.floor(limit / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(digest: string): Entry | undefined {
    const entry = this.#young.get(digest);
    if (entry !== undefined) return entry;
    const older = this.#old.get(digest);
    if (older === undefined) return undefined;
    this.#old.delete(digest);
    this.set(digest, older);
    return older;
  }

  set(digest: string, entry: Entry): void {
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(digest, entry);
  }

  delete(digest: string): void {
    this.#young.delete(digest);
    this.#old.delete(digest);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}

/** All 256 bits, one character a byte: the cheapest text that Node makes of a digest. */
export function digestOf(token: string): string {
  return hash("sha256", token, "binary");
}
