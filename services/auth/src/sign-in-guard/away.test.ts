/** What is left of the doors while the database or Redis is away: the right refusals, in time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_POLICIES } from "@kinopass/limiter";
import { startRedis } from "@kinopass/testing";
import { ask, tally } from "../testing/ask.ts";
import { GOOD_PASSWORD, type SignedIn, startTestAuth, type TestAuth } from "../testing/start-auth.ts";
import { from, signIn } from "./set-up.test-support.ts";

/** The promise is half a second; the rest is what two noisy cores may add. */
const IN_TIME_MS = 2_500;

async function holds(auth: TestAuth): Promise<void> {
  for (const url of ["/.well-known/jwks.json", "/livez"]) {
    const began = performance.now();
    const answer = await auth.app.inject({ url });
    assert.equal(answer.statusCode, 200, url);
    assert.ok(performance.now() - began < 250, `${url}: ${performance.now() - began} ms`);
  }
}

async function refusesInTime(auth: TestAuth, email: string): Promise<void> {
  const began = performance.now();
  const answers = await Promise.all([signIn(auth, email), signIn(auth, email)]);
  const tookMs = performance.now() - began;
  assert.deepEqual(tally(answers), { temporarily_unavailable: 2 });
  assert.ok(
    answers.every(({ headers }) => headers["retry-after"] === "1"),
    "worth a retry",
  );
  assert.ok(tookMs < IN_TIME_MS, `${tookMs} ms`);
}

test("a locked table stops sign-in with 503 in half a second, and neither keys nor health; then all is as before", async (t) => {
  const auth = await startTestAuth(t, { config: { databaseWaitMs: 400 } });
  const { email } = await auth.signUp();
  const { db } = auth.auth.capabilities;
  await db.transaction(async (tx) => {
    await tx.run({
      name: "test.lock",
      text: "lock table auth.accounts in access exclusive mode",
      values: [],
    });
    await refusesInTime(auth, email);
    await holds(auth);
  });
  assert.equal((await signIn(auth, email)).status, 201);
});

test("a pool without a free connection stops sign-in with 503 in half a second, and neither keys nor health", async (t) => {
  const auth = await startTestAuth(t, { config: { databaseConnections: 2, databaseWaitMs: 400 } });
  const { email } = await auth.signUp();
  const { db } = auth.auth.capabilities;
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  const holders = [1, 2].map(() => db.transaction(() => held));
  await refusesInTime(auth, email);
  await holds(auth);
  release();
  await Promise.all(holders);
  assert.equal((await signIn(auth, email)).status, 201);
});

test("signing out, here and everywhere, waits for nobody who waits for a locked table", async (t) => {
  const auth = await startTestAuth(t, { config: { databaseConnections: 4, databaseWaitMs: 20_000 } });
  const people = [await auth.signUp(), await auth.signUp()] as const;
  const crowd: SignedIn[] = [];
  while (crowd.length < 8) crowd.push(await auth.signUp());
  const { db } = auth.auth.capabilities;
  const refreshed: number[] = [];
  let refreshing: Promise<unknown> = Promise.resolve();
  await db.transaction(async (tx) => {
    await tx.run({
      name: "test.lock",
      text: "lock table auth.accounts in access exclusive mode",
      values: [],
    });
    refreshing = Promise.all(
      crowd.map(async ({ refreshToken }) => {
        const answer = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: refreshToken });
        refreshed.push(answer.status);
      }),
    );
    while (db.counts.waiting < crowd.length - 3) await new Promise((next) => setTimeout(next, 5));
    const here = await ask(auth, "DELETE /v1/sessions/current", undefined, people[0]);
    const everywhere = await ask(auth, "DELETE /v1/sessions", undefined, people[1]);
    assert.deepEqual([here.status, everywhere.status, refreshed], [204, 204, []]);
    await holds(auth);
  });
  await refreshing;
  assert.deepEqual(refreshed, Array(crowd.length).fill(200));
});

for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
  test(`Redis gets ${signal} under load: no request fails, and the limits hold`, async (t) => {
    const redis = await startRedis(t);
    const policies = { ...DEFAULT_POLICIES, allow: [] };
    const auth = await startTestAuth(t, {
      config: { redisUrl: redis.url, trustedProxies: ["127.0.0.1/32"] },
      surroundings: { policies },
    });
    const people = [await auth.signUp(), await auth.signUp()];
    const answers = [];
    const until = performance.now() + 2_500;
    let stopped = false;
    for (let n = 0; performance.now() < until; n += 1) {
      if (!stopped && performance.now() > until - 2_000) {
        stopped = true;
        redis.signal(signal);
      }
      const person = people[n % 2];
      assert.ok(person);
      const home = from(`203.0.${n % 250}.7`);
      const listed = ask(auth, "GET /v1/sessions", undefined, person, home);
      const refreshed = ask(
        auth,
        "POST /v1/sessions/refresh",
        { refresh_token: person.refreshToken },
        undefined,
        home,
      );
      answers.push(await listed, await refreshed);
    }
    const { "200": good = 0, rate_limited: limited = 0 } = tally(answers);
    assert.equal(good + limited, answers.length, JSON.stringify(tally(answers)));
    assert.ok(good > answers.length / 2, JSON.stringify(tally(answers)));
    const guesses = [];
    for (let n = 0; n < 6; n += 1)
      guesses.push(await signIn(auth, people[0]?.email ?? "", `wrong ${n}`, from("198.51.100.7")));
    assert.deepEqual(tally(guesses), { credentials_wrong: 4, rate_limited: 2 });
    const known = await signIn(auth, people[1]?.email ?? "", GOOD_PASSWORD, from("198.51.100.8"));
    assert.equal(known.status, 201);
    if (signal === "SIGSTOP") redis.signal("SIGCONT");
  });
}
