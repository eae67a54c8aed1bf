import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";

/** What a derived key may be used for. One key, one use (RFC 8725 §3.1, NIST SP 800-57 §5.2). */
export type Purpose =
  | "refresh-token"
  | "code"
  | "seal"
  | "cursor"
  | "captcha"
  | "social-state"
  | "pairing"
  | "device"
  | "tried-password";

/** What came of sealing anew whatever must outlive the key it was sealed with. */
export interface Resealing {
  readonly resealed: number;
  /** Sealed with a key that is not in AUTH_KEYS any more. */
  readonly lost: number;
}

interface Numbered {
  readonly id: number;
  readonly key: Buffer;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The service's master keys, newest first, and the keys derived from them (HKDF, RFC 5869). New
 * things are made with the newest; things made with an older one are still read until the operator
 * takes it out of AUTH_KEYS.
 */
export class Secrets {
  readonly #masters: readonly Numbered[];
  readonly #directoryKey: KeyObject;
  readonly #derived = new Map<string, KeyObject>();

  constructor({ masters, directoryKey }: { masters: readonly Numbered[]; directoryKey: Buffer }) {
    if (masters[0] === undefined) throw new Error("At least one master key is needed");
    this.#masters = masters;
    this.#directoryKey = createSecretKey(directoryKey);
  }

  /** The number of the key that new things are made with; it travels beside them. */
  get newest(): number {
    return this.#masters[0]?.id ?? 0;
  }

  /** Numbers of all keys still accepted, newest first. */
  get accepted(): readonly number[] {
    return this.#masters.map(({ id }) => id);
  }

  /** HMAC-SHA-256 with the newest key. Whoever makes something with it lets `newest` travel beside it. */
  newestMac(purpose: Purpose, data: Uint8Array | string): Buffer {
    return createHmac("sha256", this.#demandKey(purpose, this.newest)).update(data).digest();
  }

  /** The same with the key of that number, or undefined where it was withdrawn. */
  mac(purpose: Purpose, keyId: number, data: Uint8Array | string): Buffer | undefined {
    const key = this.#key(purpose, keyId);
    return key === undefined ? undefined : createHmac("sha256", key).update(data).digest();
  }

  /**
   * The keyed hash under which an identifier stands in the directory. Its key cannot be rotated
   * without rewriting the directory, so it is a key of its own. `\x1f` keeps "ab"+"c" and "a"+"bc" apart.
   */
  directoryHash(kind: string, value: string): Buffer {
    return createHmac("sha256", this.#directoryKey).update(`${kind}\x1f${value}`).digest();
  }

  /** AES-256-GCM. `context` (a table and row) is bound in, so that a sealed value cannot be moved elsewhere. */
  seal(plain: Uint8Array | string, context: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#demandKey("seal", this.newest), iv).setAAD(
      Buffer.from(context),
    );
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.from([this.newest]), iv, cipher.getAuthTag(), sealed]);
  }

  /** Undefined where the key is gone, or the value was changed or comes from elsewhere. */
  open(sealed: Uint8Array, context: string): Buffer | undefined {
    const key = this.#key("seal", sealed[0] ?? -1);
    if (key === undefined || sealed.length < 1 + IV_BYTES + TAG_BYTES) return undefined;
    const at = 1 + IV_BYTES + TAG_BYTES;
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 1 + IV_BYTES)).setAAD(
      Buffer.from(context),
    );
    decipher.setAuthTag(sealed.subarray(1 + IV_BYTES, at));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(at)), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  /**
   * The same value sealed with the newest key: undefined where it is already, `lost` where its key is gone. Whoever
   * writes it back compares with what was read, so that a newer value is never overwritten.
   */
  resealed(sealed: Uint8Array, context: string): Buffer | "lost" | undefined {
    if (sealed[0] === this.newest) return undefined;
    const opened = this.open(sealed, context);
    return opened === undefined ? "lost" : this.seal(opened, context);
  }

  #demandKey(purpose: Purpose, keyId: number): KeyObject {
    const key = this.#key(purpose, keyId);
    if (key === undefined) throw new Error(`There is no master key ${keyId}`);
    return key;
  }

  #key(purpose: Purpose, keyId: number): KeyObject | undefined {
    const name = `${purpose}/${keyId}`;
    const known = this.#derived.get(name);
    if (known !== undefined) return known;
    const master = this.#masters.find(({ id }) => id === keyId);
    if (master === undefined) return undefined;
    // A KeyObject: Node takes several times as long to find out that a Buffer is none.
    const key = createSecretKey(Buffer.from(hkdfSync("sha256", master.key, "kinopass", purpose, 32)));
    this.#derived.set(name, key);
    return key;
  }
}
