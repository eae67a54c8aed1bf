import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { PostgresDatabase } from "@kinopass/postgres";
import { type RedisProcess, startRedis, testDatabase } from "@kinopass/testing";
import { Redis } from "ioredis";
import type { ChallengeStore } from "../challenge-store.ts";
import { POLICY } from "../policy.ts";
import { PostgresChallenges } from "../postgres-challenges.ts";
import { RedisChallenges } from "../redis-challenges.ts";

/** Wide, so that a slow test machine does not look like a Redis that is away; the tests of that set their own. */
const DEADLINE_MS = 60_000;

/** A real Redis of this test alone, and challenges in it. */
export async function redisStore(
  t: TestContext,
  deadlineMs = DEADLINE_MS,
): Promise<{ store: RedisChallenges; redis: Redis; server: RedisProcess }> {
  const server = await startRedis(t);
  const redis = new Redis(server.url, { retryStrategy: () => 20 });
  redis.on("error", () => {});
  await redis.ping();
  t.after(() => redis.disconnect());
  return { store: new RedisChallenges({ redis, policy: POLICY, deadlineMs }), redis, server };
}

const migrations = mkdtempSync(join(tmpdir(), "captcha-schema-"));
for (const [index, name] of ["0006_captcha", "0009_captcha-five-sums", "0013_captcha-seven-rounds"].entries())
  copyFileSync(
    new URL(`../../../migrations/${name}.sql`, import.meta.url),
    join(migrations, `000${index + 1}_captcha.sql`),
  );
after(() => rmSync(migrations, { recursive: true }));
// The server ends with the scope that first asks for a database: ask here, for the whole file. This
// copy goes with its server.
await testDatabase({ after: () => {} }, { migrations, schema: "auth" });

/** A real database of this test alone, with the captcha's tables. */
export async function postgresStore(
  t: TestContext,
): Promise<{ store: PostgresChallenges; db: PostgresDatabase }> {
  const url = await testDatabase(t, { migrations, schema: "auth" });
  const db = new PostgresDatabase({
    url,
    applicationName: "captcha-test",
    maxConnections: 10,
    acquireTimeoutMs: 10_000,
    statementTimeoutMs: 10_000,
    lockTimeoutMs: 10_000,
  });
  t.after(() => db.close());
  return { store: new PostgresChallenges({ db, policy: POLICY }), db };
}

/** Both homes of challenges: what is promised must hold in each. */
export const STORES: Readonly<Record<string, (t: TestContext) => Promise<ChallengeStore>>> = {
  Redis: async (t) => (await redisStore(t)).store,
  PostgreSQL: async (t) => (await postgresStore(t)).store,
};
