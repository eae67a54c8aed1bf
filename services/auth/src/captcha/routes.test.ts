import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_POLICIES } from "@kinopass/limiter";
import { startRedis } from "@kinopass/testing";
import { type Answered, ask, tally, together } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD, startTestAuth, type TestAuth } from "../testing/start-auth.ts";
import { READING_MS, reckon } from "./testing/viewer.ts";

const TV = { "user-agent": "Mozilla/5.0 (SMART-TV; Tizen 8.0)" };
const PHONE = { "user-agent": "Mozilla/5.0 (iPhone) Mobile" };

type Headers = Readonly<Record<string, string>>;

function issue(auth: TestAuth, action: string, headers: Headers = TV, query = ""): Promise<Answered> {
  return ask(auth, `POST /v1/captcha/challenges${query}`, { action }, undefined, headers);
}

function answer(
  auth: TestAuth,
  { id }: { id: string },
  number: number,
  headers: Headers = TV,
): Promise<Answered> {
  return ask(auth, `POST /v1/captcha/challenges/${id}/answer`, { answer: number }, undefined, headers);
}

/** Solves a sum as a person would, and not faster. */
async function passFor(auth: TestAuth, action: string, headers: Headers = TV): Promise<string> {
  const { body, text } = await issue(auth, action, headers);
  assert.ok(body.text, text);
  const say = (sum: { id: string; text: string }) => {
    auth.clock.advance({ ms: READING_MS });
    return answer(auth, sum, reckon(sum), headers);
  };
  let said = await say(body);
  if (said.code === "captcha_once_more") said = await say(said.body.challenge);
  assert.equal(said.status, 200, said.text);
  return said.body.captcha_pass;
}

const signUp = (auth: TestAuth, email: string, pass?: string, headers: Headers = TV) =>
  ask(
    auth,
    "POST /v1/accounts",
    { email, password: GOOD_PASSWORD, ...(pass === undefined ? {} : { captcha_pass: pass }) },
    undefined,
    headers,
  );

const signIn = (auth: TestAuth, email: string, password: string, more: object = {}, headers: Headers = TV) =>
  ask(auth, "POST /v1/sessions", { email, password, ...more }, undefined, headers);

test("a TV signs up only with a pass, a phone without one", async (t) => {
  const auth = await startTestAuth(t);
  const refused = await signUp(auth, "anna@example.com");
  assert.deepEqual([refused.status, refused.code, refused.body.action], [403, "captcha_required", "sign_up"]);
  assert.equal((await signUp(auth, "anna@example.com", undefined, PHONE)).status, 202);
  const pass = await passFor(auth, "sign_up");
  assert.equal((await signUp(auth, "boris@example.com", pass)).status, 202);
  assert.equal(
    (await signUp(auth, "vera@example.com", pass)).code,
    "captcha_required",
    "a pass is good once",
  );
  assert.equal((await signUp(auth, "vera@example.com", "kp_cp_forged")).code, "captcha_required");
});

test("a pass is good for its action, its program and its home alone, and for two minutes", async (t) => {
  const auth = await startTestAuth(t);
  const pass = await passFor(auth, "sign_in");
  assert.equal((await signUp(auth, "anna@example.com", pass)).code, "captcha_required");
  const own = await passFor(auth, "sign_up");
  const other = { "user-agent": "Mozilla/5.0 (Web0S; SmartTV)" };
  assert.equal((await signUp(auth, "anna@example.com", own, other)).code, "captcha_required");
  const elsewhere = await auth.app.inject({
    method: "POST",
    url: "/v1/accounts",
    headers: TV,
    remoteAddress: "203.0.113.9",
    payload: { email: "anna@example.com", password: GOOD_PASSWORD, captcha_pass: own },
  });
  assert.equal(elsewhere.json().code, "captcha_required");
  assert.equal((await signUp(auth, "anna@example.com", own)).status, 202, "and was not used up by strangers");
  const late = await passFor(auth, "sign_up");
  auth.clock.advance({ minutes: 2, seconds: 1 });
  assert.equal((await signUp(auth, "vera@example.com", late)).code, "captcha_required");
});

test("twenty sign-ups at once with one pass: one goes through", async (t) => {
  const auth = await startTestAuth(t);
  const pass = await passFor(auth, "sign_up");
  const answers = await together(20, () => signUp(auth, "anna@example.com", pass));
  assert.deepEqual(tally(answers), { "202": 1, captcha_required: 19 });
});

