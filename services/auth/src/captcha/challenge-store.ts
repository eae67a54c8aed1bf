import type { TaskLanguage } from "./number-words.ts";
import type { Level } from "./tasks.ts";

/** Where a challenge lives; the first letter of its id. */
export type Home = "r" | "p";

/** A challenge as it is first written down. Nothing in it tells the answer to somebody without the key. */
export interface Draft {
  /** 22 random characters; with the home before and the network behind it is the id. */
  readonly stem: string;
  /** From which, with the key, the tasks are made. */
  readonly nonce: string;
  /** Keyed hash of action, client and device. */
  readonly binding: string;
  readonly language: TaskLanguage;
  /** 0, or 1 for a challenge that asks for two right answers from the start, as after a wrong one. */
  readonly firstRound: 0 | 1;
  /** Keyed hashes of all answers it may come to: `HASH_LENGTH` characters for each round and level, see `slotOf`. */
  readonly answers: string;
}

export interface IssueRequest {
  readonly draft: (home: Home) => Draft;
  /** Keyed hash of the caller's network, `NETWORK_LENGTH` characters. */
  readonly network: string;
  /** A device that was let in before is paced like others but never refused for what its network does. */
  readonly knownDevice: boolean;
  readonly now: Date;
}

export interface ChallengeRef {
  readonly home: Home;
  readonly stem: string;
  readonly network: string;
}

/** What is needed to make the current task again. */
export interface OpenTask {
  readonly nonce: string;
  readonly language: TaskLanguage;
  /** How many answers came before, and one more where two right ones are asked for: 0 to `ROUNDS - 1`. */
  readonly round: number;
  readonly level: Level;
  readonly triesLeft: number;
  readonly expiresAt: Date;
}

export type IssueOutcome =
  | { readonly kind: "issued"; readonly home: Home; readonly task: OpenTask }
  | { readonly kind: "paused"; readonly retryAfterMs: number }
  | { readonly kind: "refused"; readonly retryAfterMs: number }
  /** The idempotency key belongs to a challenge that is over. */
  | { readonly kind: "over" };

export interface AnswerRequest {
  readonly challenge: ChallengeRef;
  readonly binding: string;
  readonly answer: string;
  /** Keyed hash of the idempotency key, or "" without one. */
  readonly retryKey: string;
  readonly now: Date;
}

export type AnswerOutcome =
  | { readonly kind: "solved"; readonly passExpiresAt: Date }
  | { readonly kind: "wrong"; readonly task: OpenTask }
  /** Right, where two are asked for: another right one must follow. */
  | { readonly kind: "once_more"; readonly task: OpenTask }
  | { readonly kind: "spent" }
  | { readonly kind: "expired" }
  /** Never was, is long over, or belongs to another action, client or device: not told apart. */
  | { readonly kind: "unknown" };

export interface RedeemRequest {
  readonly challenge: ChallengeRef;
  readonly binding: string;
  readonly now: Date;
}

export type RedeemOutcome = { readonly kind: "redeemed" } | { readonly kind: "refused" };

/**
 * Keeps challenges for the few minutes they live. Each operation is one atomic step: of any number
 * of simultaneous callers each sees the state the one before it left.
 */
export interface ChallengeStore {
  issue(request: IssueRequest): Promise<IssueOutcome>;
  answer(request: AnswerRequest): Promise<AnswerOutcome>;
  redeem(request: RedeemRequest): Promise<RedeemOutcome>;
}

/** The store cannot be asked. Never the viewer's fault: the caller answers 503, and no pass is given. */
export class ChallengesAway extends Error {
  override readonly name = "ChallengesAway";
  readonly code = "captcha_unavailable";

  constructor(cause: unknown) {
    super("The store of captcha challenges does not answer", { cause });
  }
}

export function asLevel(value: number): Level {
  return value === 1 || value === 2 ? value : 3;
}
