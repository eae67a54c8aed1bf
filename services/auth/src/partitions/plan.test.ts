import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { PostgresDatabase, statement } from "@kinopass/postgres";
import { ManualClock, testDatabase } from "@kinopass/testing";
import { planPartitions, type Step, takeStep } from "./plan.ts";
import * as queries from "./queries.ts";

const MARS = { slug: "mars_olympus", jurisdiction: "RU", nameEn: "Olympus", nameRu: "Олимп" };

async function setUp(t: TestContext) {
  const url = await testDatabase(t, {
    migrations: join(import.meta.dirname, "../../migrations"),
    schema: "auth",
  });
  const open = (statementTimeoutMs: number) => {
    const db = new PostgresDatabase({
      url,
      applicationName: "test",
      maxConnections: 4,
      acquireTimeoutMs: 5_000,
      statementTimeoutMs,
      lockTimeoutMs: 2_000,
    });
    t.after(() => db.close());
    return db;
  };
  const db = open(10_000);
  return { db, open, clock: new ManualClock("2026-03-15T12:00:00.000Z") };
}

async function applyAll(db: PostgresDatabase, now: Date, regions = [] as (typeof MARS)[]): Promise<string[]> {
  const { steps } = await planPartitions(db, now, regions);
  for (const step of steps) await takeStep(db, step);
  return steps.map(describe);
}

function describe(step: Step): string {
  return step.kind === "add_region" ? `add_region ${step.region.slug}` : `${step.kind} ${step.leaf}`;
}

test("a plan makes the running month and three ahead, and a second one has nothing to do", async (t) => {
  const { db, clock } = await setUp(t);
  assert.deepEqual(await applyAll(db, clock.now()), [
    "make_month sign_ins_202603",
    "make_month sign_ins_202604",
    "make_month sign_ins_202605",
    "make_month sign_ins_202606",
  ]);
  const again = await planPartitions(db, clock.now());
  assert.deepEqual(again.steps, []);
  assert.equal(again.kept.length, 4);
});

test("twelve whole months are kept besides the running one; what is older goes, one by one", async (t) => {
  const { db, clock } = await setUp(t);
  await queries.ensureMonths(db, "2024-12-01", 15);
  assert.deepEqual(await applyAll(db, clock.now()), [
    "make_month sign_ins_202604",
    "make_month sign_ins_202605",
    "make_month sign_ins_202606",
    "detach sign_ins_202412",
    "drop sign_ins_202412",
    "detach sign_ins_202501",
    "drop sign_ins_202501",
    "detach sign_ins_202502",
    "drop sign_ins_202502",
  ]);
  const { rows } = await queries.monthLeaves(db);
  assert.equal(rows[0]?.leaf, "sign_ins_202503");
  assert.equal(rows.length, 16);
});

test("an apply that was interrupted is taken up where it stopped", async (t) => {
  const { db, clock, open } = await setUp(t);
  await queries.ensureMonths(db, "2025-01-01", 17);
  const impatient = open(300);
  // Somebody reads the table in a long transaction: the detachment waits for them and runs out of time.
  await db.transaction(async (tx) => {
    await tx.run({ name: "", text: "select from auth.sign_ins", values: [] });
    await assert.rejects(takeStep(impatient, { kind: "detach", leaf: "sign_ins_202501" }), {
      name: "DatabaseAway",
    });
  });
  const { steps } = await planPartitions(db, clock.now());
  assert.deepEqual(steps.map(describe), [
    "finalize sign_ins_202501",
    "drop sign_ins_202501",
    "detach sign_ins_202502",
    "drop sign_ins_202502",
  ]);
  const [finalize] = steps;
  if (finalize !== undefined) await takeStep(db, finalize);
  assert.deepEqual((await planPartitions(db, clock.now())).steps.map(describe)[0], "drop sign_ins_202501");
  await applyAll(db, clock.now());
  assert.deepEqual((await planPartitions(db, clock.now())).steps, []);
});

test("a new region has a leaf and a number of its own, once", async (t) => {
  const { db, clock } = await setUp(t);
  const venus = { ...MARS, slug: "venus", nameEn: "Venus", nameRu: "Венера" };
  assert.deepEqual((await applyAll(db, clock.now(), [MARS, venus])).slice(0, 2), [
    "add_region mars_olympus",
    "add_region venus",
  ]);
  assert.deepEqual(await applyAll(db, clock.now(), [MARS, venus]), []);
  const insert = statement<{ leaf: string }>(
    "test.insert",
    `insert into auth.accounts (id, region, created_at, updated_at, locale)
     select gen_random_uuid(), code, now(), now(), 'ru' from auth.regions where slug = 'venus'
     returning tableoid::regclass::text as leaf`,
  );
  assert.equal((await insert(db)).rows[0]?.leaf, "auth.accounts_venus");
});

test("a region whose name no table can have is refused whole", async (t) => {
  const { db } = await setUp(t);
  const region = { ...MARS, slug: "Mars; drop table" };
  await assert.rejects(takeStep(db, { kind: "add_region", region }), { sqlState: "23514" });
  const { rows } = await queries.regionSlugs(db);
  assert.equal(rows.length, 9);
});
