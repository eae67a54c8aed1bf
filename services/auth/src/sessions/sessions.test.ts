import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccountId, birthRegionOf, type SessionId } from "../ids.ts";
import { Secrets } from "../secrets.ts";
import { ask } from "../testing/ask.ts";
import { startTestAuth } from "../testing/start-auth.ts";
import { readRefreshToken, refreshTokenOf } from "./refresh-token.ts";
import type { Tokens } from "./sessions.ts";
import { rowsOf, setUpSessions } from "./set-up.test-support.ts";

test("a refresh gives the next pair, and the chain goes on for weeks", async (t) => {
  const { sessions, opening, clock } = await setUpSessions(t);
  let tokens: Tokens = await sessions.open(opening);
  for (let day = 0; day < 5; day += 1) {
    clock.advance({ days: 20 });
    const next = await sessions.refresh(tokens.refreshToken);
    assert.notEqual(next.refreshToken, tokens.refreshToken);
    assert.equal(next.sessionId, tokens.sessionId);
    tokens = next;
  }
});

test("the same refresh token within ten seconds gives the same successor: nobody is signed out by two tabs", async (t) => {
  const { sessions, opening, clock } = await setUpSessions(t);
  const { refreshToken } = await sessions.open(opening);
  const first = await sessions.refresh(refreshToken);
  clock.advance({ seconds: 9.9 });
  const again = await sessions.refresh(refreshToken);
  assert.equal(again.refreshToken, first.refreshToken);
  await sessions.refresh(first.refreshToken);
});

test("the overlap is counted from the rotation, not from the last repeat", async (t) => {
  const { sessions, opening, clock } = await setUpSessions(t);
  const { refreshToken } = await sessions.open(opening);
  await sessions.refresh(refreshToken);
  clock.advance({ seconds: 6 });
  await sessions.refresh(refreshToken);
  clock.advance({ seconds: 6 });
  await assert.rejects(sessions.refresh(refreshToken), { code: "refresh_token_reused" });
});

test("an older refresh token ends the session for everybody who holds it, and is reported", async (t) => {
  const { sessions, opening, clock, db, account } = await setUpSessions(t);
  const first = await sessions.open(opening);
  const second = await sessions.refresh(first.refreshToken);
  clock.advance({ seconds: 11 });
  await assert.rejects(sessions.refresh(first.refreshToken), { code: "refresh_token_reused", status: 401 });
  await assert.rejects(sessions.refresh(second.refreshToken), { code: "session_over", status: 401 });
  const audit = await rowsOf<{ action: string }>(
    db,
    "select action from auth.audit_entries where account_id = $1 order by id",
    account.id,
  );
  assert.deepEqual(
    audit.map(({ action }) => action),
    ["session.opened", "session.refresh_token_reused"],
  );
  const revoked = await rowsOf<{ session_id: string; because: string }>(
    db,
    "select session_id, because from auth.revocations",
  );
  assert.deepEqual(revoked, [{ session_id: first.sessionId, because: "refresh_token_reused" }]);
});

test("the second-last token inside the overlap is still a reuse", async (t) => {
  const { sessions, opening } = await setUpSessions(t);
  const first = await sessions.open(opening);
  const second = await sessions.refresh(first.refreshToken);
  await sessions.refresh(second.refreshToken);
  await assert.rejects(sessions.refresh(first.refreshToken), { code: "refresh_token_reused" });
});

test("a session ends after 30 days without use and after 180 days in any case", async (t) => {
  const { sessions, opening, clock } = await setUpSessions(t);
  const idle = await sessions.open(opening);
  clock.advance({ days: 30, seconds: 1 });
  await assert.rejects(sessions.refresh(idle.refreshToken), { code: "session_over" });

  let busy: Tokens = await sessions.open(opening);
  for (let step = 0; step < 8; step += 1) {
    clock.advance({ days: 20 });
    busy = await sessions.refresh(busy.refreshToken);
  }
  clock.advance({ days: 20, seconds: 1 });
  await assert.rejects(sessions.refresh(busy.refreshToken), { code: "session_over" });
});

test("fifty refreshes at once over four instances make one lineage: every one is given the same successor", async (t) => {
  const { services, opening } = await setUpSessions(t, 4);
  let { refreshToken } = (await services[0]?.sessions.open(opening)) ?? assert.fail();
  for (let round = 0; round < 20; round += 1) {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => services[index % 4]?.sessions.refresh(refreshToken)),
    );
    const successors = new Set(outcomes.map((outcome) => outcome?.refreshToken));
    assert.equal(successors.size, 1, `round ${round}`);
    refreshToken = outcomes[0]?.refreshToken ?? assert.fail();
  }
});

