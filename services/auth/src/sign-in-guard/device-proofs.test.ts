import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, tally } from "../testing/ask.ts";
import { GOOD_PASSWORD } from "../testing/start-auth.ts";
import { cookieOf, failFrom, from, signIn, startLimited } from "./set-up.test-support.ts";

const HOME = from("198.51.100.7");
const ANNA = "anna@example.com";
const BORIS = "boris@example.com";

test("the proof is a cookie that no script reads and no other host sets", async (t) => {
  const auth = await startLimited(t, { issuer: "https://auth.example" });
  await auth.signUp({ email: ANNA });
  const { headers } = await signIn(auth, ANNA);
  assert.match(
    String(headers["set-cookie"]),
    /^__Host-kp_device=[\w-]{70}; Path=\/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax$/,
  );
  assert.equal(headers["x-kinopass-device"], undefined, "told only to who asks for it");
});

test("on plain http, which is loopback, the cookie has a name that browsers take there", async (t) => {
  const auth = await startLimited(t);
  await auth.signUp({ email: ANNA });
  assert.match(cookieOf(await signIn(auth, ANNA)), /^kp_device=[\w-]{70}$/);
});

test("who signs out keeps the lane: the proof is no session", async (t) => {
  const auth = await startLimited(t);
  const anna = await auth.signUp({ email: ANNA });
  const cookie = cookieOf(await signIn(auth, ANNA));
  const { status, headers } = await ask(auth, "DELETE /v1/sessions/current", undefined, anna);
  assert.equal(status, 204);
  assert.equal(
    headers["clear-site-data"],
    '"storage"',
    "a browser that is told to clear cookies clears the proof",
  );
  assert.equal(headers["set-cookie"], undefined);
  await failFrom(auth, ANNA, 60);
  assert.equal((await signIn(auth, ANNA, GOOD_PASSWORD, { ...HOME, cookie })).status, 201);
});

test("an app without cookies asks for its proof and sends it back", async (t) => {
  const auth = await startLimited(t);
  await auth.signUp({ email: ANNA });
  const { headers } = await signIn(auth, ANNA, GOOD_PASSWORD, { "x-kinopass-device": "new" });
  await failFrom(auth, ANNA, 60);
  const proof = { "x-kinopass-device": String(headers["x-kinopass-device"]) };
  assert.equal((await signIn(auth, ANNA, GOOD_PASSWORD, { ...HOME, ...proof })).status, 201);
});

test("a proof that was changed, is somebody else's, stands twice or ran out opens no lane", async (t) => {
  const auth = await startLimited(t);
  for (const email of [ANNA, BORIS]) await auth.signUp({ email });
  const annas = cookieOf(await signIn(auth, ANNA));
  const boriss = cookieOf(await signIn(auth, BORIS));
  await failFrom(auth, ANNA, 60);
  const last = annas.at(-1) === "A" ? "B" : "A";
  const forged = [
    boriss,
    `${annas.slice(0, -5)}${last}${annas.slice(-4)}`,
    `${annas}; ${annas}`,
    annas.slice(0, -1),
    "kp_device=",
  ];
  for (const cookie of forged) {
    const answer = await signIn(auth, ANNA, GOOD_PASSWORD, { ...HOME, cookie });
    assert.equal(answer.code, "rate_limited", cookie);
  }
  auth.clock.advance({ days: 401 });
  assert.equal(
    (await signIn(auth, ANNA, GOOD_PASSWORD, { ...HOME, cookie: annas })).code,
    "rate_limited",
    "ran out",
  );
});

test("a family shares a browser: each keeps a lane", async (t) => {
  const auth = await startLimited(t);
  for (const email of [ANNA, BORIS]) await auth.signUp({ email });
  const first = cookieOf(await signIn(auth, ANNA));
  const both = cookieOf(await signIn(auth, BORIS, GOOD_PASSWORD, { cookie: first }));
  await failFrom(auth, ANNA, 60);
  await failFrom(auth, BORIS, 60);
  for (const email of [ANNA, BORIS])
    assert.equal((await signIn(auth, email, GOOD_PASSWORD, { ...HOME, cookie: both })).status, 201, email);
});

test("a device has few tries of its own, and uses up nobody else's", async (t) => {
  const auth = await startLimited(t);
  await auth.signUp({ email: ANNA });
  const cookie = cookieOf(await signIn(auth, ANNA));
  const answers = [];
  for (let n = 0; n < 6; n += 1)
    answers.push(await signIn(auth, ANNA, `wrong ${n}`, { ...from(`192.0.2.${n}`), cookie }));
  assert.deepEqual(tally(answers), { credentials_wrong: 4, rate_limited: 2 });
  assert.equal((await signIn(auth, ANNA, GOOD_PASSWORD, HOME)).status, 201, "without the proof");
});
