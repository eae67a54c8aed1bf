import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createLogger } from "@kinopass/http";
import { PostgresDatabase, statement } from "@kinopass/postgres";
import { ManualClock, testDatabase } from "@kinopass/testing";
import { Partitions } from "./partitions.ts";
import { maintenanceDatabase, PartitionUpkeep } from "./upkeep.ts";

async function setUp(t: TestContext, start = "2026-03-01T12:00:00.000Z") {
  const url = await testDatabase(t, {
    migrations: join(import.meta.dirname, "../../migrations"),
    schema: "auth",
  });
  const db = new PostgresDatabase({
    url,
    applicationName: "test",
    maxConnections: 8,
    acquireTimeoutMs: 5_000,
    statementTimeoutMs: 5_000,
    lockTimeoutMs: 2_000,
  });
  t.after(() => db.close());
  const clock = new ManualClock(start);
  const told: string[] = [];
  const logger = createLogger({ level: "silent", service: "test" });
  logger.error = (...args: unknown[]) => void told.push(String(args[1]));
  const partitions = new Partitions({ db, clock, logger });
  return { url, db, clock, told, logger, partitions };
}

test("the running month and three more are made, by however many replicas at once", async (t) => {
  const { partitions } = await setUp(t);

  await Promise.all(Array.from({ length: 8 }, () => partitions.ensureMonths()));

  assert.equal(await partitions.monthsAhead(), 3);
});

test("months follow the calendar over the end of a year and on its last moment in UTC", async (t) => {
  const { partitions, clock } = await setUp(t, "2026-12-31T23:59:59.999Z");
  await partitions.ensureMonths();
  assert.equal(await partitions.monthsAhead(), 3);

  clock.advance({ ms: 1 });
  assert.equal(await partitions.monthsAhead(), 2);
});

test("a month that is missing in between counts for what it is: the end of what is made", async (t) => {
  const { partitions, db } = await setUp(t);
  await partitions.ensureMonths();
  await statement<never>("test.drop", "drop table auth.sign_ins_202604")(db);

  assert.equal(await partitions.monthsAhead(), 0);
});

test("the alarm sounds below two future months, and not before", async (t) => {
  const { partitions, told, clock, db } = await setUp(t);
  await partitions.round();
  assert.deepEqual(told, []);

  await statement<never>("test.take", "alter procedure auth.ensure_months(date, integer) rename to gone")(db);
  clock.advance({ days: 31 });
  await partitions.round();
  assert.deepEqual(told, ["could not make the months of sign_ins ahead"]);

  clock.advance({ days: 31 });
  await partitions.round();
  assert.match(told.at(-1) ?? "", /fewer than two future months/);
});

test("the daily round analyzes the parents once a week, and survives a database that is away", async (t) => {
  const { partitions, logger, told, url } = await setUp(t);
  const upkeep = new PartitionUpkeep({ partitions, logger, openDatabase: () => maintenanceDatabase(url) });

  const analyzed = await upkeep.round();

  for (const parent of ["accounts", "sign_ins", "sessions", "identifiers"])
    assert.ok(analyzed.includes(parent));
  assert.deepEqual(await upkeep.round(), []);

  const lost = new PartitionUpkeep({
    partitions,
    logger,
    openDatabase: () => maintenanceDatabase(url.replace(/:\d+\//, ":1/")),
  });
  assert.deepEqual(await lost.round(), []);
  assert.deepEqual(told, ["could not analyze the partitioned tables"]);
  lost.start();
  await lost.stop();
});

test("an unknown region fails loudly", async (t) => {
  const { db } = await setUp(t);
  const insert = statement<never>(
    "test.insert",
    `insert into auth.accounts (id, region, created_at, updated_at, locale) values (gen_random_uuid(), 77, now(), now(), 'ru')`,
  );

  await assert.rejects(insert(db), { name: "DatabaseRefusal", sqlState: "23514" });
});
