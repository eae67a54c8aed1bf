/**
 * Passwords are kept as argon2id (RFC 9106), and verified exactly as received: no trimming, no folding,
 * no cutting (ASVS 6.2.8). Where there is no hash to verify (an unknown address, an account without a
 * password) a dummy of the same cost is verified instead, so that time tells nothing.
 */
import { randomBytes } from "node:crypto";
import type { AppError } from "@kinopass/http";
import { trace } from "@kinopass/tracing";
import type { FastifyReply } from "fastify";
import type { HashCost } from "./hash-worker.ts";
import { HashLane } from "./lane.ts";

export type { HashCost } from "./hash-worker.ts";

export class Passwords {
  readonly #lane: HashLane;
  readonly #cost: HashCost;
  readonly #dummy: string;

  /** `workers`: hashes at the same time, 0 for one a core; who would wait longer than `longestWaitMs` is sent away. */
  constructor({ cost, ...lane }: { cost: HashCost; workers: number; longestWaitMs?: number }) {
    this.#lane = new HashLane(lane);
    this.#cost = cost;
    this.#dummy = dummyOf(cost);
  }

  get lane(): HashLane {
    return this.#lane;
  }

  /** The `room` of doors that verify: no body is read for a password that nobody could hash. */
  readonly room = (): AppError | undefined => this.#lane.refusal();

  /**
   * Their first preHandler: takes a place until the answer is out. Not sooner, or whoever sends a body slowly would hold
   * one for as long.
   */
  readonly takePlace = (_request: object, reply: object, done: () => void): void => {
    (reply as FastifyReply).raw.once("close", this.#lane.enter());
    done();
  };

  /** A PHC string. Refuses `busy_try_again`. */
  @trace("passwords.hash")
  async hash(password: string): Promise<string> {
    return String(await this.#lane.run({ kind: "hash", password, cost: this.#cost }));
  }

  /** Whether the password fits; takes as long where there is no hash, and answers no. */
  @trace("passwords.verify")
  async verify(hash: string | null | undefined, password: string): Promise<boolean> {
    const fits = await this.#lane.run({ kind: "verify", password, hash: hash ?? this.#dummy });
    return fits === true && hash != null;
  }

  /** Whether the hash was made at another cost than the one that is configured now. */
  isOutdated(hash: string): boolean {
    const { memoryKib, iterations, parallelism } = this.#cost;
    return !hash.startsWith(`$argon2id$v=19$m=${memoryKib},t=${iterations},p=${parallelism}$`);
  }

  async close(): Promise<void> {
    await this.#lane.close();
  }
}

/** A hash of no password: a random digest under a random salt, verified in the same time as any other. */
function dummyOf({ memoryKib, iterations, parallelism }: HashCost): string {
  const random = (bytes: number) => randomBytes(bytes).toString("base64").replaceAll("=", "");
  return `$argon2id$v=19$m=${memoryKib},t=${iterations},p=${parallelism}$${random(16)}$${random(32)}`;
}
