import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_POLICIES } from "@kinopass/limiter";
import { type Answered, ask, tally, together } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { type SignedIn, startTestAuth } from "../testing/start-auth.ts";
import { Pairings } from "./pairings.ts";
import { approve, claimsOf, deny, look, newTv, poll } from "./set-up.test-support.ts";

test("fifty polls at once open one session and all get the same tokens", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  const tv = await newTv(auth);
  await approve(auth, tv, anna);
  const answers = await together(50, () => poll(auth, tv));
  const won = answers.filter(({ status }) => status === 200);
  // A crowd of fifty may find every connection taken: that is a 503, to be asked again, never a second session.
  assert.deepEqual(
    answers.filter(({ status, code }) => status !== 200 && code !== "temporarily_unavailable"),
    [],
  );
  assert.ok(won.length > 0);
  assert.equal(new Set(won.map(({ body }) => body.refresh_token)).size, 1);
  const sessions = await sql(auth, "select id from auth.sessions where door = 'pairing'");
  assert.deepEqual(sessions, [{ id: won[0]?.body.session_id }]);
  assert.equal((await poll(auth, tv)).body.refresh_token, won[0]?.body.refresh_token);
});

test("of ten accounts that say yes at once one does, and it is the one the TV belongs to", async (t) => {
  const auth = await startTestAuth(t);
  const people: SignedIn[] = [];
  for (let person = 0; person < 10; person += 1) people.push(await auth.signUp());
  const tv = await newTv(auth);
  const answers = await Promise.all(people.map((person) => approve(auth, tv, person)));
  assert.deepEqual(tally(answers), { "200": 1, pairing_decided: 9 });
  const owner = people[answers.findIndex(({ status }) => status === 200)];
  assert.equal(claimsOf((await poll(auth, tv)).body.access_token)["sub"], owner?.accountId);
  const acts = await sql(auth, "select account_id from auth.audit_entries where action = 'pairing.approved'");
  assert.deepEqual(acts, [{ account_id: owner?.accountId }]);
});

test("a yes and a no at once leave one of them", async (t) => {
  const auth = await startTestAuth(t);
  const [anna, boris] = [await auth.signUp(), await auth.signUp()];
  for (let round = 0; round < 10; round += 1) {
    const tv = await newTv(auth);
    const [yes, no] = (await Promise.all([approve(auth, tv, anna), deny(auth, tv, boris)])) as [
      Answered,
      Answered,
    ];
    assert.deepEqual([yes.status, no.status].sort(), yes.status === 200 ? [200, 409] : [204, 409]);
    const told = await poll(auth, tv);
    assert.equal(told.status === 200, yes.status === 200, told.text);
  }
});

test("eight polls at once are counted one by one: the interval grows for each that was too soon", async (t) => {
  const auth = await startTestAuth(t);
  const tv = await newTv(auth);
  const answers = await together(8, () => poll(auth, tv));
  assert.deepEqual(tally(answers), { authorization_pending: 1, slow_down: 7 });
  const [row] = await sql(auth, "select poll_interval from auth.pairings");
  assert.deepEqual(row, { poll_interval: 40 });
});

test("two TVs never show the same code: a draw that is taken is drawn again", async (t) => {
  const auth = await startTestAuth(t);
  const { capabilities } = auth.auth;
  const draws = ["BBBBBBBB", "BBBBBBBB", "BBBBBBBB", "CCCCCCCC"];
  const pairings = new Pairings({
    ...capabilities,
    clock: auth.clock,
    drawUserCode: () => draws.shift() ?? "BBBBBBBB",
  });
  const client = { address: "127.0.0.1", userAgent: null };
  const device = { kind: "tv", name: null } as const;
  const codes = [await pairings.begin(client, device), await pairings.begin(client, device)];
  assert.deepEqual(
    codes.map(({ userCode }) => userCode),
    ["BBBB-BBBB", "CCCC-CCCC"],
  );
  await assert.rejects(pairings.begin(client, device), /Every user code/);
});

test("guessing is limited by account and by address, and costs nobody else their code", async (t) => {
  const auth = await startTestAuth(t, { surroundings: { policies: DEFAULT_POLICIES } });
  const [anna, boris] = [await auth.signUp(), await auth.signUp()];
  const guess = (as: SignedIn, remoteAddress: string) =>
    auth.app.inject({ method: "GET", url: "/v1/device/BCDF-GHJK", headers: as.headers, remoteAddress });
  const statuses: number[] = [];
  for (let tries = 0; tries < 12; tries += 1) statuses.push((await guess(boris, "198.51.100.7")).statusCode);
  assert.deepEqual(statuses, [...new Array(10).fill(404), 429, 429]);
  const elsewhere: number[] = [];
  for (let tries = 0; tries < 40; tries += 1)
    elsewhere.push((await guess(boris, `198.51.${tries}.9`)).statusCode);
  assert.equal(
    elsewhere.filter((status) => status === 404).length,
    20,
    "thirty in all in a quarter of an hour",
  );
  const tv = await newTv(auth);
  assert.equal((await look(auth, tv.userCode, anna)).status, 200);
  assert.equal((await approve(auth, tv, anna)).status, 200);
  assert.equal((await poll(auth, tv)).status, 200);
});

test("nobody can use up another's tries by naming their account", async (t) => {
  const auth = await startTestAuth(t, { surroundings: { policies: DEFAULT_POLICIES } });
  const anna = await auth.signUp();
  const [head, claims] = anna.accessToken.split(".");
  for (let tries = 0; tries < 35; tries += 1)
    await auth.app.inject({
      method: "GET",
      url: "/v1/device/BCDF-GHJK",
      headers: { authorization: `Bearer ${head}.${claims}.${"A".repeat(86)}` },
      remoteAddress: `203.0.113.${tries}`,
    });
  const { statusCode } = await auth.app.inject({
    method: "GET",
    url: "/v1/device/BCDF-GHJK",
    headers: anna.headers,
    remoteAddress: "192.0.2.1",
  });
  assert.equal(statusCode, 404);
});

test("a TV that asks without a pause is stopped by its own code's limit, and its neighbour is not", async (t) => {
  const auth = await startTestAuth(t, { surroundings: { policies: DEFAULT_POLICIES } });
  const [wild, calm] = [await newTv(auth), await newTv(auth)];
  const statuses: number[] = [];
  for (let tries = 0; tries < 32; tries += 1) statuses.push((await poll(auth, wild)).status);
  assert.deepEqual(statuses.slice(-2), [429, 429]);
  assert.equal((await poll(auth, calm)).code, "authorization_pending");
});

test("pairing works with Redis away", async (t) => {
  const auth = await startTestAuth(t, { config: { redisUrl: "redis://127.0.0.1:1" } });
  const anna = await auth.signUp();
  const tv = await newTv(auth);
  assert.equal((await look(auth, tv.userCode, anna)).status, 200);
  assert.equal((await approve(auth, tv, anna)).status, 200);
  assert.equal((await poll(auth, tv)).status, 200);
  assert.equal((await ask(auth, "GET /livez")).status, 200);
});
