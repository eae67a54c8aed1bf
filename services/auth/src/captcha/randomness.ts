import { createCipheriv, createHmac } from "node:crypto";

/** Where chance comes from; handed in, so that a test can repeat it. */
export interface Randomness {
  /** A whole number from 0 to `bound - 1`, all equally likely. `bound` is 1 to 2^32. */
  below(bound: number): number;
}

const WORDS_AT_ONCE = 1024;
const WORD_BYTES = 4;
const TWO_TO_32 = 2 ** 32;

/**
 * An endless stream of unpredictable numbers that anybody with the same key and label can repeat:
 * HMAC-SHA-256 makes the seed, AES-256 in counter mode stretches it.
 *
 * A task and its picture are made from such a stream, so a repeated request shows the same picture
 * and nobody has to keep it.
 */
export class KeyedRandomness implements Randomness {
  readonly #cipher;
  #words = Buffer.alloc(0);
  #next = 0;

  constructor(key: Buffer, label: string) {
    const seed = createHmac("sha256", key).update(label).digest();
    this.#cipher = createCipheriv("aes-256-ctr", seed, Buffer.alloc(16));
  }

  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > TWO_TO_32)
      throw new RangeError(`No number below ${bound}`);
    // The uneven rest at the top is drawn again: a plain remainder would prefer small numbers.
    const fair = TWO_TO_32 - (TWO_TO_32 % bound);
    let drawn = this.#word();
    while (drawn >= fair) drawn = this.#word();
    return drawn % bound;
  }

  #word(): number {
    if (this.#next >= this.#words.length) {
      this.#words = this.#cipher.update(Buffer.alloc(WORDS_AT_ONCE * WORD_BYTES));
      this.#next = 0;
    }
    const word = this.#words.readUInt32BE(this.#next);
    this.#next += WORD_BYTES;
    return word;
  }
}

/** A whole number from `least` to `most`, both included. */
export function between(chance: Randomness, least: number, most: number): number {
  return least + chance.below(most - least + 1);
}

/** A real number from `least` to `most`, in steps of a thousandth of the span. */
export function spread(chance: Randomness, least: number, most: number): number {
  return least + ((most - least) * chance.below(1001)) / 1000;
}

export function pick<Item>(chance: Randomness, items: readonly Item[]): Item {
  const item = items[chance.below(items.length)];
  if (item === undefined) throw new RangeError("Nothing to pick from");
  return item;
}
