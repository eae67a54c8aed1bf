import assert from "node:assert/strict";
import { test } from "node:test";
import { PURGED_AT_ONCE } from "../purges.ts";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { startTestAuth } from "../testing/start-auth.ts";
import { approve, claimsOf, deny, look, newTv, poll } from "./set-up.test-support.ts";

test("a TV shows a code and a QR, the phone says yes, and the TV is signed in under its name", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ birth_date: "1990-05-17" });
  const tv = await newTv(auth, { name: "Living-room TV" });
  assert.match(tv.deviceCode, /^kp_dc_/);
  assert.equal(tv.complete, `http://site.test/pair?code=${tv.userCode}`);
  assert.match(tv.qr, /^<svg [\s\S]*<\/svg>\s*$/);
  const waiting = await poll(auth, tv);
  assert.deepEqual(
    [waiting.status, waiting.code, waiting.body.error],
    [400, "authorization_pending", "authorization_pending"],
  );
  assert.match(String(waiting.headers["content-type"]), /application\/problem\+json/);

  const shown = await look(auth, tv.userCode.toLowerCase().replace("-", " "), anna);
  assert.equal(shown.status, 200, shown.text);
  const { warning, created_at, expires_at, ...rest } = shown.body;
  assert.deepEqual(rest, {
    user_code: tv.userCode,
    device: { name: "Living-room TV", kind: "tv" },
    address: "127.0.0.1",
    same_network: true,
  });
  assert.match(warning, /stands before you/);
  assert.equal(Date.parse(expires_at) - Date.parse(created_at), 600_000);

  const yes = await approve(auth, tv, anna, { device_name: "Kitchen", age_ceiling: 12 });
  assert.deepEqual(
    [yes.status, yes.body],
    [200, { device: { name: "Kitchen", kind: "tv" }, age_ceiling: 12 }],
  );
  const tokens = await poll(auth, tv);
  assert.equal(tokens.status, 200, tokens.text);
  assert.equal(claimsOf(tokens.body.access_token)["sub"], anna.accountId);
  assert.equal(claimsOf(tokens.body.access_token)["age_ceiling"], 12);

  const { body } = await ask(auth, "GET /v1/sessions", undefined, anna);
  const listed = body.items.find(({ id }: { id: string }) => id === tokens.body.session_id);
  assert.deepEqual(
    [listed.device, listed.door, listed.age_ceiling],
    [{ name: "Kitchen", kind: "tv" }, "pairing", 12],
  );
  const [mail] = await auth.mails(anna.email);
  assert.match(mail?.subject ?? "", /TV/);
  assert.match(mail?.text ?? "", /Kitchen/);
  const acts = await sql<{ action: string; session_id: string }>(
    auth,
    "select action, session_id from auth.audit_entries where account_id = $1 and action like 'pairing.%'",
    anna.accountId,
  );
  assert.deepEqual(acts, [{ action: "pairing.approved", session_id: anna.sessionId }]);
});

test("a TV's name is shown as it is, and nothing in it can turn the text around or hide it", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const shown = async (name: string) => {
    const { body } = await look(auth, (await newTv(auth, { name, kind: "tv" })).userCode, anna);
    return body.device.name;
  };
  assert.equal(await shown("\u202egnp.VT\u202c\u200b"), "gnp.VT");
  assert.equal(await shown("👨\u200d👩\u200d👧 <b>“Кухня”</b>"), "👨\u200d👩\u200d👧 <b>“Кухня”</b>");
  assert.equal(await shown(" \u2066 "), await shown("   "), "a name of nothing is no name");
  assert.equal(await shown("\u00adTV\u061c\u{e0041}"), "TV");
  assert.equal(await shown("\u3164\u200d\u2800"), await shown("   "), "signs that show nothing are no name");
});

test("nor can a name that somebody gives to a device of theirs", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const rename = async (name: string) =>
    (await ask(auth, `PATCH /v1/sessions/${anna.sessionId}` as "PATCH /", { device: { name } }, anna)).status;
  assert.equal(await rename("Кухня \u202eVT"), 400);
  assert.equal(await rename("   "), 400);
  assert.equal(await rename("Кухня"), 204);
  const { body } = await ask(auth, "GET /v1/sessions", undefined, anna);
  assert.deepEqual(body.items[0]?.device, { name: "Кухня", kind: "other" });
});