test("an invalid form does not cost the pass", async (t) => {
  const auth = await startTestAuth(t);
  const pass = await passFor(auth, "sign_up");
  const broken = await ask(
    auth,
    "POST /v1/accounts",
    { email: "anna@example.com", captcha_pass: pass },
    undefined,
    TV,
  );
  assert.equal(broken.code, "invalid_request");
  assert.equal((await signUp(auth, "anna@example.com", pass)).status, 202);
});

test("a TV signs in without a sum until its home failed three times, whoever's account it tried", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp();
  assert.equal((await signIn(auth, anna.email, anna.password)).status, 201);
  for (const email of [anna.email, "nobody@example.com", "nobody.else@example.com"])
    assert.equal((await signIn(auth, email, "wrong every time")).code, "credentials_wrong");
  const refused = await signIn(auth, anna.email, anna.password);
  assert.deepEqual([refused.status, refused.code, refused.body.action], [403, "captcha_required", "sign_in"]);
  assert.equal((await signIn(auth, anna.email, anna.password, {}, PHONE)).status, 201);
  assert.equal(
    (await signIn(auth, anna.email, anna.password, { device: { kind: "tv" } }, PHONE)).code,
    "captcha_required",
  );
  const pass = await passFor(auth, "sign_in");
  assert.equal((await signIn(auth, anna.email, anna.password, { captcha_pass: pass })).status, 201);
  auth.clock.advance({ minutes: 16 });
  assert.equal(
    (await signIn(auth, anna.email, anna.password)).status,
    201,
    "forgotten after a quarter of an hour",
  );
});

test("failures at one replica count at another, and stay counted when Redis stops", async (t) => {
  const redis = await startRedis(t);
  const one = await startTestAuth(t, { config: { redisUrl: redis.url } });
  const other = await startTestAuth(t, { config: one.config });
  const anna = await one.signUp();
  const fails = async (auth: TestAuth) =>
    assert.equal((await signIn(auth, anna.email, "wrong every time")).code, "credentials_wrong");
  await fails(one);
  await fails(other);
  assert.equal((await signIn(other, anna.email, anna.password)).status, 201, "two are no reason yet");
  await fails(one);
  for (const auth of [one, other])
    assert.equal((await signIn(auth, anna.email, anna.password)).code, "captcha_required");
  redis.signal("SIGKILL");
  assert.equal((await signIn(other, anna.email, anna.password)).code, "captcha_required");
});

test("while Redis is away a TV's sign-in asks for a sum, and the sum works without Redis", async (t) => {
  const auth = await startTestAuth(t, {
    config: { redisUrl: "redis://127.0.0.1:1" },
    surroundings: { policies: DEFAULT_POLICIES },
  });
  const anna = await auth.signUp();
  const refused = await signIn(auth, anna.email, anna.password);
  assert.equal(auth.auth.capabilities.limiter.mode, "degraded");
  assert.equal(refused.code, "captcha_required");
  const pass = await passFor(auth, "sign_in");
  assert.equal((await signIn(auth, anna.email, anna.password, { captcha_pass: pass })).status, 201);
});

test("with Redis the sums live there, and the database holds none", async (t) => {
  const redis = await startRedis(t);
  const auth = await startTestAuth(t, { config: { redisUrl: redis.url } });
  // The first question opens the connection; until then sums go to PostgreSQL, as they do in any outage.
  for (let attempt = 0; attempt < 200 && auth.auth.capabilities.redis?.status !== "ready"; attempt += 1)
    await new Promise((next) => setTimeout(next, 10));
  const pass = await passFor(auth, "sign_up");
  assert.match(pass, /^kp_cp_r/);
  assert.equal((await signUp(auth, "anna@example.com", pass)).status, 202);
  assert.deepEqual(await sql(auth, "select stem from auth.captcha_challenges"), []);
});

