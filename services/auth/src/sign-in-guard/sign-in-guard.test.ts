import assert from "node:assert/strict";
import { test } from "node:test";
import { startRedis } from "@kinopass/testing";
import { Redis } from "ioredis";
import { READING_MS, reckon } from "../captcha/testing/viewer.ts";
import { ask, tally } from "../testing/ask.ts";
import { GOOD_PASSWORD, type TestAuth } from "../testing/start-auth.ts";
import { cookieOf, failFrom, from, signIn, startLimited, stranger } from "./set-up.test-support.ts";

const HOME = from("198.51.100.7");
const HOTEL = from("192.0.2.9");

async function passFor(auth: TestAuth, headers: Readonly<Record<string, string>>): Promise<string> {
  const asked = await ask(auth, "POST /v1/captcha/challenges", { action: "sign_in" }, undefined, headers);
  assert.ok(asked.body.text, asked.text);
  const url = `POST /v1/captcha/challenges/${asked.body.id}/answer` as const;
  const say = (sum: Parameters<typeof reckon>[0]) => {
    auth.clock.advance({ ms: READING_MS });
    return ask(auth, url, { answer: reckon(sum) }, undefined, headers);
  };
  let said = await say(asked.body);
  // One challenge in sixteen asks for two sums.
  if (said.code === "captcha_once_more") said = await say(said.body.challenge);
  assert.equal(said.status, 200, said.text);
  return said.body.captcha_pass;
}

test("200 guesses at once from 200 addresses get as many verdicts as the account has tokens, and the right one none", async (t) => {
  const redis = await startRedis(t);
  const auth = await startLimited(t, { redisUrl: redis.url });
  await auth.signUp({ email: "anna@example.com" });
  const outcomes = tally(await failFrom(auth, "anna@example.com", 200));
  const verdicts = outcomes["credentials_wrong"] ?? 0;
  assert.ok(verdicts > 0 && verdicts <= 30, JSON.stringify(outcomes));
  assert.equal(outcomes["rate_limited"], 200 - verdicts, JSON.stringify(outcomes));
  const right = await signIn(auth, "anna@example.com", GOOD_PASSWORD, HOTEL);
  assert.deepEqual([right.status, right.code, right.body.captcha_action], [429, "rate_limited", "sign_in"]);
});

