/** Signing out while somebody has the sessions locked, and what becomes of them when the lock goes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionId } from "../ids.ts";
import { ask, tally } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { type SignedIn, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

const turn = () => new Promise((next) => setTimeout(next, 5));

/** Runs `work` while another connection has the table locked as a migration would. */
async function whileLocked(auth: TestAuth, work: () => Promise<void>, table = "sessions"): Promise<void> {
  await auth.auth.capabilities.db.transaction(async (tx) => {
    const text = `lock table auth.${table} in access exclusive mode`;
    await tx.run({ name: "test.lock", text, values: [] });
    await work();
  });
}

const endOwed = ({ auth }: TestAuth) => auth.capabilities.owedEndings.round();

async function liveSessionsOf(auth: TestAuth, { accountId }: SignedIn): Promise<readonly string[]> {
  const text = "select id from auth.sessions where account_id = $1 and ended_at is null order by id";
  return (await sql<{ id: string }>(auth, text, accountId)).map(({ id }) => id);
}

interface Ending {
  readonly because: string;
  readonly sessions: readonly string[];
}

async function endingsOf(auth: TestAuth, { accountId }: SignedIn): Promise<readonly Ending[]> {
  const rows = await sql<{ details: Ending }>(
    auth,
    "select details from auth.audit_entries where account_id = $1 and action = 'session.ended' order by id",
    accountId,
  );
  // Time stands still here, so that their ids tell no order.
  const key = ({ because, sessions }: Ending) => `${because} ${sessions}`;
  return rows
    .map(({ details: { because, sessions } }) => ({ because, sessions }))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

async function heard(auth: TestAuth, sessionIds: readonly string[]): Promise<void> {
  const { feed } = auth.auth.capabilities;
  const told = () => new Set<string | null>(feed.begin(undefined).rows.map((row) => row.session_id));
  while (!sessionIds.every((id) => told().has(id))) await turn();
}

test("sixty-four sign out at once while the sessions are locked: all are, services are told before the lock goes, rows end after it", async (t) => {
  const auth = await startTestAuth(t, { config: { databaseConnections: 16, databaseWaitMs: 3_000 } });
  const people: SignedIn[] = [];
  while (people.length < 64) people.push(await auth.signUp());
  await whileLocked(auth, async () => {
    const answers = await Promise.all(
      people.map((one) => ask(auth, "DELETE /v1/sessions/current", undefined, one)),
    );
    assert.deepEqual(tally(answers), { "204": 64 });
    await heard(
      auth,
      people.map(({ sessionId }) => sessionId),
    );
  });
  await endOwed(auth);
  for (const one of people) {
    assert.deepEqual(await liveSessionsOf(auth, one), []);
    assert.deepEqual(await endingsOf(auth, one), [{ because: "signed_out", sessions: [one.sessionId] }]);
  }
  assert.deepEqual(await sql(auth, "select from auth.endings_owed"), []);
});

test("with the sessions locked a device, the others and all of them are signed out as at any other time", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const [phone, tv, old] = [
    await auth.signIn(anna.email),
    await auth.signIn(anna.email),
    await auth.signIn(anna.email),
  ];
  const bert = await auth.signUp();
  assert.equal((await ask(auth, `DELETE /v1/sessions/${old.sessionId}`, undefined, anna)).status, 204);
  await whileLocked(auth, async () => {
    const device = `DELETE /v1/sessions/${tv.sessionId}` as const;
    assert.equal((await ask(auth, device, undefined, anna)).status, 204);
    assert.equal((await ask(auth, device, undefined, anna)).code, "session_not_found", "a second time");
    assert.equal((await ask(auth, device, undefined, bert)).code, "session_not_found", "somebody else's");
    const gone = `DELETE /v1/sessions/${old.sessionId}` as const;
    assert.equal((await ask(auth, gone, undefined, anna)).code, "session_not_found", "ended before");
    assert.equal((await ask(auth, "DELETE /v1/sessions?except=current", undefined, phone)).status, 204);
    const again = await ask(auth, "DELETE /v1/sessions", undefined, anna);
    assert.equal(again.code, "access_token_invalid", "a session whose end is owed opens nothing");
    assert.equal((await ask(auth, "DELETE /v1/sessions", undefined, phone)).status, 204);
    assert.equal((await ask(auth, "DELETE /v1/sessions", undefined, old)).code, "access_token_invalid");
  });
  const remotely = [tv.sessionId, old.sessionId].sort();
  assert.deepEqual(await endingsOf(auth, anna), [
    { because: "signed_out_everywhere", sessions: [phone.sessionId] },
    { because: "signed_out_others", sessions: [anna.sessionId] },
    ...remotely.map((id) => ({ because: "signed_out_remotely", sessions: [id] })),
  ]);
  await endOwed(auth);
  assert.deepEqual(await liveSessionsOf(auth, anna), []);
  assert.deepEqual(await liveSessionsOf(auth, bert), [bert.sessionId]);
});

