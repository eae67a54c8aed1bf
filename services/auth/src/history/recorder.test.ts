import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger } from "@kinopass/http";
import { PostgresDatabase, statement } from "@kinopass/postgres";
import { ManualClock } from "@kinopass/testing";
import { currentRequest, runWithRequest } from "@kinopass/tracing";
import { newAccountId } from "../ids.ts";
import { Secrets } from "../secrets.ts";
import { History } from "./history.ts";

import { REGION, setUp, signInOf } from "./set-up.test-support.ts";

const dropMonth = (leaf: string) => statement<never>(`test.drop_${leaf}`, `drop table auth.${leaf}`);

test("a missing month is made, and no row is lost", async (t) => {
  const { history, accountId, signIn, partitions } = await setUp(t, { months: false });
  assert.equal(await partitions.monthsAhead(), 0);

  for (let count = 0; count < 600; count += 1) history.record(signIn);

  assert.equal((await history.page({ accountId, size: 100 })).items.length, 100);
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
  assert.equal((await history.page({ accountId, size: 5 })).items.length, 0);
  assert.equal(history.dropped, 2);

  await statement<never>("test.give", "alter procedure auth.gone(date, integer) rename to ensure_months")(db);
  history.record(signIn);
  assert.equal((await history.page({ accountId, size: 5 })).items.length, 1);
  assert.equal(history.dropped, 2);
  clock.advance({ days: 1 });
  assert.equal(await partitions.monthsAhead(), 3);
});

test("a row the database refuses does not take its neighbours with it", async (t) => {
  const { history, accountId, signIn } = await setUp(t);
  for (let count = 0; count < 20; count += 1) history.record(signIn);
  history.record({ ...signIn, client: { address: "not an address", userAgent: null } });
  for (let count = 0; count < 20; count += 1) history.record(signIn);

  assert.equal((await history.page({ accountId, size: 100 })).items.length, 40);
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
  assert.equal((await make().page({ accountId, size: 5 })).items.length, 0);
});

test("rows are written without anybody asking, and the shutdown leaves none behind", async (t) => {
  const { history, make, accountId, signIn } = await setUp(t);
  const other = make();
  history.record(signIn);
  const deadline = performance.now() + 5_000;
  while ((await other.page({ accountId, size: 5 })).items.length === 0)
    assert.ok(performance.now() < deadline);

  history.record(signIn);
  await history.close();
  assert.equal((await other.page({ accountId, size: 5 })).items.length, 2);
});

test("rows are written outside the request that came first, and outside a reader's who waits for them", async (t) => {
  const { history, db, accountId, signIn } = await setUp(t);
  const run = db.run.bind(db);
  const writtenFor: unknown[] = [];
  const written = Promise.withResolvers<void>();
  db.run = (asked) => {
    if (asked.name === "history.insert") {
      writtenFor.push(currentRequest()?.requestId ?? "nobody");
      written.resolve();
    }
    return run(asked);
  };
  for (const requestId of ["came-first", "came-second"])
    runWithRequest({ requestId }, () => history.record(signIn));
  await written.promise;
  await runWithRequest({ requestId: "reader" }, async () => {
    history.record(signIn);
    assert.equal((await history.page({ accountId, size: 5 })).items.length, 3);
  });
  assert.deepEqual(writtenFor, ["nobody", "nobody"]);
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

  assert.equal((await history.page({ accountId, size: 5 })).items.length, 1);
});
