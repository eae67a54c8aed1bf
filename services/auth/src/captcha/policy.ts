/**
 * Every number of the captcha's rules. Times in milliseconds.
 *
 * Suspicion is one score for a network (an address, or its /64): things that people do rarely and
 * bots often add to it, and it drains by itself. Rising, it gives harder tasks, then makes the
 * network wait between challenges, then refuses. A lone person who errs at every try cannot reach
 * the refusal: 4 points a challenge of three tries in at least 12 s, less 1 point every 4 s, come
 * to rest while the wait between challenges is still under `longestPauseMs`.
 */
export interface CaptchaPolicy {
  /** Of so many challenges one asks for two right answers from the start; divides 256. Nobody is told which. */
  readonly twoAskedOnceIn: number;
  /** So many wrong answers end a challenge. `ROUNDS` in seal.ts and a check in the database go by it. */
  readonly tries: number;
  readonly challengeMs: number;
  readonly passMs: number;
  /** An answer sooner than this after its task was shown is no person's: read, reckon, press two keys. By level. */
  readonly leastHumanMs: readonly [number, number, number];
  /** So many answers of one network that all took the same time, give or take, come from a machine. */
  readonly regularAnswers: number;
  readonly regularSpreadMs: number;
  /** Points of suspicion, and the share that drains away in a millisecond. */
  readonly points: {
    readonly issued: number;
    readonly solved: number;
    /** A right answer after a wrong one: it does not solve yet. */
    readonly onceMore: number;
    readonly wrong: number;
    readonly tooFast: number;
    readonly tooRegular: number;
    readonly most: number;
    readonly drainPerMs: number;
  };
  /** The score from which tasks are harder, challenges are paced, and challenges are refused. */
  readonly steps: {
    readonly level2: number;
    readonly level3: number;
    readonly pause: number;
    readonly refuse: number;
  };
  /** The wait between two challenges of a paced network: at the first step, and just before refusal. */
  readonly shortestPauseMs: number;
  readonly longestPauseMs: number;
}

export const POLICY: CaptchaPolicy = {
  twoAskedOnceIn: 16,
  tries: 3,
  challengeMs: 180_000,
  passMs: 120_000,
  leastHumanMs: [1_000, 1_500, 2_000],
  regularAnswers: 6,
  regularSpreadMs: 150,
  points: {
    issued: 1,
    solved: -1,
    onceMore: 0,
    wrong: 1,
    tooFast: 4,
    tooRegular: 10,
    most: 160,
    drainPerMs: 1 / 4_000,
  },
  steps: { level2: 10, level3: 20, pause: 40, refuse: 120 },
  shortestPauseMs: 5_000,
  longestPauseMs: 20_000,
};
