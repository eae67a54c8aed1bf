import { type CryptoKey, exportJWK, exportPKCS8, generateKeyPair, type JWK, SignJWT } from "jose";
import type { Emulated } from "./ground.ts";

interface Held {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/**
 * An RSA pair takes a processor's tenth of a second or three, and a test suite starts emulators by the hundred: the first keys of
 * each provider are the same in every emulator of a process.
 */
const SHARED = 4;
const SHARED_KEYS = new Map<string, Promise<Held>>();

/** The keys that providers sign id_tokens with, and the one an Apple developer signs client secrets with. */
export class KeyRing {
  readonly #held = new Map<string, Promise<Held>[]>();
  readonly #made = new Map<Emulated, number>();
  readonly #appleDeveloper = generateKeyPair("ES256", { extractable: true });

  /** What a provider publishes: newest first. */
  async published(provider: Emulated): Promise<{ keys: JWK[] }> {
    const held = await Promise.all(this.#of(provider));
    return { keys: held.map(({ publicJwk }) => publicJwk) };
  }

  async sign(provider: Emulated, claims: Record<string, unknown>): Promise<string> {
    const newest = this.#of(provider)[0];
    if (newest === undefined) throw new Error("a ring without keys");
    const { kid, privateKey } = await newest;
    return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid, typ: "JWT" }).sign(privateKey);
  }

  /** A new signing key; the one before stays published unless it is withdrawn. */
  rotate(provider: Emulated, { withdrawOld = false } = {}): void {
    const old = withdrawOld ? [] : this.#of(provider).slice(0, 2);
    this.#held.set(provider, [this.#make(provider), ...old]);
  }

  /** Stands for the .p8 file downloaded from Apple. */
  async appleDeveloperKey(): Promise<string> {
    return exportPKCS8((await this.#appleDeveloper).privateKey);
  }

  async appleDeveloperPublicKey(): Promise<CryptoKey> {
    return (await this.#appleDeveloper).publicKey;
  }

  #of(provider: Emulated): Promise<Held>[] {
    const held = this.#held.get(provider) ?? [this.#make(provider)];
    this.#held.set(provider, held);
    return held;
  }

  #make(provider: Emulated): Promise<Held> {
    const count = (this.#made.get(provider) ?? 0) + 1;
    this.#made.set(provider, count);
    const kid = `${provider}-${count}`;
    if (count > SHARED) return generated(kid);
    const shared = SHARED_KEYS.get(kid) ?? generated(kid);
    SHARED_KEYS.set(kid, shared);
    return shared;
  }
}

async function generated(kid: string): Promise<Held> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, use: "sig", alg: "RS256" } };
}
