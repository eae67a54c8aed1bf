import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { PostgresDatabase, Statement, Transaction } from "@kinopass/postgres";
import { birthRegionOf } from "../ids.ts";
import { parentsOfLeaves, scansIn } from "../partitions/touched-leaves.test-support.ts";
import { rotate } from "./queries.ts";
import { Rotations } from "./rotations.ts";
import { IDLE_MS, OVERLAP_MS, type Tokens } from "./sessions.ts";
import { setUpSessions, sourceOf, textOver } from "./set-up.test-support.ts";

/** How many rotations each statement of the database carried, from now on. */
function watchRotations(db: PostgresDatabase): number[] {
  const sizes: number[] = [];
  const run = db.run.bind(db);
  db.run = <Row>(statement: Statement) => {
    if (statement.name === "sessions.rotate") sizes.push(1);
    if (statement.name === "sessions.rotate_many") sizes.push((statement.values[0] as unknown[]).length);
    return run<Row>(statement);
  };
  return sizes;
}

async function openMany(t: TestContext, count: number) {
  const given = await setUpSessions(t);
  const opened: Tokens[] = [];
  for (let n = 0; n < count; n += 1) opened.push(await given.sessions.open(given.opening));
  return { ...given, opened };
}

/** Somebody who has locked a session's row and does not let go. */
async function lockRow(t: TestContext, db: PostgresDatabase, sessionId: string) {
  const [locked, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = db.transaction(async (tx: Transaction) => {
    const text = "select from auth.sessions where id = $1 for update";
    await tx.run({ name: "", text, values: [sessionId] });
    locked.resolve();
    await letGo.promise;
  });
  t.after(() => letGo.resolve());
  await locked.promise;
  return async () => {
    letGo.resolve();
    await done;
  };
}

test("refreshes that come at once go to the database together, and each is answered with its own", async (t) => {
  const { sessions, opened, db } = await openMany(t, 40);
  const sizes = watchRotations(db);
  const answers = await Promise.all(opened.map(({ refreshToken }) => sessions.refresh(refreshToken)));
  for (const [index, answer] of answers.entries()) {
    assert.equal(answer.sessionId, opened[index]?.sessionId);
    assert.equal(sessions.readRefreshToken(answer.refreshToken)?.counter, 1);
    assert.equal(sessions.readRefreshToken(answer.refreshToken)?.sessionId, opened[index]?.sessionId);
  }
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    40,
  );
  assert.ok(sizes.length <= 3, sizes.join(" "));
});

test("a refresh that comes alone is asked for alone", async (t) => {
  const { sessions, opened, db } = await openMany(t, 1);
  const sizes = watchRotations(db);
  let token = opened[0]?.refreshToken ?? assert.fail();
  for (let n = 0; n < 3; n += 1) token = (await sessions.refresh(token)).refreshToken;
  assert.deepEqual(sizes, [1, 1, 1]);
});

test("among many, one session that is over and one stolen token are refused, and nobody else", async (t) => {
  const { sessions, opened, account, clock } = await openMany(t, 30);
  const [over, stolen] = [opened[10] ?? assert.fail(), opened[20] ?? assert.fail()];
  await sessions.end(account.id, over.sessionId, { kind: "system" });
  await sessions.refresh(stolen.refreshToken);
  clock.advance({ seconds: 11 });
  const outcomes = await Promise.allSettled(opened.map(({ refreshToken }) => sessions.refresh(refreshToken)));
  const codes = outcomes.map((one) =>
    one.status === "fulfilled" ? "" : (one.reason as { code: string }).code,
  );
  assert.equal(codes[10], "session_over");
  assert.equal(codes[20], "refresh_token_reused");
  assert.equal(codes.filter((code) => code === "").length, 28);
});

test("the same token many times among others is given one successor", async (t) => {
  const { sessions, opened } = await openMany(t, 8);
  const asked = Array.from({ length: 80 }, (_, n) => opened[n % 8] ?? assert.fail());
  const answers = await Promise.all(asked.map(({ refreshToken }) => sessions.refresh(refreshToken)));
  assert.equal(new Set(answers.map(({ refreshToken }) => refreshToken)).size, 8);
});

test("a locked row keeps its own refresh waiting, and nobody else's", async (t) => {
  const { sessions, opened, db } = await openMany(t, 30);
  // Among the others, and then each alone again: more than there are round trips that others wait for.
  const locked = [0, 1, 15];
  const letGo = await Promise.all(locked.map((n) => lockRow(t, db, opened[n]?.sessionId ?? "")));
  const answers = opened.map(({ refreshToken }) => sessions.refresh(refreshToken));
  await Promise.all(answers.filter((_, n) => !locked.includes(n)));
  const waiting = Symbol("waiting");
  for (const n of locked) assert.equal(await Promise.race([answers[n], waiting]), waiting);
  await Promise.all(letGo.map((go) => go()));
  await Promise.all(answers);
});

test("a counter that the database refuses spoils no other's refresh", async (t) => {
  const { opened, sessions, db, clock } = await openMany(t, 10);
  const rotations = new Rotations(db, clock, { overlapMs: OVERLAP_MS, idleMs: IDLE_MS });
  const claims = opened.map(({ refreshToken }) => sessions.readRefreshToken(refreshToken) ?? assert.fail());
  const outcomes = await Promise.allSettled(
    claims.map((claim, n) =>
      rotations.rotate(n === 5 ? { ...claim, counter: 2 ** 32 - 1 } : claim, birthRegionOf(claim.accountId)),
    ),
  );
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    claims.map((_, n) => (n === 5 ? "rejected" : "fulfilled")),
  );
});

test("the function runs the very statement that a refresh alone runs", async (t) => {
  const { db } = await setUpSessions(t);
  const names = ["p_account", "p_session", "p_counter", "p_region", "p_now", "p_overlap", "p_idle"];
  const own = textOver(rotate.text, names).replace("select rotated.", "select p_number, rotated.");
  assert.ok((await sourceOf(db, "auth.rotate_sessions")).includes(`return query ${own};`));
});

test("each of many finds its leaf, and no other is read", async (t) => {
  const { db, opened, sessions, account, clock } = await openMany(t, 3);
  const parents = await parentsOfLeaves(db);
  const claims = opened.map(({ refreshToken }) => sessions.readRefreshToken(refreshToken) ?? assert.fail());
  const scanned = await db.transaction(async (tx) => {
    const before = await scansIn(tx);
    const now = clock.now();
    await tx.run({
      name: "",
      text: "select * from auth.rotate_sessions($1, $2, $3, $4, $5, $5, $6)",
      values: [
        claims.map(({ accountId }) => accountId),
        claims.map(({ sessionId }) => sessionId),
        claims.map(({ counter }) => counter),
        claims.map(() => account.region),
        now,
        new Date(now.getTime() - IDLE_MS),
      ],
    });
    const after = await scansIn(tx);
    return [...after].map(([leaf, scans]) => [parents.get(leaf), scans - (before.get(leaf) ?? 0)] as const);
  });
  // All are of one account: three times the one leaf of each table.
  assert.deepEqual(scanned.filter(([, scans]) => scans > 0).toSorted(), [
    ["accounts", 3],
    ["role_grants", 3],
    ["sessions", 3],
  ]);
});
