/**
 * Passwords are kept as argon2id (RFC 9106), and verified exactly as received: no trimming, no folding,
 * no cutting (ASVS 6.2.8). Where there is no hash to verify (an unknown address, an account without a
 * password) a dummy of the same cost is verified instead, so that time tells nothing.
 */
import { randomBytes } from "node:crypto";
import { trace } from "@kinopass/tracing";
import type { HashCost } from "./hash-worker.ts";
import { HashLane } from "./lane.ts";

export type { HashCost } from "./hash-worker.ts";

export class Passwords {
  readonly #lane: HashLane;
  readonly #cost: HashCost;
  #dummy: Promise<string> | undefined;

  /** `workers`: hashes at the same time, 0 for one a core. */
  constructor({ cost, workers }: { cost: HashCost; workers: number }) {
    this.#lane = new HashLane({ workers });
    this.#cost = cost;
  }

  get lane(): HashLane {
    return this.#lane;
  }

  /** An onRequest hook of routes that hash: nothing is read or looked up for a password that nobody could hash. */
  readonly demandRoom = async (): Promise<void> => {
    this.#lane.demandRoom();
  };

  /** A PHC string. Refuses `busy_try_again`. */
  @trace("passwords.hash")
  async hash(password: string): Promise<string> {
    return String(await this.#lane.run({ kind: "hash", password, cost: this.#cost }));
  }

  /** Whether the password fits; takes as long where there is no hash, and answers no. */
  @trace("passwords.verify")
  async verify(hash: string | null | undefined, password: string): Promise<boolean> {
    const dummy = hash == null ? await this.#dummyHash() : undefined;
    const fits = await this.#lane.run({ kind: "verify", password, hash: dummy ?? String(hash) });
    return fits === true && dummy === undefined;
  }

  /** Whether the hash was made at another cost than the one that is configured now. */
  isOutdated(hash: string): boolean {
    const { memoryKib, iterations, parallelism } = this.#cost;
    return !hash.startsWith(`$argon2id$v=19$m=${memoryKib},t=${iterations},p=${parallelism}$`);
  }

  /** Makes the dummy before the first sign-in needs it. */
  async prepare(): Promise<void> {
    await this.#dummyHash();
  }

  async close(): Promise<void> {
    await this.#lane.close();
  }

  #dummyHash(): Promise<string> {
    this.#dummy ??= this.hash(randomBytes(24).toString("base64")).catch((error: unknown) => {
      this.#dummy = undefined;
      throw error;
    });
    return this.#dummy;
  }
}