test("an owner attacked 1000 times from 500 addresses enters at once on her device, on a new one with a sum, and stays signed in", async (t) => {
  const auth = await startLimited(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  const cookie = cookieOf(await signIn(auth, anna.email, GOOD_PASSWORD, HOME));
  for (let round = 0; round < 2; round += 1) await failFrom(auth, anna.email, 500);
  assert.equal((await signIn(auth, anna.email, GOOD_PASSWORD, stranger(1))).code, "rate_limited");

  assert.equal((await signIn(auth, anna.email, GOOD_PASSWORD, { ...HOTEL, cookie })).status, 201);

  const pass = await passFor(auth, HOTEL);
  const entered = await signIn(auth, anna.email, GOOD_PASSWORD, HOTEL, { captcha_pass: pass });
  assert.equal(entered.status, 201, entered.text);
  const again = await signIn(auth, anna.email, GOOD_PASSWORD, HOTEL, { captcha_pass: pass });
  assert.equal(again.code, "rate_limited", "a pass is good once");

  const refreshed = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  assert.equal(refreshed.status, 200);
});

test("a pass does not make guessing cheap: a few tries from one address, however many sums are solved", async (t) => {
  const auth = await startLimited(t);
  await auth.signUp({ email: "anna@example.com" });
  await failFrom(auth, "anna@example.com", 60);
  const outcomes = [];
  for (let n = 0; n < 8; n += 1) {
    const pass = await passFor(auth, HOTEL);
    outcomes.push(await signIn(auth, "anna@example.com", `guess ${n}`, HOTEL, { captcha_pass: pass }));
  }
  const verdicts = tally(outcomes)["credentials_wrong"] ?? 0;
  assert.ok(verdicts >= 1 && verdicts <= 4, JSON.stringify(tally(outcomes)));
});

test("a flood at one account costs Redis nothing once it is refused, whatever passwords it tries and wherever it comes from", async (t) => {
  const redis = await startRedis(t);
  const auth = await startLimited(t, { redisUrl: redis.url });
  const client = new Redis(redis.url);
  t.after(() => client.disconnect());
  await failFrom(auth, "anna@example.com", 60);
  await client.config("RESETSTAT");
  const outcomes = tally(await failFrom(auth, "anna@example.com", 300));
  assert.deepEqual(outcomes, { rate_limited: 300 });
  assert.doesNotMatch(await client.info("commandstats"), /cmdstat_eval/);
});

test("a refusal tells nothing of whether the account exists", async (t) => {
  const auth = await startLimited(t);
  await auth.signUp({ email: "known@example.com" });
  const seen = [];
  for (const email of ["known@example.com", "unknown@example.com"]) {
    const answers = await failFrom(auth, email, 60);
    const { status, body, headers } = await signIn(auth, email, GOOD_PASSWORD, HOTEL);
    const { "x-request-id": _id, date: _date, "content-length": _length, ...rest } = headers;
    // Seconds to wait differ by when the attack began, not by whom it aimed at.
    const steady = { ...rest, "retry-after": "", ratelimit: "" };
    seen.push({
      tally: tally(answers),
      status,
      body: { ...body, request_id: "", trace_id: "" },
      headers: steady,
    });
  }
  assert.equal(seen[0]?.status, 429);
  assert.deepEqual(seen[0], seen[1]);
});

test("every door that verifies a password counts with the others", async (t) => {
  const auth = await startLimited(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  const cookie = cookieOf(await signIn(auth, anna.email, GOOD_PASSWORD, HOME));
  const change = (current_password: string, headers: Readonly<Record<string, string>>) =>
    ask(
      auth,
      "PUT /v1/me/password",
      { current_password, new_password: "five yellow umbrellas" },
      anna,
      headers,
    );
  await failFrom(auth, anna.email, 60);
  assert.equal((await change(GOOD_PASSWORD, HOTEL)).code, "rate_limited", "shut by the sign-in door");
  assert.equal((await change(GOOD_PASSWORD, { ...HOTEL, cookie })).status, 204);

  const boris = await auth.signUp({ email: "boris@example.com" });
  for (let n = 0; n < 60; n += 1) {
    const payload = { current_password: `guess ${n}`, new_password: "five yellow umbrellas" };
    await ask(auth, "PUT /v1/me/password", payload, boris, stranger(n));
  }
  const shut = await signIn(auth, boris.email, GOOD_PASSWORD, HOTEL);
  assert.equal(shut.code, "rate_limited", "shut by the password change");
});

test("one password tried on many accounts is refused everywhere, but not on a device that is known", async (t) => {
  const auth = await startLimited(t);
  await auth.signUp({ email: "anna@example.com" });
  const cookie = cookieOf(await signIn(auth, "anna@example.com", GOOD_PASSWORD, HOME));
  for (let n = 0; n < 21; n += 1) await signIn(auth, `victim-${n}@example.com`, GOOD_PASSWORD, stranger(n));
  const next = await signIn(auth, "victim-next@example.com", GOOD_PASSWORD, HOTEL);
  assert.equal(next.code, "rate_limited");
  assert.ok(Number(next.headers["retry-after"]) > 0);
  const other = await signIn(auth, "victim-next@example.com", "another password", HOTEL);
  assert.equal(other.code, "credentials_wrong");
  assert.equal((await signIn(auth, "anna@example.com", GOOD_PASSWORD, { ...HOME, cookie })).status, 201);
});

test("what one replica learnt of a sprayed password holds at the others from their first try on", async (t) => {
  const redis = await startRedis(t);
  const one = await startLimited(t, { redisUrl: redis.url });
  const { masters, directoryKey } = one.config;
  const other = await startLimited(t, { redisUrl: redis.url, masters, directoryKey });
  const spray = Array.from({ length: 20 }, (_, n) =>
    signIn(one, `v${n}@example.com`, GOOD_PASSWORD, stranger(n)),
  );
  assert.deepEqual(tally(await Promise.all(spray)), { credentials_wrong: 20 });

  const next = await signIn(other, "next@example.com", GOOD_PASSWORD, HOTEL);
  assert.equal(next.code, "rate_limited");
  const waitS = Number(next.headers["retry-after"]);
  assert.ok(waitS > 0 && waitS <= 180, "one of twenty an hour comes back in three minutes");
  assert.equal(
    (await signIn(other, "next@example.com", "another password", HOTEL)).code,
    "credentials_wrong",
  );
});

test("a password that fits is never counted as a spray", async (t) => {
  const auth = await startLimited(t);
  await auth.signUp({ email: "anna@example.com" });
  for (let n = 0; n < 25; n += 1)
    assert.equal((await signIn(auth, "anna@example.com", GOOD_PASSWORD, stranger(n))).status, 201);
});

test("a wrong password costs three tries, a fault of ours one", async (t) => {
  const auth = await startLimited(t);
  await auth.signUp({ email: "anna@example.com" });
  const wrong = [];
  for (let n = 0; n < 6; n += 1) wrong.push(await signIn(auth, "anna@example.com", `wrong ${n}`, HOME));
  assert.deepEqual(tally(wrong), { credentials_wrong: 4, rate_limited: 2 }, "ten tokens a pair");
  await auth.auth.capabilities.passwords.close();
  auth.journal.take();
  const ours = [];
  for (let n = 0; n < 9; n += 1) ours.push(await signIn(auth, "anna@example.com", `wrong ${n}`, HOTEL));
  assert.deepEqual(tally(ours), { busy_try_again: 9 });
  assert.deepEqual(auth.journal.take(), [], "nothing is looked up for whoever is sent away");
});

test("a body that is not valid is not free", async (t) => {
  const auth = await startLimited(t);
  const began = performance.now();
  let read = 0;
  let last = "";
  while (read < 200 && last !== "rate_limited") {
    last = Object.keys(tally([await ask(auth, "POST /v1/sessions", {}, undefined, HOME)]))[0] ?? "";
    if (last === "invalid_request") read += 1;
  }
  // Thirty at once, and one back every two seconds that this took; a body is charged for once it was answered.
  const back = (performance.now() - began) / 2_000;
  assert.equal(last, "rate_limited");
  assert.ok(read >= 30 && read <= 30 + back + 2, `${read} read, ${back} came back`);
});
