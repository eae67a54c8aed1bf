import { Redis } from "ioredis";

/** How many scripts Redis was asked to run since it started: what limits cost it. */
export class RedisScripts {
  readonly #redis: Redis;

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Undefined where the stand counts without Redis. */
  static open(url: string | undefined): RedisScripts | undefined {
    if (url === undefined) return undefined;
    const redis = new Redis(url, { connectTimeout: 2_000, commandTimeout: 2_000, maxRetriesPerRequest: 1 });
    redis.on("error", () => undefined);
    return new RedisScripts(redis);
  }

  async count(): Promise<number> {
    const stats = await this.#redis.info("commandstats");
    const ran = /^cmdstat_eval(?:sha)?:calls=(\d+)/gm; // Redis's names of its commands: nothing is evaluated here
    return [...stats.matchAll(ran)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  }

  close(): void {
    this.#redis.disconnect();
  }
}
