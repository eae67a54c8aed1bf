import type { Clock } from "../clock.ts";
import type { AnswerOutcome, ChallengeStore, Draft, Home, OpenTask } from "./challenge-store.ts";
import type { TaskLanguage } from "./number-words.ts";
import { drawPicture, type Picture } from "./picture/picture.ts";
import { POLICY } from "./policy.ts";
import { type CaptchaCaller, type CaptchaPass, idOf, parseId, ROUNDS, Seal, slotOf } from "./seal.ts";
import type { Level } from "./tasks.ts";

export { pngOf, svgOf } from "./picture/picture.ts";

/**
 * A small sum for somebody with a remote in hand. A challenge has three tries in three minutes. The first
 * answer solves it when it is right; each wrong one changes the sum, and after it two right ones in a row are needed,
 * as in one challenge of sixteen from the start (docs/decisions/0011). Solving earns a pass that is good once, for two minutes, for one action of one client on one
 * device. The numbers are in `policy.ts`; where the answer is kept, and why, in docs/decisions/0006.
 *
 * A pass says "somebody took the trouble", no more: people can be paid to solve sums. Limits stand behind it.
 */
export class Captcha {
  readonly #store: ChallengeStore;
  readonly #seal: Seal;
  readonly #clock: Clock;
  readonly #randomBytes: (size: number) => Buffer;
  readonly #textForm: boolean;

  constructor({ store, key, clock, randomBytes, textForm }: CaptchaDependencies) {
    this.#store = store;
    this.#seal = new Seal(key);
    this.#clock = clock;
    this.#randomBytes = randomBytes;
    this.#textForm = textForm;
  }

  /**
   * Shows a sum, or says how long to wait. With an idempotency key a repeated request gets the same
   * challenge with the same picture, and adds no suspicion. Throws ChallengesAway.
   */
  async issue({
    caller,
    network,
    language,
    knownDevice = false,
    idempotencyKey,
  }: IssueChallenge): Promise<Issued> {
    const binding = this.#seal.binding(caller);
    const networkHash = this.#seal.network(network);
    const stem = idempotencyKey === undefined ? this.#random() : this.#seal.stem(binding, idempotencyKey);
    const outcome = await this.#store.issue({
      network: networkHash,
      knownDevice,
      now: this.#clock.now(),
      draft: (home) => this.#draft({ home, stem, network: networkHash, binding, language }),
    });
    if (outcome.kind !== "issued") return outcome;
    return {
      kind: "issued",
      challenge: this.#show(idOf({ home: outcome.home, stem, network: networkHash }), outcome.task),
    };
  }

  /**
   * Judges an answer. Repeated with its idempotency key, or a right one repeated before the next answer or the use
   * of its pass, it has the outcome it had. Throws ChallengesAway.
   */
  async answer({ id, answer, caller, idempotencyKey }: AnswerChallenge): Promise<Answered> {
    const challenge = parseId(id);
    if (challenge === undefined) return { kind: "unknown" };
    const outcome = await this.#store.answer({
      challenge,
      binding: this.#seal.binding(caller),
      answer: this.#seal.answer(id, answer),
      retryKey: idempotencyKey === undefined ? "" : this.#seal.retryKey(idempotencyKey),
      now: this.#clock.now(),
    });
    return this.#told(id, outcome);
  }

  /**
   * Uses up a pass: true for exactly one caller, and only for the action, client and device it was
   * earned for. A pass of another is left to its owner. Throws ChallengesAway: no answer is a no.
   */
  async redeem(pass: string, caller: CaptchaCaller): Promise<boolean> {
    const challenge = this.#seal.challengeOf(pass);
    if (challenge === undefined) return false;
    const { kind } = await this.#store.redeem({
      challenge,
      binding: this.#seal.binding(caller),
      now: this.#clock.now(),
    });
    return kind === "redeemed";
  }

  #told(id: string, outcome: AnswerOutcome): Answered {
    switch (outcome.kind) {
      case "solved":
        return { kind: "solved", pass: this.#seal.pass(id), expiresAt: outcome.passExpiresAt };
      case "wrong":
      case "once_more":
        return { kind: outcome.kind, challenge: this.#show(id, outcome.task) };
      case "spent":
      case "expired":
      case "unknown":
        return outcome;
    }
  }

  #show(id: string, { nonce, language, round, level, triesLeft, expiresAt }: OpenTask): ShownChallenge {
    const { task, chance } = this.#seal.task({ id, nonce, language, round, level });
    let picture: Picture | undefined;
    return {
      ...(this.#textForm ? { text: task.spoken } : {}),
      id,
      triesLeft,
      expiresAt,
      // Drawn when it is looked at: it costs more than everything else here.
      get picture() {
        picture ??= drawPicture(chance, task.parts, level);
        return picture;
      },
    };
  }

  /** The nonce is new each time, so the sums of an idempotency key cannot be learnt and shown again. */
  #draft({ home, stem, network, binding, language }: DraftParts): Draft {
    const id = idOf({ home, stem, network });
    const nonce = this.#random();
    const hashes: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const level of [1, 2, 3] satisfies Level[]) {
        const { task } = this.#seal.task({ id, nonce, language, round, level });
        hashes[slotOf(round, level)] = this.#seal.answer(id, task.answer);
      }
    }
    return { stem, nonce, binding, language, firstRound: this.#firstRound(), answers: hashes.join("") };
  }

  /** Drawn for each challenge, from nothing that the caller knows: whoever could tell would leave those that ask for two. */
  #firstRound(): 0 | 1 {
    return this.#randomBytes(1).readUInt8() % POLICY.twoAskedOnceIn === 0 ? 1 : 0;
  }

  /** 128 bits. */
  #random(): string {
    return this.#randomBytes(16).toString("base64url");
  }
}