test("the phone signs the TV out, and its tokens are dead at once", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const tv = await newTv(auth);
  await approve(auth, tv, anna);
  const { body } = await poll(auth, tv);
  const asTv = { headers: { authorization: `Bearer ${body.access_token}` } };
  assert.equal((await ask(auth, "GET /v1/me", undefined, asTv)).status, 200);
  assert.equal(
    (await ask(auth, `DELETE /v1/sessions/${body.session_id}` as "DELETE /", undefined, anna)).status,
    204,
  );
  assert.equal((await ask(auth, "GET /v1/me", undefined, asTv)).code, "access_token_invalid");
  const again = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: body.refresh_token });
  assert.equal(again.code, "session_over");
});

test("a no reaches the TV, is recorded, and cannot be turned into a yes", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const tv = await newTv(auth);
  assert.equal((await deny(auth, tv, anna)).status, 204);
  assert.equal((await deny(auth, tv, anna)).status, 204, "a retry of the same no");
  const refused = await poll(auth, tv);
  assert.deepEqual(
    [refused.status, refused.code, refused.body.error],
    [400, "access_denied", "access_denied"],
  );
  assert.equal((await approve(auth, tv, anna)).code, "pairing_decided");
  const acts = await sql(auth, "select account_id from auth.audit_entries where action = 'pairing.denied'");
  assert.deepEqual(acts, [{ account_id: anna.accountId }]);
});

test("reading a code decides nothing, and nobody decides without a fresh sign-in of their own", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const tv = await newTv(auth);
  assert.equal((await look(auth, tv.userCode)).code, "sign_in_required");
  assert.equal((await approve(auth, tv)).code, "sign_in_required");
  assert.equal((await deny(auth, tv)).code, "sign_in_required");
  assert.equal((await look(auth, tv.userCode, anna)).status, 200);
  assert.equal((await poll(auth, tv)).code, "authorization_pending");
  auth.clock.advance({ minutes: 10, seconds: 1 });
  const later = await newTv(auth);
  const { body } = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  const stale = { ...anna, headers: { authorization: `Bearer ${body.access_token}` } };
  assert.equal((await look(auth, later.userCode, stale)).status, 200);
  assert.equal((await approve(auth, later, stale)).code, "reauth_required");
  assert.equal((await poll(auth, later)).code, "authorization_pending");
});

test("a TV lets in no other TV", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const first = await newTv(auth);
  await approve(auth, first, anna, { age_ceiling: 6 });
  const { body } = await poll(auth, first);
  const second = await newTv(auth);
  const asTv = { headers: { authorization: `Bearer ${body.access_token}` } };
  assert.equal((await approve(auth, second, asTv, { age_ceiling: 18 })).code, "reauth_required");
  assert.equal((await poll(auth, second)).code, "authorization_pending");
});

test("a code that another account decided about is taken, whoever comes second", async (t) => {
  const auth = await startTestAuth(t);
  const [anna, boris] = [await auth.signUp(), await auth.signUp()];
  const tv = await newTv(auth);
  assert.equal((await approve(auth, tv, anna)).status, 200);
  assert.equal((await approve(auth, tv, anna)).status, 200, "a retry of the same yes");
  for (const answer of [
    await approve(auth, tv, boris),
    await deny(auth, tv, boris),
    await look(auth, tv.userCode, boris),
  ])
    assert.deepEqual([answer.status, answer.code], [409, "pairing_decided"]);
  assert.equal(claimsOf((await poll(auth, tv)).body.access_token)["sub"], anna.accountId);
  assert.equal((await approve(auth, tv, boris)).code, "pairing_decided");
  assert.equal((await auth.mails(anna.email)).filter(({ subject }) => /TV/.test(subject)).length, 1);
});

test("after ten minutes a code is nothing to the phone and run out to the TV, approved or not", async (t) => {
  const auth = await startTestAuth(t);
  const [forgotten, late] = [await newTv(auth), await newTv(auth)];
  auth.clock.advance({ minutes: 9, seconds: 59 });
  const anna = await auth.signUp();
  assert.equal((await approve(auth, late, anna)).status, 200);
  auth.clock.advance({ seconds: 1 });
  for (const tv of [forgotten, late]) {
    assert.equal((await look(auth, tv.userCode, anna)).code, "user_code_unknown");
    assert.equal((await approve(auth, tv, anna)).code, "user_code_unknown");
    assert.deepEqual((({ code, body }) => [code, body.error])(await poll(auth, tv)), [
      "expired_token",
      "expired_token",
    ]);
  }
  auth.clock.advance({ hours: 1 });
  await auth.auth.capabilities.pairings.purge(PURGED_AT_ONCE);
  assert.deepEqual(await sql(auth, "select * from auth.pairings"), []);
  assert.equal((await poll(auth, late)).code, "device_code_unknown");
});