test("one session signed out twenty times at once under the lock is signed out once", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  await whileLocked(auth, async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask(auth, "DELETE /v1/sessions/current", undefined, anna)),
    );
    assert.deepEqual(tally(answers), { "204": 1, access_token_invalid: 19 });
  });
  assert.deepEqual(await endingsOf(auth, anna), [{ because: "signed_out", sessions: [anna.sessionId] }]);
});

test("from the lock's end until its row is ended, a session that was signed out is over for Auth", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const phone = await auth.signIn(anna.email);
  await whileLocked(auth, async () => {
    await ask(auth, `DELETE /v1/sessions/${phone.sessionId}`, undefined, anna);
  });
  assert.equal((await ask(auth, "GET /v1/me", undefined, phone)).code, "access_token_invalid");
  assert.equal(
    (await ask(auth, "DELETE /v1/sessions/current", undefined, phone)).code,
    "access_token_invalid",
  );
  const { body } = await ask(auth, "GET /v1/sessions", undefined, anna);
  assert.deepEqual(
    body.items.map(({ id }: { id: string }) => id),
    [anna.sessionId],
  );
  const { introspection } = auth.auth.capabilities;
  for (const token of [phone.accessToken, phone.refreshToken])
    assert.deepEqual(await introspection.introspect(token), { active: false });
});

test("a refresh that waited for the same lock gets a pair that is worthless: revoked before, once more, and over", async (t) => {
  const auth = await startTestAuth(t, { config: { databaseWaitMs: 20_000 } });
  const anna = await auth.signUp();
  const { db } = auth.auth.capabilities;
  const refresh = (token: string) => ask(auth, "POST /v1/sessions/refresh", { refresh_token: token });
  let waiting: ReturnType<typeof refresh> | undefined;
  await whileLocked(auth, async () => {
    const idle = db.counts.idle;
    waiting = refresh(anna.refreshToken);
    while (db.counts.idle === idle) await turn();
    assert.equal((await ask(auth, "DELETE /v1/sessions/current", undefined, anna)).status, 204);
    // Longer than a revocation is remembered: by the first one alone the new token would be good.
    auth.clock.advance({ minutes: 20 });
    await auth.auth.capabilities.revocations.purge(1_000);
    assert.deepEqual(await sql(auth, "select from auth.revocations"), []);
  });
  const pair = await waiting;
  assert.equal(pair?.status, 200, "it asked before");
  await endOwed(auth);
  const text = "select because from auth.revocations where session_id = $1";
  assert.deepEqual(await sql(auth, text, anna.sessionId), [{ because: "signed_out" }]);
  assert.equal((await refresh(pair?.body.refresh_token)).code, "session_over");
});

