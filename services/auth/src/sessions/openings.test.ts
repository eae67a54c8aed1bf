import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { PostgresDatabase } from "@kinopass/postgres";
import { newAccountId } from "../ids.ts";
import { parentsOfLeaves, scansIn } from "../partitions/touched-leaves.test-support.ts";
import { open } from "./queries.ts";
import type { Opening } from "./sessions.ts";
import { addAccount, rowsOf, setUpSessions, sourceOf, textOver } from "./set-up.test-support.ts";

const HASH = "$argon2id$v=19$m=19456,t=2,p=1$hash";
const OTHER = "$argon2id$v=19$m=19456,t=2,p=1$other";

/** Accounts with that hash, and what each asks for: awkward texts, nothing, or the usual. */
async function openingsOf(t: TestContext, count: number) {
  const given = await setUpSessions(t);
  const openings: Opening[] = [];
  for (let n = 0; n < count; n += 1) {
    const id = newAccountId(given.clock.now(), given.account.region);
    await addAccount(given.db, id, given.account.region);
    openings.push({
      ...given.opening,
      account: { id, region: given.account.region },
      client: {
        address: n % 2 === 0 ? `203.0.113.${n}` : "2001:db8::7",
        userAgent: n % 3 === 0 ? null : `"quoted", {braced}\\ ${n} é`,
      },
      device: { kind: "tv", name: n % 5 === 0 ? null : `Living room ${n}` },
      ...(n % 4 === 0 ? { ageCeiling: 12 as const } : {}),
    });
  }
  await rowsOf(given.db, "update auth.accounts set password_hash = $1", HASH);
  return { ...given, openings };
}

/** All that was written of an opening, but for the ids that were drawn for it. */
async function written(db: PostgresDatabase, { account }: Opening) {
  const sessions = await rowsOf<Record<string, unknown>>(
    db,
    "select *, host(address) as host from auth.sessions where account_id = $1",
    account.id,
  );
  const audit = await rowsOf<Record<string, unknown>>(
    db,
    "select * from auth.audit_entries where account_id = $1",
    account.id,
  );
  assert.equal(audit[0]?.["session_id"], sessions[0]?.["id"]);
  const plain = (row: Record<string, unknown>) => ({
    ...row,
    id: "",
    account_id: "",
    session_id: "",
    actor_id: row["actor_id"] === account.id,
  });
  return { sessions: sessions.map(plain), audit: audit.map(plain) };
}

test("sessions opened together are written as each is alone", async (t) => {
  const { services, openings, db, sessions } = await openingsOf(t, 40);
  const names: string[] = [];
  const run = db.run.bind(db);
  t.mock.method(db, "run", (statement: { readonly name: string }) => {
    names.push(statement.name);
    return run(statement as never);
  });
  const together = await Promise.all(openings.map((opening) => sessions.openWhile(HASH, opening)));
  assert.deepEqual(
    names.filter((name) => name.startsWith("sessions.")),
    ["sessions.open_many"],
  );
  for (const [index, opened] of together.entries()) {
    const opening = openings[index] ?? assert.fail();
    const [row] = await rowsOf<{ id: string }>(
      db,
      "select id from auth.sessions where account_id = $1",
      opening.account.id,
    );
    assert.equal(opened?.sessionId, row?.id);
    const inCompany = await written(db, opening);
    await rowsOf(db, "delete from auth.sessions where account_id = $1", opening.account.id);
    await rowsOf(db, "delete from auth.audit_entries where account_id = $1", opening.account.id);
    await services[0]?.sessions.openWhile(HASH, opening);
    assert.deepEqual(inCompany, await written(db, opening));
  }
});

test("among many, whoever's password was changed meanwhile opens nothing, and the others do", async (t) => {
  const { openings, db, sessions } = await openingsOf(t, 20);
  const changed = openings[7] ?? assert.fail();
  await rowsOf(db, "update auth.accounts set password_hash = $2 where id = $1", changed.account.id, OTHER);
  const opened = await Promise.all(openings.map((opening) => sessions.openWhile(HASH, opening)));
  assert.deepEqual(
    opened.map((one) => one === undefined),
    openings.map((_, n) => n === 7),
  );
  assert.deepEqual((await written(db, changed)).sessions, []);
});

test("two of one account in one company: the second is no new device", async (t) => {
  const { openings, sessions, db } = await openingsOf(t, 2);
  const [one = assert.fail(), other = assert.fail()] = openings;
  const opened = await Promise.all([one, other, one].map((opening) => sessions.openWhile(HASH, opening)));
  assert.deepEqual(
    opened.map((each) => each?.isNewDevice),
    [true, true, false],
  );
  assert.equal((await rowsOf(db, "select from auth.sessions")).length, 3);
});

test("a locked account keeps its own sign-in waiting, and nobody else's", async (t) => {
  const { openings, sessions, db } = await openingsOf(t, 12);
  const [locked, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  t.after(() => letGo.resolve());
  const done = db.transaction(async (tx) => {
    const text = "select from auth.accounts where id = $1 for update";
    await tx.run({ name: "", text, values: [openings[5]?.account.id] });
    locked.resolve();
    await letGo.promise;
  });
  await locked.promise;
  const asked = openings.map((opening) => sessions.openWhile(HASH, opening));
  await Promise.all(asked.filter((_, n) => n !== 5));
  const waiting = Symbol("waiting");
  assert.equal(await Promise.race([asked[5], waiting]), waiting);
  letGo.resolve();
  await done;
  assert.ok(await asked[5]);
});

test("the function runs the very statement that a sign-in alone runs", async (t) => {
  const { db } = await setUpSessions(t);
  const asked = "account session at expires_at region age_ceiling door device_kind device_name address";
  const names = `${asked} user_agent audit_id password_hash`.split(" ").map((name) => `asked.${name}`);
  const own = textOver(open.text, [...names, "p_most", "asked.request_id"]).replace(
    "select id, exists (select from auth.sessions",
    "select asked.number::integer, id, exists (select from auth.sessions",
  );
  assert.ok((await sourceOf(db, "auth.open_sessions")).includes(`return query ${own};`));
});

test("each of many is written to its leaf, and no other is read", async (t) => {
  const { db, openings, clock } = await openingsOf(t, 1);
  const parents = await parentsOfLeaves(db);
  const { account } = openings[0] ?? assert.fail();
  const values = (n: number) => ({
    account: account.id,
    session: `0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6${n}`,
    at: clock.now(),
    expires_at: new Date(clock.now().getTime() + 1_000),
    region: account.region,
    door: "password",
    device_kind: "tv",
    audit_id: `0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6${n}`,
    password_hash: HASH,
  });
  const leaves = await db.transaction(async (tx) => {
    const before = await scansIn(tx);
    const text = "select * from auth.open_sessions($1, 49)";
    const { rows } = await tx.run({ name: "", text, values: [JSON.stringify([values(1), values(2)])] });
    assert.equal(rows.length, 2);
    const after = await scansIn(tx);
    return [...after]
      .filter(([leaf, scans]) => scans > (before.get(leaf) ?? 0))
      .map(([leaf]) => parents.get(leaf));
  });
  assert.deepEqual(leaves.toSorted(), ["accounts", "sessions"]);
});