test("a refresh that races with signing out everywhere never leaves a live session", async (t) => {
  const { services, db, opening, account } = await setUpSessions(t, 2);
  for (let round = 0; round < 25; round += 1) {
    const { refreshToken } = (await services[0]?.sessions.open(opening)) ?? assert.fail();
    const [refreshed] = await Promise.allSettled([
      services[0]?.sessions.refresh(refreshToken),
      db.transaction(
        (tx) =>
          services[1]?.sessions.endAll(tx, account.id, { kind: "system" }, "test") ?? Promise.resolve(0),
      ),
    ]);
    const latest = refreshed.status === "fulfilled" ? refreshed.value?.refreshToken : refreshToken;
    await assert.rejects(services[0]?.sessions.refresh(latest ?? "") ?? Promise.resolve(), {
      code: "session_over",
    });
  }
});

test("what we did not make dies before any I/O: every flipped byte, every cut, every other spelling", async (t) => {
  const { sessions, opening, db } = await setUpSessions(t);
  const { refreshToken } = await sessions.open(opening);
  await db.close();
  const body = refreshToken.slice(6);
  const forged = [
    ...Array.from(
      { length: body.length },
      (_, at) => `kp_rt_${body.slice(0, at)}${body[at] === "A" ? "B" : "A"}${body.slice(at + 1)}`,
    ),
    ...Array.from({ length: body.length }, (_, at) => `kp_rt_${body.slice(0, at)}`),
    `${refreshToken}=`,
    `${refreshToken}A`,
    ` ${refreshToken}`,
    body,
    "",
    "kp_rt_",
  ].filter((token) => token !== refreshToken);
  for (const token of forged)
    await assert.rejects(sessions.refresh(token), { code: "refresh_token_invalid" }, token);
  // The genuine one gets as far as the database, which is gone: trouble of ours, not a refusal.
  await assert.rejects(sessions.refresh(refreshToken), { name: "DatabaseAway" });
});

test("HMAC keys rotate: tokens of the older key still refresh, and come back under the newer", () => {
  const key = (byte: number) => Buffer.alloc(32, byte);
  const claims = {
    accountId: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f" as AccountId,
    sessionId: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e70" as SessionId,
    counter: 7,
  };
  const before = new Secrets({ masters: [{ id: 1, key: key(1) }], directoryKey: key(9) });
  const after = new Secrets({
    masters: [
      { id: 2, key: key(2) },
      { id: 1, key: key(1) },
    ],
    directoryKey: key(9),
  });
  const old = refreshTokenOf(before, claims);
  assert.deepEqual(readRefreshToken(after, old), claims);
  assert.notEqual(refreshTokenOf(after, claims), old);
  assert.equal(readRefreshToken(before, refreshTokenOf(after, claims)), undefined);
});

test("a failover that lost a rotation of ours signs nobody out", async (t) => {
  const { sessions, opening, db, account } = await setUpSessions(t);
  const first = await sessions.open(opening);
  const second = await sessions.refresh(first.refreshToken);
  const third = await sessions.refresh(second.refreshToken);
  await rowsOf(db, "update auth.sessions set counter = 0 where account_id = $1", account.id);
  const fourth = await sessions.refresh(third.refreshToken);
  await sessions.refresh(fourth.refreshToken);
});

test("roles, age and status are read anew at every refresh", async (t) => {
  const { sessions, accessTokens, opening, db, account, clock } = await setUpSessions(t);
  const first = await sessions.open({ ...opening, birthDate: "1990-05-17" });
  await rowsOf(
    db,
    "insert into auth.role_grants (account_id, role_name, granted_at, granted_by) values ($1, 'subscriber', now(), 'test')",
    account.id,
  );
  await rowsOf(db, "update auth.accounts set birth_date = '2015-03-02' where id = $1", account.id);
  const second = await sessions.refresh(first.refreshToken);
  const before = await accessTokens.verify(first.accessToken);
  const after = await accessTokens.verify(second.accessToken);
  assert.deepEqual([before?.roles, before?.ageCeiling], [[], 18]);
  assert.deepEqual([after?.roles, after?.ageCeiling], [["subscriber"], 6]);
  clock.advance({ days: 366 });
  await rowsOf(
    db,
    "update auth.sessions set last_used_at = $2, expires_at = $2::timestamptz + interval '9 days' where account_id = $1",
    account.id,
    clock.now(),
  );
  const birthday = await sessions.refresh(second.refreshToken);
  assert.equal((await accessTokens.verify(birthday.accessToken))?.ageCeiling, 12);
  await rowsOf(db, "update auth.accounts set status = 'disabled' where id = $1", account.id);
  await assert.rejects(sessions.refresh(birthday.refreshToken), { code: "account_disabled" });
});

