import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

const post = (auth: TestAuth, url: string, payload: object, headers = {}) =>
  auth.app.inject({ method: "POST", url, payload, headers });

const form = (email: string, more = {}) => ({ email, password: GOOD_PASSWORD, ...more });

test("a confirmed sign-up opens a session and the account can sign in", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({
    email: "Anna@Example.com ",
    region: "ru_volga",
    birth_date: "1990-05-17",
  });
  const again = await auth.signIn("anna@example.COM");
  assert.equal(again.accountId, anna.accountId);
  const account = await auth.auth.capabilities.accounts.find(anna.accountId as never);
  assert.equal(account?.email, "anna@example.com");
  assert.equal(account?.region, 5);
  assert.equal(account?.birth_date, "1990-05-17");
  assert.match(account?.password_hash ?? "", /^\$argon2id\$/);
});

test("signing up with a taken address answers the same, runs the same statements, and only its owner hears of it", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "owner@example.com" });
  auth.journal.take();
  const free = await post(auth, "/v1/accounts", form("free@example.com"));
  const statementsOfFree = auth.journal.take();
  const taken = await post(auth, "/v1/accounts", form("owner@example.com"));
  assert.deepEqual(auth.journal.take(), statementsOfFree);
  assert.equal(taken.statusCode, 202);
  assert.deepEqual([taken.statusCode, taken.body], [free.statusCode, free.body]);
  const names = (headers: object) => Object.keys(headers).sort();
  assert.deepEqual(names(taken.headers), names(free.headers));
  const [mail] = await auth.mails("owner@example.com");
  assert.equal(mail?.subject, "You have an account already");
  assert.equal(mail?.code, undefined);
});

test("a code for a taken address is dead even to whoever knows it", async (t) => {
  const auth = await startTestAuth(t);
  const { codes, directory, db } = auth.auth.capabilities;
  await auth.signUp({ email: "owner@example.com" });
  const key = {
    subject: directory.hash({ kind: "email", address: "owner@example.com" as never }),
    purpose: "sign_up",
  } as const;
  const { id, code } = await db.transaction((tx) => codes.issue(tx, key, { passwordHash: "sealed" }));
  await codes.retire(key, id);
  assert.equal(await db.transaction((tx) => codes.redeem(tx, key, code)), undefined);
  const kept = await sql<{ payload: unknown }>(auth, "select payload from auth.codes where id = $1", id);
  assert.deepEqual(kept, [{ payload: null }], "nothing of the sign-up is kept");
});

test("wrong codes are the same work for a taken address and a free one: each is counted, five at most", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "owner@example.com" });
  const addresses = ["owner@example.com", "free@example.com"];
  for (const email of addresses) await post(auth, "/v1/accounts", form(email));
  await auth.mails();
  for (let round = 1; round <= 6; round += 1) {
    for (const email of addresses) {
      const answer = await post(auth, "/v1/accounts/confirm", { email, code: "00000000" });
      assert.equal(answer.json().code, "code_wrong");
    }
    const tries = await sql(auth, "select tries from auth.codes where used_at is null");
    assert.deepEqual(tries, Array(2).fill({ tries: Math.min(round, 5) }));
  }
});

test("of twenty parallel confirmations exactly one makes the account", async (t) => {
  const auth = await startTestAuth(t);
  await post(auth, "/v1/accounts", form("race@example.com"));
  const [mail] = await auth.mails("race@example.com");
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      post(auth, "/v1/accounts/confirm", { email: "race@example.com", code: mail?.code }),
    ),
  );
  const codes = answers.map((answer) => (answer.statusCode === 201 ? "made" : answer.json().code)).sort();
  assert.deepEqual(codes, [...Array(19).fill("code_wrong"), "made"]);
});

