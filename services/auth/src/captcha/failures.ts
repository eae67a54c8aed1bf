import type { Cluster, Redis } from "ioredis";
import { ChallengesAway } from "./challenge-store.ts";
import { RedisScripts, script } from "./redis-scripts.ts";

/** Counts the failed sign-ins of a home. */
export interface Failures {
  /** Adds `more`, 0 to look only; returns how many there are then. */
  count(home: string, more: 0 | 1, nowMs: number): Promise<number>;
}

interface Counted {
  readonly sinceMs: number;
  readonly count: number;
}

const KEPT_MS = 15 * 60_000;
const MOST_HOMES = 10_000;
const COUNT = script("failures.lua");

/** In this process alone. */
export class LocalFailures implements Failures {
  /** By home, oldest first. */
  readonly #homes = new Map<string, Counted>();

  count(home: string, more: 0 | 1, nowMs: number): Promise<number> {
    const known = this.#homes.get(home);
    const { sinceMs, count } =
      known === undefined || nowMs - known.sinceMs > KEPT_MS ? { sinceMs: nowMs, count: 0 } : known;
    if (more > 0) this.#keep(home, { sinceMs, count: count + more });
    return Promise.resolve(count + more);
  }

  /** Remembers what others saw, unless this process saw more. */
  learn(home: string, seen: Counted): void {
    if (seen.count > (this.#homes.get(home)?.count ?? 0)) this.#keep(home, seen);
  }

  #keep(home: string, failures: Counted): void {
    this.#homes.delete(home);
    this.#homes.set(home, failures);
    const [oldest] = this.#homes.keys();
    if (this.#homes.size > MOST_HOMES && oldest !== undefined) this.#homes.delete(oldest);
  }
}

/** Shared by all replicas through Redis; while it is away each goes by what it saw last. */
export class SharedFailures implements Failures {
  readonly #scripts: RedisScripts;
  readonly #own = new LocalFailures();

  constructor({ redis, deadlineMs }: { readonly redis: Redis | Cluster; readonly deadlineMs: number }) {
    this.#scripts = new RedisScripts(redis, deadlineMs);
  }

  async count(home: string, more: 0 | 1, nowMs: number): Promise<number> {
    const own = await this.#own.count(home, more, nowMs);
    try {
      const keys = [`captcha:{${home}}:failures`];
      const [count, sinceMs] = await this.#scripts.run(COUNT, keys, [nowMs, KEPT_MS, more]);
      this.#own.learn(home, { count: Number(count), sinceMs: Number(sinceMs) });
      return Math.max(own, Number(count));
    } catch (error) {
      if (!(error instanceof ChallengesAway)) throw error;
      return own;
    }
  }
}