test("a device may be given less than its owner's age allows, and keeps it through refreshes", async (t) => {
  const { sessions, accessTokens, opening } = await setUpSessions(t);
  const tv = await sessions.open({ ...opening, ageCeiling: 6 });
  assert.equal((await accessTokens.verify(tv.accessToken))?.ageCeiling, 6);
  const next = await sessions.refresh(tv.refreshToken);
  assert.equal((await accessTokens.verify(next.accessToken))?.ageCeiling, 6);
});

test("an account that moved keeps its id and its sessions", async (t) => {
  const { sessions, opening, db, account } = await setUpSessions(t);
  const { refreshToken } = await sessions.open(opening);
  await rowsOf(db, "update auth.accounts set region = 7 where id = $1", account.id);
  await rowsOf(db, "update auth.sessions set region = 7 where account_id = $1", account.id);
  assert.equal(birthRegionOf(account.id), 5);
  await sessions.refresh(refreshToken);
});

test("the fifty-first device signs out the one unused for longest", async (t) => {
  const { sessions, opening, clock, account } = await setUpSessions(t);
  const first = await sessions.open(opening);
  for (let count = 0; count < 50; count += 1) {
    clock.advance({ seconds: 1 });
    await sessions.open(opening);
  }
  assert.equal((await sessions.list(account.id)).length, 50);
  await assert.rejects(sessions.refresh(first.refreshToken), { code: "session_over" });
});

test("ending another account's session, or one twice, is 'no such session'", async (t) => {
  const { sessions, opening, account } = await setUpSessions(t);
  const { sessionId } = await sessions.open(opening);
  const stranger = "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f" as AccountId;
  await assert.rejects(sessions.end(stranger, sessionId, { kind: "system" }), { code: "session_not_found" });
  await sessions.end(account.id, sessionId, { kind: "system" });
  await assert.rejects(sessions.end(account.id, sessionId, { kind: "system" }), {
    code: "session_not_found",
  });
});

test("a sign-in in the very millisecond of signing out everywhere survives it", async (t) => {
  const { sessions, opening, db, account, accessTokens } = await setUpSessions(t);
  const before = await sessions.open(opening);
  await db.transaction((tx) => sessions.endAll(tx, account.id, { kind: "system" }, "test"));
  const after = await sessions.open(opening);
  await assert.rejects(sessions.refresh(before.refreshToken), { code: "session_over" });
  await sessions.refresh(after.refreshToken);
  const dead = await rowsOf<{ session_id: string }>(db, "select session_id from auth.revocations");
  assert.deepEqual(
    dead.map(({ session_id }) => session_id),
    [before.sessionId],
  );
  assert.ok(await accessTokens.verify(after.accessToken));
});

test("a clock that leaps ahead and falls back signs nobody out, and lengthens no token's life", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const refresh = async (token: string) =>
    (await ask(auth, "POST /v1/sessions/refresh", { refresh_token: token })).body;
  const sees = async (token: string) =>
    (await ask(auth, "GET /v1/me", undefined, { headers: { authorization: `Bearer ${token}` } })).status;
  auth.clock.advance({ hours: 1 });
  assert.equal(await sees(anna.accessToken), 401, "it ran out, by this clock");
  const ahead = await refresh(anna.refreshToken);
  auth.clock.advance({ hours: -1, minutes: -10 });
  assert.equal(await sees(ahead.access_token), 200);
  const back = await refresh(ahead.refresh_token);
  assert.equal(await sees(back.access_token), 200);
  assert.equal((await auth.signIn(anna.email)).email, anna.email);
  auth.clock.advance({ minutes: 11 });
  assert.equal(await sees(back.access_token), 401, "ten minutes, as ever");
  const next = await refresh(back.refresh_token);
  assert.equal(await sees(next.access_token), 200);
});