interface DraftParts {
  readonly home: Home;
  readonly stem: string;
  readonly network: string;
  readonly binding: string;
  readonly language: TaskLanguage;
}

export interface CaptchaDependencies {
  readonly store: ChallengeStore;
  /** At least 32 secret bytes, the same for all replicas. */
  readonly key: Buffer;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
  /** Whether the sum is also told as text, for screen readers: a machine reads that without effort. */
  readonly textForm: boolean;
}

export interface IssueChallenge {
  readonly caller: CaptchaCaller;
  /** The caller's address, or its /64: what suspicion is counted by. */
  readonly network: string;
  readonly language: TaskLanguage;
  /** The device was let in before: paced like others, but not refused for its network's sins. */
  readonly knownDevice?: boolean;
  readonly idempotencyKey?: string | undefined;
}

export interface AnswerChallenge {
  readonly id: string;
  readonly answer: number;
  readonly caller: CaptchaCaller;
  readonly idempotencyKey?: string | undefined;
}

/** A sum on show. `svgOf` and `pngOf` give the picture a form. */
export interface ShownChallenge {
  readonly id: string;
  readonly triesLeft: number;
  readonly expiresAt: Date;
  readonly picture: Picture;
  /** Only by configuration. */
  readonly text?: string;
}

export type Issued =
  | { readonly kind: "issued"; readonly challenge: ShownChallenge }
  /** The network asks too often: once more after `retryAfterMs`, at most 20 s. */
  | { readonly kind: "paused"; readonly retryAfterMs: number }
  /** The network behaves like a machine. */
  | { readonly kind: "refused"; readonly retryAfterMs: number }
  /** The idempotency key belongs to a challenge that is solved, spent or expired. */
  | { readonly kind: "over" };

export type Answered =
  | { readonly kind: "solved"; readonly pass: CaptchaPass; readonly expiresAt: Date }
  /** With the next sum of the same challenge. */
  | { readonly kind: "wrong"; readonly challenge: ShownChallenge }
  /** Right, where two are asked for; with the next sum, whose right answer solves the challenge. */
  | { readonly kind: "once_more"; readonly challenge: ShownChallenge }
  | { readonly kind: "spent" }
  | { readonly kind: "expired" }
  | { readonly kind: "unknown" };
