import { setTimeout as delay } from "node:timers/promises";
import { Limiter } from "../limiter.ts";
import { parsePolicies } from "../parse-policies.ts";

/** What callers see while Redis goes away under load, and how soon it counts again after its return. */
export interface RedisFault {
  /** Refused without cause, failed, or let in beyond the one burst more that a failure may give. */
  readonly wrong: number;
  readonly p99BeforeMs: number;
  /** From one second after the fault on. */
  readonly p99AwayMs: number;
  readonly backMs: number;
}

const PER_SECOND = 500;
const AWAY_MS = 3000;
/** A failure may give a bucket one more burst, so the small bucket lets in twice this at most. */
const SMALL = 20;

/**
 * Asks at a steady pace, each time for another caller with room and for one whose small bucket is used up.
 *
 * @param strike  makes Redis go away
 * @param heal  lets it come back
 */
export async function redisFault({
  redisUrl,
  strike,
  heal,
}: {
  readonly redisUrl: string;
  readonly strike: () => unknown;
  readonly heal: () => unknown;
}): Promise<RedisFault> {
  const none = { address: null, network: null, account: null, pair: null, class: null };
  const small = { capacity: SMALL, refill: 1, perSeconds: 3600 };
  const policies = parsePolicies({ service: null, classes: { door: { buckets: { ...none, key: small } } } });
  const limiter = new Limiter({ redis: redisUrl, namespace: "bench-fault", secret: "bench", policies });
  try {
    await until(() => limiter.mode === "redis");
    const answers: { readonly atMs: number; readonly tookMs: number }[] = [];
    let wrong = 0;
    let accepted = 0;
    const timed = async (key: string, look: (allowed: boolean) => void) => {
      const atMs = performance.now();
      await limiter.decide({ class: "door", key }).then(
        ({ kind }) => look(kind === "allowed"),
        () => look(false),
      );
      answers.push({ atMs, tookMs: performance.now() - atMs });
    };
    const asked: Promise<void>[] = [];
    const load = async (lastsMs: number) => {
      const began = performance.now();
      for (let n = 0; performance.now() - began < lastsMs; n += 2) {
        asked.push(timed(`caller-${asked.length}`, (allowed) => (wrong += allowed ? 0 : 1)));
        asked.push(timed("small", (allowed) => (accepted += allowed ? 1 : 0)));
        const waitMs = began + ((n + 2) * 1000) / PER_SECOND - performance.now();
        if (waitMs > 0) await delay(waitMs);
      }
    };
    await load(AWAY_MS / 2);
    const struckMs = performance.now();
    await strike();
    await load(AWAY_MS);
    await Promise.all(asked);
    const healedMs = performance.now();
    await heal();
    await until(() => limiter.mode === "redis");
    const backMs = performance.now() - healedMs;
    const p99 = (from: number, to: number) =>
      p99Of(answers.filter(({ atMs }) => atMs >= from && atMs < to).map(({ tookMs }) => tookMs));
    return {
      wrong: wrong + Math.max(0, accepted - 2 * SMALL),
      p99BeforeMs: p99(0, struckMs - 50),
      p99AwayMs: p99(struckMs + 1000, Number.POSITIVE_INFINITY),
      backMs,
    };
  } finally {
    limiter.close();
  }
}

function p99Of(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(2);
}
