import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

export interface MasterKey {
  readonly id: number;
  readonly key: Buffer;
}

/** A key made for one purpose: a cursor can never pass for a playback grant. */
export class Signer {
  /** Newest first. */
  readonly #keys: readonly MasterKey[];

  constructor(masters: readonly MasterKey[], purpose: string) {
    this.#keys = masters.map(({ id, key }) => ({
      id,
      key: Buffer.from(hkdfSync("sha256", key, "", `kinopass-catalog ${purpose}`, 32)),
    }));
  }

  /** HMAC-SHA-256 by the newest key, with the key's id, in base64url. */
  sign(text: string): string {
    const [newest] = this.#keys;
    if (newest === undefined) throw new Error("There is no key to sign with");
    return macOf(newest, text).toString("base64url");
  }

  /** Whether one of our keys, the newest or one before it, signed this text. */
  verify(text: string, signature: string): boolean {
    const given = Buffer.from(signature, "base64url");
    const key = this.#keys.find(({ id }) => id === given[0]);
    if (key === undefined) return false;
    const expected = macOf(key, text);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

function macOf({ id, key }: MasterKey, text: string): Buffer {
  return Buffer.concat([Buffer.of(id), createHmac("sha256", key).update(text).digest()]);
}
