import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { roundUpUs, TICKS_PER_US } from "./bucket.ts";
import { connectRedis } from "./connect.ts";
import { Keys } from "./keys.ts";
import { loadScript, type RedisClient, RedisLink } from "./redis-link.ts";

/** Outbound calls to one place: a steady rate, and how long a call may stand in line for its turn. */
export interface LanePolicy {
  readonly perSecond: number;
  readonly maxWaitMs: number;
}

/** A call's place in the line. */
export type Turn =
  | { readonly kind: "go"; readonly afterMs: number }
  | { readonly kind: "refused"; readonly retryAfterMs: number };

/** The line is too long for this call. */
export class LaneFull extends Error {
  override readonly name = "LaneFull";
  readonly code = "lane_full";
  readonly retryAfterMs: number;

  constructor(lane: string, retryAfterMs: number) {
    super(`The lane ${JSON.stringify(lane)} is full for another ${retryAfterMs} ms`);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface PacerOptions {
  /** As for the limiter: URL(s), a client, or undefined to pace in this process alone. */
  readonly redis?: string | RedisClient | undefined;
  readonly namespace: string;
  readonly secret: string;
  readonly lanes: Readonly<Record<string, LanePolicy>>;
  /** Among how many replicas a lane's rate is divided when Redis cannot pace for them. Default 1. */
  readonly replicas?: number;
  /** Milliseconds to wait for Redis, 1-100; default 75. */
  readonly deadlineMs?: number;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
  readonly random?: () => number;
  /** Waits for a turn; rejects when the signal fires. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
}

const LEAKY_BUCKET = loadScript("./leaky-bucket.lua");

/**
 * The limiter's other side: a leaky bucket for calls that we make. Where the token bucket refuses what is too much,
 * this one queues it to a steady rate, so that mail servers and sign-in providers never see more than they allow.
 */
export class Pacer {
  readonly #lanes: Readonly<Record<string, LanePolicy>>;
  readonly #keys: Keys;
  readonly #replicas: number;
  readonly #clock: () => number;
  readonly #sleep: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
  readonly #link: RedisLink | undefined;
  readonly #ownClient: RedisClient | undefined;
  /** When each lane's next turn is free, in this process's own time, for when Redis is away. */
  readonly #freeAtMs = new Map<string, number>();

  /** @throws RangeError if a lane's figures are not above 0 */
  constructor(options: PacerOptions) {
    for (const [name, { perSecond, maxWaitMs }] of Object.entries(options.lanes)) {
      if (perSecond > 0 && perSecond <= 100_000 && maxWaitMs >= 0 && maxWaitMs <= 3_600_000) continue;
      throw new RangeError(
        `lane ${JSON.stringify(name)}: perSecond above 0 to 100000, maxWaitMs 0 to 3600000`,
      );
    }
    this.#lanes = options.lanes;
    this.#keys = new Keys(options);
    this.#replicas = options.replicas ?? 1;
    this.#clock = options.clock ?? (() => performance.now());
    this.#sleep = options.sleep ?? ((ms, signal) => delay(ms, undefined, { signal, ref: true }));
    if (options.redis === undefined) return;
    const client = typeof options.redis === "string" ? connectRedis(options.redis) : options.redis;
    if (typeof options.redis === "string") this.#ownClient = client;
    this.#link = new RedisLink({
      client,
      deadlineMs: options.deadlineMs ?? 75,
      clock: () => performance.now(),
      random: options.random ?? (() => randomInt(2 ** 32) / 2 ** 32),
      probe: { script: LEAKY_BUCKET, key: this.#keys.prefix("probe", "lane"), args: ["[16,16000000]"] },
      onChange: () => undefined,
    });
  }

  /**
   * Takes the next turn in a lane, which is spent whether or not the call is made. Never throws for want of Redis.
   *
   * @throws RangeError if there is no such lane
   */
  async reserve(lane: string): Promise<Turn> {
    const policy = Object.hasOwn(this.#lanes, lane) ? this.#lanes[lane] : undefined;
    if (policy === undefined) throw new RangeError(`no lane ${JSON.stringify(lane)}`);
    if (this.#link?.away === false) {
      try {
        return await this.#reserveInRedis(this.#link, lane, policy);
      } catch {
        // Redis is away: this process paces alone, at its share of the rate.
      }
    }
    return this.#reserveHere(lane, policy);
  }

  /**
   * Waits for a turn and makes the call.
   *
   * @throws LaneFull if the turn would come later than the lane's maxWaitMs; the signal's reason if it fires first
   */
  async run<Result>(lane: string, call: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const turn = await this.reserve(lane);
    if (turn.kind === "refused") throw new LaneFull(lane, turn.retryAfterMs);
    if (turn.afterMs > 0) await this.#sleep(turn.afterMs, signal);
    signal?.throwIfAborted();
    return call();
  }

  /** Stops probing Redis and closes the connection if the pacer made it. */
  close(): void {
    this.#link?.close();
    this.#ownClient?.disconnect();
  }

  async #reserveInRedis(link: RedisLink, lane: string, { perSecond, maxWaitMs }: LanePolicy): Promise<Turn> {
    const spansUs = [roundUpUs(1_000_000 / perSecond), roundUpUs(maxWaitMs * 1000)];
    const numbers = JSON.stringify(spansUs.map((us) => us * TICKS_PER_US));
    const reply = await link.run(LEAKY_BUCKET, [this.#keys.prefix("lane", lane)], [numbers]);
    const [allowed, wait] = Array.isArray(reply) ? reply : [];
    const ms = Math.ceil(Number(wait) / TICKS_PER_US / 1000);
    return allowed === 1 ? { kind: "go", afterMs: ms } : { kind: "refused", retryAfterMs: Math.max(1, ms) };
  }

  #reserveHere(lane: string, { perSecond, maxWaitMs }: LanePolicy): Turn {
    const nowMs = this.#clock();
    const turnMs = Math.max(nowMs, this.#freeAtMs.get(lane) ?? nowMs);
    const afterMs = Math.ceil(turnMs - nowMs);
    if (afterMs > maxWaitMs) return { kind: "refused", retryAfterMs: Math.ceil(afterMs - maxWaitMs) };
    this.#freeAtMs.set(lane, turnMs + (1000 * this.#replicas) / perSecond);
    return { kind: "go", afterMs };
  }
}
