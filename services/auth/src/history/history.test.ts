import assert from "node:assert/strict";
import { test } from "node:test";
import { newAccountId } from "../ids.ts";

import { REGION, setUp } from "./set-up.test-support.ts";

test("what was recorded is read back at once, newest first", async (t) => {
  const { history, clock, accountId, signIn } = await setUp(t);
  history.record({ ...signIn, outcome: "wrong_password" });
  clock.advance({ minutes: 1 });
  history.record(signIn);

  const { items: rows, nextCursor } = await history.page({ accountId, size: 20 });

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
    seen.push(...page.items.map(({ id }) => id));
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

  assert.equal((await history.page({ accountId, size: 2 })).items.length, 2);
  const tv = await history.page({ accountId, size: 2, device: "tv" });
  assert.deepEqual(
    tv.items.map(({ device_kind }) => device_kind),
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
