import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf, setUpSessions } from "./set-up.test-support.ts";

const OLD = "$argon2id$v=19$m=19456,t=2,p=1$old";
const NEW = "$argon2id$v=19$m=19456,t=2,p=1$new";

test("an opened session has its audit entry beside it", async (t) => {
  const { sessions, opening, db, account, clock } = await setUpSessions(t);
  const { sessionId } = await sessions.open(opening);
  const entries = await rowsOf(
    db,
    `select account_id, occurred_at, action, actor_kind, actor_id, session_id, host(address) as address, details
       from auth.audit_entries`,
  );
  assert.deepEqual(entries, [
    {
      account_id: account.id,
      occurred_at: clock.now(),
      action: "session.opened",
      actor_kind: "account",
      actor_id: account.id,
      session_id: sessionId,
      address: "203.0.113.7",
      details: { door: "password", device: "computer" },
    },
  ]);
});

test("a program the account was used with before is no new device, also when that session is over", async (t) => {
  const { sessions, opening, account } = await setUpSessions(t);
  const first = await sessions.open(opening);
  assert.equal(first.isNewDevice, true);
  await sessions.end(account.id, first.sessionId, { kind: "system" });
  assert.equal((await sessions.open(opening)).isNewDevice, false);
  const television = { ...opening, client: { ...opening.client, userAgent: "television" } };
  assert.equal((await sessions.open(television)).isNewDevice, true);
});

test("the device that gives way is told as revoked in the statement that opens the next", async (t) => {
  const { sessions, opening, clock, db } = await setUpSessions(t);
  const first = await sessions.open(opening);
  for (let count = 0; count < 50; count += 1) {
    clock.advance({ seconds: 1 });
    await sessions.open(opening);
  }
  const told = await rowsOf(db, "select event, session_id, because from auth.revocations");
  assert.deepEqual(told, [{ event: "session-revoked", session_id: first.sessionId, because: "too_many" }]);
});

test("nothing is written where the password is no longer the one that was verified, or the account not active", async (t) => {
  const { sessions, opening, db, account } = await setUpSessions(t);
  await rowsOf(db, "update auth.accounts set password_hash = $2 where id = $1", account.id, NEW);
  assert.equal(await sessions.openWhile(OLD, opening), undefined);
  await rowsOf(db, "update auth.accounts set status = 'disabled' where id = $1", account.id);
  assert.equal(await sessions.openWhile(NEW, opening), undefined);
  const written = await rowsOf(db, "select from auth.sessions union all select from auth.audit_entries");
  assert.equal(written.length, 0);
});

test("of forty sign-ins at once with a change of password, over four instances, none outlives it", async (t) => {
  const { services, opening, db, account } = await setUpSessions(t, 4);
  await rowsOf(db, "update auth.accounts set password_hash = $2 where id = $1", account.id, OLD);
  const changed = db.transaction(async (tx) => {
    await tx.run({
      name: "test.change",
      text: "update auth.accounts set password_hash = $2 where id = $1",
      values: [account.id, NEW],
    });
    await services[0]?.sessions.endAll(tx, account.id, { kind: "system" }, "password_changed");
  });
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => services[index % 4]?.sessions.openWhile(OLD, opening)),
  );
  await changed;
  assert.deepEqual(await rowsOf(db, "select id from auth.sessions where ended_at is null"), []);
});