test("a wrong answer shows the next sum, the third ends it, and an idempotency key repeats what was said", async (t) => {
  const auth = await startTestAuth(t);
  const keyed = { ...TV, "idempotency-key": "one press of one key" };
  const { status, body } = await issue(auth, "sign_up", keyed);
  assert.equal(status, 201);
  assert.deepEqual((await issue(auth, "sign_up", keyed)).body, body);
  let current = body;
  for (const left of [2, 1]) {
    auth.clock.advance({ ms: READING_MS });
    const wrong = await answer(auth, current, (reckon(current) + 1) % 100);
    assert.deepEqual(
      [wrong.status, wrong.code, wrong.body.challenge.tries_left],
      [422, "captcha_wrong", left],
    );
    assert.match(wrong.body.challenge.picture.data, /^<svg /);
    current = wrong.body.challenge;
  }
  auth.clock.advance({ ms: READING_MS });
  assert.equal((await answer(auth, current, (reckon(current) + 1) % 100)).code, "captcha_spent");
  assert.equal((await issue(auth, "sign_up", keyed)).code, "captcha_over");
  const other = (await issue(auth, "sign_up")).body;
  auth.clock.advance({ minutes: 3, seconds: 1 });
  assert.equal((await answer(auth, other, 1)).code, "captcha_expired");
  const swapped = { id: other.id.replace(/^u/, "i") };
  for (const id of [swapped.id, "x", `ur${"A".repeat(38)}`])
    assert.equal((await answer(auth, { id }, 1)).code, "captcha_unknown");
});

test("after an error a right answer is answered like a wrong one, with a code of its own and the next sum", async (t) => {
  const auth = await startTestAuth(t);
  let current = (await issue(auth, "sign_up")).body;
  const say = async (number: number, headers: Headers = TV) => {
    auth.clock.advance({ ms: READING_MS });
    return await answer(auth, current, number, headers);
  };
  current = (await say((reckon(current) + 1) % 100)).body.challenge;
  const right = reckon(current);
  const said = await say(right);
  assert.deepEqual([said.status, said.code, said.body.title], [422, "captcha_once_more", "Right. One more."]);
  assert.equal(said.body.challenge.tries_left, 2);
  assert.match(said.body.challenge.picture.data, /^<svg /);
  const repeated = await answer(auth, current, right, { ...TV, "accept-language": "ru" });
  assert.deepEqual([repeated.code, repeated.body.title], ["captcha_once_more", "Верно. Ещё один."]);
  assert.deepEqual(repeated.body.challenge, said.body.challenge);
  current = said.body.challenge;
  const solved = await say(reckon(current));
  assert.equal(solved.status, 200);
  assert.equal((await signUp(auth, "anna@example.com", solved.body.captcha_pass)).status, 202);
});

test("the picture comes in the form that was asked for", async (t) => {
  const auth = await startTestAuth(t);
  const { picture } = (await issue(auth, "sign_up", TV, "?picture=png")).body;
  assert.equal(picture.media_type, "image/png");
  assert.deepEqual([...Buffer.from(picture.data, "base64").subarray(1, 4)], [...Buffer.from("PNG")]);
  assert.equal((await issue(auth, "sign_up", TV)).body.picture.media_type, "image/svg+xml");
  assert.equal((await issue(auth, "sign_up", TV, "?picture=gif")).code, "invalid_request");
  assert.equal((await issue(auth, "something_else")).code, "invalid_request");
});

test("a network that asks for sum after sum waits, then is refused, with the time to wait", async (t) => {
  const auth = await startTestAuth(t);
  const seen = new Set<string>();
  for (let times = 0; times < 400 && !seen.has("captcha_refused"); times += 1) {
    const { status, code, headers, body } = await issue(auth, "sign_up");
    if (code !== undefined) {
      assert.equal(status, 429);
      const wait = Number(headers["retry-after"]);
      assert.ok(wait > 0, "says how long");
      seen.add(code);
      if (code === "captcha_paused") auth.clock.advance({ seconds: wait });
    } else await answer(auth, body, 0);
  }
  assert.deepEqual([...seen], ["captcha_paused", "captcha_refused"]);
});

test("without the text form the sum stands nowhere but in the picture", async (t) => {
  const auth = await startTestAuth(t, { config: { captchaText: false } });
  const { body, text } = await issue(auth, "sign_up");
  assert.equal(body.text, undefined);
  assert.doesNotMatch(text, /<text|plus|minus|times/);
});

test("what is over is purged", async (t) => {
  const auth = await startTestAuth(t);
  await issue(auth, "sign_up");
  auth.clock.advance({ hours: 2 });
  await auth.auth.capabilities.purges.round();
  assert.deepEqual(await sql(auth, "select stem from auth.captcha_challenges"), []);
});
