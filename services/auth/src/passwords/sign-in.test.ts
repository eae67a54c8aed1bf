import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { ask, tally, together } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

const signIn = (auth: TestAuth, email: string, password = GOOD_PASSWORD, agent = "Test/1") =>
  ask(auth, "POST /v1/sessions", { email, password }, undefined, { "user-agent": agent });

/** Without what differs in every answer. */
const shapeOf = ({ status, body, headers }: Awaited<ReturnType<typeof ask>>) => ({
  status,
  body: { ...body, request_id: "", trace_id: "" },
  headers: { ...headers, "x-request-id": "", date: "" },
});

async function fourKinds(auth: TestAuth): Promise<Record<string, string>> {
  await auth.signUp({ email: "known@example.com" });
  const disabled = await auth.signUp({ email: "disabled@example.com" });
  await sql(auth, "update auth.accounts set status = 'disabled' where id = $1", disabled.accountId);
  await auth.auth.capabilities.accounts.createConfirmed({
    email: "social@example.com" as never,
    locale: "ru",
  });
  return {
    known: "known@example.com",
    disabled: "disabled@example.com",
    social: "social@example.com",
    unknown: "unknown@example.com",
  };
}

test("a wrong password, an unknown address, a disabled and a social account are one answer after the same statements", async (t) => {
  const auth = await startTestAuth(t);
  const seen = [];
  for (const email of Object.values(await fourKinds(auth))) {
    await signIn(auth, email, "not the password");
    auth.journal.take();
    const answer = await signIn(auth, email, "not the password");
    seen.push({
      ...shapeOf(answer),
      statements: auth.journal.take(),
    });
  }
  assert.equal(seen[0]?.body.code, "credentials_wrong");
  for (const other of seen) assert.deepEqual(other, seen[0]);
});

test("who knows the password of a disabled account is told that it is disabled", async (t) => {
  const auth = await startTestAuth(t);
  const { disabled = "" } = await fourKinds(auth);
  assert.equal((await signIn(auth, disabled)).code, "account_disabled");
});

test("every character counts, exactly as sent", async (t) => {
  const auth = await startTestAuth(t);
  const password = "Шестьдесят девять знаков, и ещё один — последний, ёлки зелёные";
  await auth.signUp({ email: "exact@example.com", password });
  for (const wrong of [
    password.slice(0, -1),
    password.toLowerCase(),
    ` ${password}`,
    `${password} `,
    password.normalize("NFD"),
  ])
    assert.equal((await signIn(auth, "exact@example.com", wrong)).code, "credentials_wrong", wrong);
  assert.equal((await signIn(auth, "EXACT@example.com", password)).status, 201);
});

test("a password that is too long is refused before it costs a hash", async (t) => {
  const auth = await startTestAuth(t);
  const longest = "ab cd".repeat(26).slice(0, 128);
  await auth.signUp({ email: "long@example.com", password: longest });
  assert.equal((await signIn(auth, "long@example.com", longest)).status, 201);
  assert.equal((await signIn(auth, "long@example.com", longest.slice(0, -1))).code, "credentials_wrong");
  auth.journal.take();
  assert.equal((await signIn(auth, "long@example.com", `${longest}c`)).code, "password_too_long");
  assert.equal((await signIn(auth, "long@example.com", "💧".repeat(129))).code, "password_too_long");
  assert.deepEqual(auth.journal.take(), []);
});

test("tries show up in the owner's history, and an unknown address leaves none", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  await signIn(auth, "anna@example.com", "not the password");
  await signIn(auth, "anna@example.com");
  const { body } = await ask(auth, "GET /v1/me/sign-ins", undefined, anna);
  const outcomes = body.items
    .map((item: { outcome: string; door: string }) => `${item.door} ${item.outcome}`)
    .sort();
  assert.deepEqual(outcomes, ["password signed_in", "password wrong_password", "sign_up signed_in"]);
});

