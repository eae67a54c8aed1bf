import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createLogger } from "@kinopass/http";
import { PostgresDatabase, statement } from "@kinopass/postgres";
import { ManualClock, testDatabase } from "@kinopass/testing";
import { type AccountId, newAccountId, type RegionCode } from "../ids.ts";
import { Partitions } from "../partitions/partitions.ts";
import { Secrets } from "../secrets.ts";
import { History, type SignIn } from "./history.ts";

const REGION = 5 as RegionCode;
const dropMonth = (leaf: string) => statement<never>(`test.drop_${leaf}`, `drop table auth.${leaf}`);

async function setUp(t: TestContext, { start = "2026-03-01T12:00:00.000Z", months = true } = {}) {
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

function signInOf(accountId: AccountId): SignIn {
  return {
    account: { id: accountId, region: REGION },
    sessionId: null,
    outcome: "signed_in",
    door: "password",
    device: { kind: "phone", name: "Firefox, Android" },
    client: { address: "203.0.113.7", userAgent: "Mozilla/5.0" },
  };
}

test("what was recorded is read back at once, newest first", async (t) => {
  const { history, clock, accountId, signIn } = await setUp(t);
  history.record({ ...signIn, outcome: "wrong_password" });
  clock.advance({ minutes: 1 });
  history.record(signIn);

  const { rows, nextCursor } = await history.page({ accountId, size: 20 });

  assert.deepEqual(
    rows.map(({ outcome }) => outcome),
    ["signed_in", "wrong_password"],
  );
  assert.deepEqual(rows[0]?.occurred_at, clock.now());
  assert.equal(rows[0]?.address, "203.0.113.7");
  assert.equal(rows[0]?.device_kind, "phone");
  assert.equal(nextCursor, null);
});

test("pages continue without a gap or a repetition over months and equal moments", async (t) => {
  const { history, clock, accountId, signIn } = await setUp(t, { start: "2025-02-20T00:00:00.000Z" });
  for (let step = 0; step < 30; step += 1) {
    history.record(signIn);
    history.record(signIn);
    clock.advance({ days: 12, hours: 5 });
  }
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await history.page({ accountId, size: 7, cursor });
    seen.push(...page.rows.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);

  assert.equal(seen.length, 60);
  assert.equal(new Set(seen).size, 60);
});

test("a short page is filled from older months, and a device filter looks through all of them", async (t) => {
  const { history, clock, accountId, signIn } = await setUp(t, { start: "2025-03-10T00:00:00.000Z" });
  history.record({ ...signIn, device: { kind: "tv", name: null } });
  clock.advance({ days: 300 });
  history.record(signIn);

  assert.equal((await history.page({ accountId, size: 2 })).rows.length, 2);
  const tv = await history.page({ accountId, size: 2, device: "tv" });
  assert.deepEqual(
    tv.rows.map(({ device_kind }) => device_kind),
    ["tv"],
  );
});

test("a cursor of another account, another filter or one's own making is refused", async (t) => {
  const { history, accountId, signIn, clock } = await setUp(t);
  for (let count = 0; count < 3; count += 1) history.record(signIn);
  const { nextCursor } = await history.page({ accountId, size: 2 });
  assert.ok(nextCursor !== null);
  const stranger = newAccountId(clock.now(), REGION);
  const refused = { code: "invalid_request" };

  await assert.rejects(history.page({ accountId: stranger, size: 2, cursor: nextCursor }), refused);
  await assert.rejects(history.page({ accountId, size: 2, device: "tv", cursor: nextCursor }), refused);
  const forged = [
    "x",
    "AAAA",
    Buffer.from(JSON.stringify([1, 0, "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f", "A".repeat(22)])).toString(
      "base64url",
    ),
    Buffer.from(JSON.stringify([9, 0, "x", ""])).toString("base64url"),
    Buffer.from("[1e400]").toString("base64url"),
    `${nextCursor.slice(0, -2)}AA`,
  ];
  for (const cursor of forged)
    await assert.rejects(history.page({ accountId, size: 2, cursor }), refused, cursor);
});

test("a missing month is made, and no row is lost", async (t) => {
  const { history, accountId, signIn, partitions } = await setUp(t, { months: false });
  assert.equal(await partitions.monthsAhead(), 0);

  for (let count = 0; count < 600; count += 1) history.record(signIn);

  assert.equal((await history.page({ accountId, size: 100 })).rows.length, 100);
  assert.equal((await history.exportOf(accountId)).length, 600);
  assert.equal(history.dropped, 0);
  assert.equal(await partitions.monthsAhead(), 3);
});

test("where the month cannot be made the rows are counted as lost, and the next ones are written", async (t) => {
  const { history, db, accountId, signIn, clock, partitions } = await setUp(t, { months: false });
  // The service's own role may lack the right to create tables.
  await statement<never>("test.take", "alter procedure auth.ensure_months(date, integer) rename to gone")(db);
  history.record(signIn);
  history.record(signIn);
  assert.equal((await history.page({ accountId, size: 5 })).rows.length, 0);
  assert.equal(history.dropped, 2);

  await statement<never>("test.give", "alter procedure auth.gone(date, integer) rename to ensure_months")(db);
  history.record(signIn);
  assert.equal((await history.page({ accountId, size: 5 })).rows.length, 1);
  assert.equal(history.dropped, 2);
  clock.advance({ days: 1 });
  assert.equal(await partitions.monthsAhead(), 3);
});

test("a row the database refuses does not take its neighbours with it", async (t) => {
  const { history, accountId, signIn } = await setUp(t);
  for (let count = 0; count < 20; count += 1) history.record(signIn);
  history.record({ ...signIn, client: { address: "not an address", userAgent: null } });
  for (let count = 0; count < 20; count += 1) history.record(signIn);

  assert.equal((await history.page({ accountId, size: 100 })).rows.length, 40);
  assert.equal(history.dropped, 1);
});

test("a database that is gone costs rows, never an exception, and the queue stays bounded", async (t) => {
  const { url, make, signIn, accountId } = await setUp(t);
  const away = new PostgresDatabase({
    url: url.replace(/:\d+\//, ":1/"),
    applicationName: "test",
    maxConnections: 1,
    acquireTimeoutMs: 200,
    statementTimeoutMs: 200,
    lockTimeoutMs: 200,
  });
  t.after(() => away.close());
  const history = new History({
    db: away,
    clock: new ManualClock(),
    secrets: new Secrets({ masters: [{ id: 1, key: Buffer.alloc(32) }], directoryKey: Buffer.alloc(32) }),
    months: { ensureMonths: async () => {} },
    logger: createLogger({ level: "silent", service: "test" }),
  });
  for (let count = 0; count < 10_005; count += 1) history.record(signIn);
  assert.equal(history.dropped, 5);
  await history.close();
  assert.equal(history.dropped, 10_005);
  assert.equal((await make().page({ accountId, size: 5 })).rows.length, 0);
});

test("rows are written without anybody asking, and the shutdown leaves none behind", async (t) => {
  const { history, make, accountId, signIn } = await setUp(t);
  const other = make();
  history.record(signIn);
  const deadline = performance.now() + 5_000;
  while ((await other.page({ accountId, size: 5 })).rows.length === 0)
    assert.ok(performance.now() < deadline);

  history.record(signIn);
  await history.close();
  assert.equal((await other.page({ accountId, size: 5 })).rows.length, 2);
});

test("erasing takes rows that are written and rows that still wait", async (t) => {
  const { history, db, accountId, signIn, clock } = await setUp(t);
  const other = newAccountId(clock.now(), REGION);
  history.record(signIn);
  await history.page({ accountId, size: 1 });
  history.record(signIn);
  history.record(signInOf(other));

  await db.transaction((tx) => history.erase(tx, accountId));

  assert.equal((await history.exportOf(accountId)).length, 0);
  assert.equal((await history.exportOf(other)).length, 1);
});

test("a month that is dropped under a reader's feet is simply not there any more", async (t) => {
  const { history, db, accountId, signIn } = await setUp(t);
  history.record(signIn);
  await history.page({ accountId, size: 5 });
  await dropMonth("sign_ins_202503")(db);

  assert.equal((await history.page({ accountId, size: 5 })).rows.length, 1);
});
