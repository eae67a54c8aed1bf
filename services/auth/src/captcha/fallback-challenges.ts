import type { Clock } from "../clock.ts";
import type {
  AnswerOutcome,
  AnswerRequest,
  ChallengeStore,
  IssueOutcome,
  IssueRequest,
  RedeemOutcome,
  RedeemRequest,
} from "./challenge-store.ts";
import { ChallengesAway } from "./challenge-store.ts";

/** After a failure Redis is left alone for this long, so that a frozen one costs one deadline, not one a request. */
const REST_MS = 1_000;

/**
 * New challenges go to Redis, and to PostgreSQL while Redis is away. A challenge stays where it was
 * issued and its id says where: so it has one state, and none of it is copied. One that is in Redis
 * cannot be answered or redeemed while Redis is away: the viewer is shown a new sum.
 */
export class FallbackChallenges implements ChallengeStore {
  readonly #redis: ChallengeStore;
  readonly #postgres: ChallengeStore;
  readonly #clock: Clock;
  readonly #onAway: (error: ChallengesAway) => void;
  #restsUntilMs = 0;

  constructor({ redis, postgres, clock, onAway }: Dependencies) {
    this.#redis = redis;
    this.#postgres = postgres;
    this.#clock = clock;
    this.#onAway = onAway;
  }

  async issue(request: IssueRequest): Promise<IssueOutcome> {
    if (this.#clock.now().getTime() < this.#restsUntilMs) return await this.#postgres.issue(request);
    try {
      return await this.#redis.issue(request);
    } catch (error) {
      if (!(error instanceof ChallengesAway)) throw error;
      this.#restsUntilMs = this.#clock.now().getTime() + REST_MS;
      this.#onAway(error);
      return await this.#postgres.issue(request);
    }
  }

  async answer(request: AnswerRequest): Promise<AnswerOutcome> {
    return await this.#homeOf(request).answer(request);
  }

  async redeem(request: RedeemRequest): Promise<RedeemOutcome> {
    return await this.#homeOf(request).redeem(request);
  }

  #homeOf({ challenge }: AnswerRequest | RedeemRequest): ChallengeStore {
    return challenge.home === "r" ? this.#redis : this.#postgres;
  }
}

interface Dependencies {
  readonly redis: ChallengeStore;
  readonly postgres: ChallengeStore;
  readonly clock: Clock;
  /** Told each time Redis was asked in vain, with the cause: for the log and a counter. Must not throw. */
  readonly onAway: (error: ChallengesAway) => void;
}