test("of sign-ups that race for one address with codes of their own exactly one makes the account", async (t) => {
  const auth = await startTestAuth(t);
  for (let each = 0; each < 5; each += 1) await post(auth, "/v1/accounts", form("many@example.com"));
  const codes = (await auth.mails("many@example.com")).map((mail) => mail.code);
  assert.equal(new Set(codes).size, 5);
  const answers = await Promise.all(
    codes.map((code) => post(auth, "/v1/accounts/confirm", { email: "many@example.com", code })),
  );
  assert.equal(answers.filter((answer) => answer.statusCode === 201).length, 1);
  for (const answer of answers.filter(({ statusCode }) => statusCode !== 201)) {
    assert.match(answer.json().code, /^(code_wrong|email_taken)$/);
  }
});

test("a code confirms its own sign-up, not the password of another one", async (t) => {
  const auth = await startTestAuth(t);
  await post(auth, "/v1/accounts", form("two@example.com", { password: "the first of two" }));
  const [first] = await auth.mails("two@example.com");
  await post(auth, "/v1/accounts", form("two@example.com", { password: "the second of two" }));
  const made = await post(auth, "/v1/accounts/confirm", { email: "two@example.com", code: first?.code });
  assert.equal(made.statusCode, 201);
  await auth.signIn("two@example.com", "the first of two");
  const other = await post(auth, "/v1/sessions", form("two@example.com", { password: "the second of two" }));
  assert.equal(other.json().code, "credentials_wrong");
});

test("a code dies after ten minutes, after five wrong tries, and for every other address", async (t) => {
  const auth = await startTestAuth(t);
  const confirm = (email: string, code: string | undefined) =>
    post(auth, "/v1/accounts/confirm", { email, code });
  const fresh = async (email: string) => {
    await post(auth, "/v1/accounts", form(email));
    return (await auth.mails(email))[0]?.code ?? "";
  };
  const late = await fresh("late@example.com");
  auth.clock.advance({ minutes: 10 });
  assert.equal((await confirm("late@example.com", late)).json().code, "code_wrong");

  const guessed = await fresh("guessed@example.com");
  const wrong = guessed === "00000000" ? "00000001" : "00000000";
  await Promise.all(Array.from({ length: 5 }, () => confirm("guessed@example.com", wrong)));
  assert.equal((await confirm("guessed@example.com", guessed)).json().code, "code_wrong");

  const mine = await fresh("mine@example.com");
  assert.equal((await confirm("yours@example.com", mine)).json().code, "code_wrong");
  assert.equal((await confirm("mine@example.com", mine)).statusCode, 201);
});

test("what cannot be an account is refused before it costs a hash", async (t) => {
  const auth = await startTestAuth(t);
  const refusal = async (more: object) =>
    (await post(auth, "/v1/accounts", { ...form("a@example.com"), ...more })).json().code;
  assert.equal(await refusal({ email: "a@x.com,b@y.com" }), "email_invalid");
  assert.equal(await refusal({ email: "a@x.com\r\nBcc: b@y.com" }), "email_invalid");
  assert.equal(await refusal({ email: '"a b"@x.com' }), "email_invalid");
  assert.equal(await refusal({ email: "a＠b@x.com" }), "email_invalid");
  assert.equal(await refusal({ password: "short1!" }), "password_too_short");
  assert.equal(await refusal({ password: "Password123" }), "password_too_common");
  assert.equal(await refusal({ password: "я".repeat(129) }), "password_too_long");
  assert.equal(await refusal({ birth_date: "1990-02-30" }), "birth_date_invalid");
  assert.equal(await refusal({ birth_date: "2027-01-01" }), "birth_date_invalid");
  assert.equal(await refusal({ birth_date: "1899-12-31" }), "birth_date_invalid");
  assert.equal(await refusal({ region: "atlantis" }), "region_unknown");
  assert.equal(await refusal({ display_name: "Anna\u202eevil" }), "invalid_request");
  assert.equal(await refusal({ role: "superuser" }), "invalid_request");
  assert.equal(await refusal({ locale: "de" }), "invalid_request");
  assert.deepEqual(await auth.mails(), []);
});

test("a person of 29 February may sign up, and mails follow the language that was asked for", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "leap@example.com", birth_date: "2004-02-29" });
  await post(auth, "/v1/accounts", form("ru@example.com"), { "accept-language": "ru-RU" });
  assert.equal((await auth.mails("ru@example.com"))[0]?.subject, "Подтвердите адрес почты");
});