test("an impatient TV is told to slow down, each time by five seconds, and a patient one is not", async (t) => {
  const auth = await startTestAuth(t);
  const tv = await newTv(auth);
  const told = async (seconds: number) => {
    auth.clock.advance({ seconds });
    const { code, body } = await poll(auth, tv);
    return [code, body.error, body.interval];
  };
  assert.deepEqual(await told(0), ["authorization_pending", "authorization_pending", 5]);
  assert.deepEqual(await told(1), ["slow_down", "slow_down", 10]);
  assert.deepEqual(await told(5), ["slow_down", "slow_down", 15]);
  assert.deepEqual(await told(15), ["authorization_pending", "authorization_pending", 15]);
  for (let times = 0; times < 12; times += 1) await told(1);
  assert.deepEqual(await told(1), ["slow_down", "slow_down", 60], "and never longer than a minute");
  const anna = await auth.signUp();
  await approve(auth, tv, anna);
  assert.equal((await poll(auth, tv)).status, 200, "a yes does not wait for the interval");
});

test("a lost answer comes again for ten seconds, then the device code is spent", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const tv = await newTv(auth);
  await approve(auth, tv, anna);
  const first = await poll(auth, tv);
  auth.clock.advance({ seconds: 10 });
  assert.deepEqual((await poll(auth, tv)).body, first.body);
  auth.clock.advance({ ms: 1 });
  assert.equal((await poll(auth, tv)).code, "expired_token");
  await auth.auth.capabilities.pairings.purge(PURGED_AT_ONCE);
  assert.deepEqual(await sql(auth, "select state, sealed from auth.pairings"), [
    { state: "redeemed", sealed: null },
  ]);
  const [{ count } = { count: 0 }] = await sql<{ count: number }>(
    auth,
    "select count(*)::int as count from auth.sessions where door = 'pairing'",
  );
  assert.equal(count, 1);
});

test("what ends the session that said yes takes the waiting TV with it", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const tv = await newTv(auth);
  await approve(auth, tv, anna);
  assert.equal((await ask(auth, "DELETE /v1/sessions", undefined, anna)).status, 204);
  assert.equal((await poll(auth, tv)).code, "access_denied");
  assert.equal((await poll(auth, tv)).code, "access_denied");
  assert.deepEqual(await sql(auth, "select id from auth.sessions where door = 'pairing'"), []);
});

test("a TV whose owner deleted the account or was disabled meanwhile is refused", async (t) => {
  const auth = await startTestAuth(t);
  const [anna, boris] = [await auth.signUp(), await auth.signUp()];
  const [gone, disabled] = [await newTv(auth), await newTv(auth)];
  await approve(auth, gone, anna);
  await approve(auth, disabled, boris);
  await sql(auth, "update auth.accounts set status = 'disabled' where id = $1", boris.accountId);
  assert.equal((await poll(auth, disabled)).code, "access_denied");
  const erased = await ask(auth, "DELETE /v1/me", undefined, anna);
  assert.ok(erased.status < 300, erased.text);
  assert.equal((await poll(auth, gone)).code, "device_code_unknown", "its row went with the account");
});

test("a forged or mistyped code meets the same walls, and the database holds neither code", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const forged = { deviceCode: `kp_dc_${"A".repeat(43)}` };
  assert.deepEqual((({ code, body }) => [code, body.error])(await poll(auth, forged)), [
    "device_code_unknown",
    "invalid_grant",
  ]);
  assert.equal((await poll(auth, { deviceCode: "kp_dc_short" })).code, "invalid_request");
  for (const typed of ["BCDF-GHJK", "hello", "0000"])
    assert.equal((await look(auth, typed, anna)).code, "user_code_unknown");
  const tv = await newTv(auth);
  await approve(auth, tv, anna);
  const { body } = await poll(auth, tv);
  const [{ row } = { row: "" }] = await sql<{ row: string }>(
    auth,
    "select p::text as row from auth.pairings p",
  );
  assert.ok(row.includes(anna.accountId));
  for (const secret of [
    tv.deviceCode,
    tv.userCode,
    tv.userCode.replace("-", ""),
    body.access_token,
    body.refresh_token,
  ])
    assert.ok(!row.includes(secret) && !row.includes(Buffer.from(secret).toString("hex")));
});
