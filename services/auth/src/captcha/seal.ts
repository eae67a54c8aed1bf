import { createHmac, timingSafeEqual } from "node:crypto";
import type { ChallengeRef, Home } from "./challenge-store.ts";
import type { TaskLanguage } from "./number-words.ts";
import { KeyedRandomness } from "./randomness.ts";
import { type Level, makeTask, type Task } from "./tasks.ts";

/** Characters of a keyed hash: 128 bits in base64url. */
export const HASH_LENGTH = 22;
/**
 * The rounds that there are sums for. Round 0 is that of a first answer that solves by itself; where two are asked for
 * it is left out, and right and wrong by turns come to six: right, wrong, right, wrong, right, and one that decides.
 */
export const ROUNDS = 7;
/** Characters that stand for a network: 96 bits. */
export const NETWORK_LENGTH = 16;

/** `kp_cp_`, the challenge's id, and the proof that we made it. */
export type CaptchaPass = `kp_cp_${string}`;

const PASS = /^kp_cp_([rp][\w-]{38})([\w-]{22})$/;
const ID = /^([rp])([\w-]{22})([\w-]{16})$/;

/** Whom and what a challenge is for. */
export interface CaptchaCaller {
  /** What the pass will be good for, e.g. "sign_up". */
  readonly action: string;
  /** The application that asks. */
  readonly client: string;
  /** The device, by the id it keeps. */
  readonly device: string;
}

export interface TaskSeed {
  readonly id: string;
  readonly nonce: string;
  readonly language: TaskLanguage;
  readonly round: number;
  readonly level: Level;
}

interface DrawnTask {
  readonly task: Task;
  /** For the picture: what the sum left of it. */
  readonly chance: KeyedRandomness;
}

/** Everything that only the holder of the key can make. The purpose leads each message, so none stands for another. */
export class Seal {
  readonly #key: Buffer;

  /** `key` is at least 32 random bytes; a new one ends the open challenges and passes, no more. */
  constructor(key: Buffer) {
    if (key.length < 32) throw new RangeError("The captcha key has fewer than 32 bytes");
    this.#key = key;
  }

  binding({ action, client, device }: CaptchaCaller): string {
    return this.#hash("binding", action, client, device);
  }

  network(network: string): string {
    return this.#hash("network", network).slice(0, NETWORK_LENGTH);
  }

  stem(binding: string, idempotencyKey: string): string {
    return this.#hash("stem", binding, idempotencyKey);
  }

  retryKey(idempotencyKey: string): string {
    return this.#hash("retry", idempotencyKey);
  }

  answer(id: string, answer: number): string {
    return this.#hash("answer", id, String(answer));
  }

  pass(id: string): CaptchaPass {
    return `kp_cp_${id}${this.#hash("pass", id)}`;
  }

  /** The challenge that a pass was given for; undefined for a forged one, before anybody is asked. */
  challengeOf(pass: string): ChallengeRef | undefined {
    const [, id = "", proof = ""] = PASS.exec(pass) ?? [];
    if (id === "" || !timingSafeEqual(Buffer.from(proof), Buffer.from(this.#hash("pass", id))))
      return undefined;
    return parseId(id);
  }

  /** Its answer is another than that of the round before: so a right answer that comes twice is known for a repeated one. */
  task(seed: TaskSeed): DrawnTask {
    const { id, nonce, language, round, level } = seed;
    const before = round === 0 ? undefined : this.task({ ...seed, round: round - 1 }).task.answer;
    for (let draw = 0; ; draw++) {
      const label = JSON.stringify(["task", id, nonce, language, round, level, draw]);
      const chance = new KeyedRandomness(this.#key, label);
      const task = makeTask(chance, { level, language });
      if (task.answer !== before) return { task, chance };
    }
  }

  #hash(purpose: string, ...parts: readonly string[]): string {
    const message = JSON.stringify([purpose, ...parts]);
    return createHmac("sha256", this.#key).update(message).digest("base64url").slice(0, HASH_LENGTH);
  }
}

export function idOf({ home, stem, network }: ChallengeRef): string {
  return `${home}${stem}${network}`;
}

export function parseId(id: string): ChallengeRef | undefined {
  const [, home, stem, network] = ID.exec(id) ?? [];
  if (home === undefined || stem === undefined || network === undefined) return undefined;
  return { home: home as Home, stem, network };
}

/** Where the answer of a round and level stands among the hashes of a draft. */
export function slotOf(round: number, level: number): number {
  return round * 3 + level - 1;
}