test("a hash of another cost is renewed by the sign-in, also when twenty come at once", async (t) => {
  const auth = await startTestAuth(t);
  const { passwords, accounts } = auth.auth.capabilities;
  const anna = await auth.signUp({ email: "anna@example.com" });
  // Made at another cost: m=128, t=1, p=1.
  const old = await passwords.lane.run({
    kind: "hash",
    password: GOOD_PASSWORD,
    cost: { memoryKib: 128, iterations: 1, parallelism: 1 },
  });
  await sql(auth, "update auth.accounts set password_hash = $2 where id = $1", anna.accountId, old);
  assert.deepEqual(tally(await together(20, () => signIn(auth, "anna@example.com"))), { "201": 20 });
  const renewed = (await accounts.find(anna.accountId as never))?.password_hash ?? "";
  assert.match(renewed, /^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
});

test("a password that changes while it is verified does not open a session", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  const change = { current_password: GOOD_PASSWORD, new_password: "five yellow umbrellas" };
  const [changed, ...answers] = await Promise.all([
    ask(auth, "PUT /v1/me/password", change, anna),
    ...Array.from({ length: 20 }, () => signIn(auth, "anna@example.com")),
  ]);
  assert.equal(changed?.status, 204);
  for (const answer of answers) assert.match(`${answer.code ?? answer.status}`, /^(201|credentials_wrong)$/);
  // Whoever came in before the change is out again: only the session that changed it lives.
  const { body } = await ask(auth, "GET /v1/sessions", undefined, anna);
  assert.deepEqual(
    body.items.map((item: { id: string }) => item.id),
    [anna.sessionId],
  );
});

test("a sign-in goes on while the account moves to another region", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com", region: "ru_volga" });
  const moves = ["ru_siberia", "ru_ural", "ru_volga"].map(
    (region) => () => ask(auth, "PATCH /v1/me", { region }, anna),
  );
  const moving = (async () => {
    for (const move of moves) assert.equal((await move()).status, 200);
  })();
  const answers = await together(15, () => signIn(auth, "anna@example.com"));
  await moving;
  assert.deepEqual(tally(answers), { "201": 15 });
});

test("the owner hears of a device that was not seen before, once, in their language", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "anna@example.com", locale: "ru" });
  const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  await signIn(auth, "anna@example.com", GOOD_PASSWORD, firefox);
  const subjects = async () => (await auth.mails("anna@example.com")).map((mail) => mail.subject);
  assert.deepEqual(await subjects(), ["Новый вход в учётную запись", "Подтвердите адрес почты"]);
  const [mail] = await auth.mails("anna@example.com");
  assert.match(mail?.text ?? "", /Firefox, Linux, адрес 127\.0\.0\.1, 1 марта 2026/);
  await signIn(auth, "anna@example.com", GOOD_PASSWORD, firefox);
  assert.equal((await subjects()).length, 2);
});

test("a flood of sign-ins is shed at once with 503 and Retry-After, and refreshing goes on", async (t) => {
  const cost = { memoryKib: 19_456, iterations: 2, parallelism: 1 };
  const auth = await startTestAuth(t, {
    config: { hashWorkers: 1, hashCost: cost },
    surroundings: { longestHashWaitMs: 500 },
  });
  const anna = await auth.signUp({ email: "anna@example.com" });
  let nth = 0;
  const flood = together(150, () => {
    nth += 1;
    return signIn(auth, `viewer${nth}@example.com`);
  });
  const refreshed = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  assert.equal(refreshed.status, 200);
  const answers = await flood;
  const {
    busy_try_again: shed = 0,
    credentials_wrong: served = 0,
    temporarily_unavailable: away = 0,
  } = tally(answers);
  assert.equal(shed + served + away, 150, JSON.stringify(tally(answers)));
  assert.ok(shed > 50 && served > 0, `${shed} shed, ${served} served`);
  for (const answer of answers.filter(({ code }) => code === "busy_try_again")) {
    assert.equal(answer.status, 503);
    assert.equal(answer.headers["retry-after"], "1");
  }
  // Whoever was answered has left the place to others.
  assert.equal((await signIn(auth, "late@example.com")).code, "credentials_wrong");
});

test("clients that send their sign-in slowly, or hang up in it, keep nobody out", async (t) => {
  const auth = await startTestAuth(t, {
    config: { hashWorkers: 1 },
    surroundings: { longestHashWaitMs: 500 },
  });
  const url = await auth.app.listen({ host: "127.0.0.1", port: 0 });
  const begun = once(auth.app.server, "the last has begun");
  let seen = 0;
  auth.app.server.on("request", () => {
    seen += 1;
    if (seen === 200) setImmediate(() => auth.app.server.emit("the last has begun"));
  });
  const slow = Array.from({ length: 200 }, () => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1").on("error", () => {});
    t.after(() => socket.destroy());
    socket.write(
      "POST /v1/sessions HTTP/1.1\r\nhost: auth\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    );
    return socket;
  });
  await begun;
  assert.equal((await signIn(auth, "quick@example.com")).code, "credentials_wrong");
  for (const socket of slow) socket.destroy();
  assert.equal((await signIn(auth, "next@example.com")).code, "credentials_wrong");
});
