import { join } from "node:path";
import type { TestContext } from "node:test";
import { createLogger } from "@kinopass/http";
import { PostgresDatabase } from "@kinopass/postgres";
import { ManualClock, testDatabase } from "@kinopass/testing";
import { type AccountId, newAccountId, type RegionCode } from "../ids.ts";
import { Partitions } from "../partitions/partitions.ts";
import { Secrets } from "../secrets.ts";
import { History, type SignIn } from "./history.ts";

export const REGION = 5 as RegionCode;

export async function setUp(t: TestContext, { start = "2026-03-01T12:00:00.000Z", months = true } = {}) {
  const url = await testDatabase(t, {
    migrations: join(import.meta.dirname, "../../migrations"),
    schema: "auth",
  });
  const db = new PostgresDatabase({
    url,
    applicationName: "test",
    maxConnections: 4,
    acquireTimeoutMs: 5_000,
    statementTimeoutMs: 5_000,
    lockTimeoutMs: 2_000,
    planCacheMode: "force_generic_plan",
  });
  t.after(() => db.close());
  const clock = new ManualClock(start);
  const logger = createLogger({ level: "silent", service: "test" });
  const secrets = new Secrets({
    masters: [{ id: 1, key: Buffer.alloc(32, 1) }],
    directoryKey: Buffer.alloc(32, 2),
  });
  const partitions = new Partitions({ db, clock, logger });
  if (months) await partitions.ensureMonths(new Date("2025-01-01T00:00:00.000Z"));
  if (months)
    for (let month = 4; month < 16; month += 4)
      await partitions.ensureMonths(new Date(Date.UTC(2025, month, 1)));
  const make = () => new History({ db, clock, secrets, months: partitions, logger });
  const history = make();
  const accountId = newAccountId(clock.now(), REGION);
  return { url, db, clock, history, make, partitions, accountId, signIn: signInOf(accountId) };
}

export function signInOf(accountId: AccountId): SignIn {
  return {
    account: { id: accountId, region: REGION },
    sessionId: null,
    outcome: "signed_in",
    door: "password",
    device: { kind: "phone", name: "Firefox, Android" },
    client: { address: "203.0.113.7", userAgent: "Mozilla/5.0" },
  };
}