test("what is owed is ended once, by whichever replica comes first, and a second round changes nothing", async (t) => {
  const auth = await startTestAuth(t);
  const people = [await auth.signUp(), await auth.signUp(), await auth.signUp()];
  await whileLocked(auth, async () => {
    for (const one of people) await ask(auth, "DELETE /v1/sessions", undefined, one);
    await endOwed(auth);
    const { length } = await sql(auth, "select from auth.endings_owed");
    assert.equal(length, 3, "while the lock is held nothing is struck off");
  });
  auth.clock.advance({ seconds: 30 });
  await Promise.all([endOwed(auth), endOwed(auth), endOwed(auth)]);
  const state = () =>
    sql(
      auth,
      "select (select count(*) from auth.revocations)::int as revocations, array(select ended_at from auth.sessions) as ended",
    );
  const once = await state();
  assert.equal(once[0]?.["revocations"], 6, "each told when it was signed out and when it was ended");
  const at = new Date(auth.clock.now().getTime() - 30_000);
  assert.deepEqual(once[0]?.["ended"], [at, at, at], "as of when it was signed out");
  await endOwed(auth);
  assert.deepEqual(await state(), once);
});

test("a row that somebody holds stays owed and holds up no other", async (t) => {
  const auth = await startTestAuth(t);
  const [anna, bert] = [await auth.signUp(), await auth.signUp()];
  const { db, sessions } = auth.auth.capabilities;
  await whileLocked(auth, async () => {
    for (const one of [anna, bert]) await ask(auth, "DELETE /v1/sessions/current", undefined, one);
  });
  await db.transaction(async (tx) => {
    const text = "select from auth.sessions where id = $1 for update";
    await tx.run({ name: "", text, values: [anna.sessionId] });
    await endOwed(auth);
    assert.deepEqual(await sql(auth, "select session_id from auth.endings_owed"), [
      { session_id: anna.sessionId as SessionId },
    ]);
  });
  await endOwed(auth);
  for (const one of [anna, bert]) assert.deepEqual(await liveSessionsOf(auth, one), []);
  assert.equal(await sessions.list(anna.accountId as never).then(({ length }) => length), 0);
});

test("an account that was erased before its ending could be done owes nothing any more", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const phone = await auth.signIn(anna.email);
  await whileLocked(auth, async () => {
    await ask(auth, `DELETE /v1/sessions/${phone.sessionId}`, undefined, anna);
  });
  const erased = await ask(auth, "DELETE /v1/me", undefined, anna);
  assert.equal(erased.status, 204);
  await endOwed(auth);
  assert.deepEqual(await sql(auth, "select from auth.endings_owed"), []);
});

test("while a crowd holds every connection and the sessions are locked, signing out goes on and services hear of it", async (t) => {
  const auth = await startTestAuth(t, { config: { databaseConnections: 4, databaseWaitMs: 20_000 } });
  const people = [await auth.signUp(), await auth.signUp(), await auth.signUp()];
  const crowd: SignedIn[] = [];
  while (crowd.length < 8) crowd.push(await auth.signUp());
  const { db } = auth.auth.capabilities;
  let listing: Promise<unknown> = Promise.resolve();
  await whileLocked(auth, async () => {
    listing = Promise.all(crowd.map((one) => ask(auth, "GET /v1/sessions", undefined, one)));
    while (db.counts.waiting < crowd.length - 3) await turn();
    const answers = await Promise.all(people.map((one) => ask(auth, "DELETE /v1/sessions", undefined, one)));
    assert.deepEqual(tally(answers), { "204": 3 });
    await heard(
      auth,
      people.map(({ sessionId }) => sessionId),
    );
  });
  await listing;
});

test("nothing is signed out without its audit entry: with the trail locked the answer is 503, and all is as before", async (t) => {
  const auth = await startTestAuth(t, { config: { databaseWaitMs: 400 } });
  const anna = await auth.signUp();
  await whileLocked(
    auth,
    async () => {
      const answer = await ask(auth, "DELETE /v1/sessions/current", undefined, anna);
      assert.equal(answer.code, "temporarily_unavailable");
    },
    "audit_entries",
  );
  assert.deepEqual(await liveSessionsOf(auth, anna), [anna.sessionId]);
  assert.equal((await ask(auth, "DELETE /v1/sessions/current", undefined, anna)).status, 204);
});

test("in the background, what is owed is ended by itself", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  await whileLocked(auth, async () => {
    await ask(auth, "DELETE /v1/sessions/current", undefined, anna);
  });
  auth.auth.capabilities.owedEndings.start();
  while ((await liveSessionsOf(auth, anna)).length > 0) await turn();
});
