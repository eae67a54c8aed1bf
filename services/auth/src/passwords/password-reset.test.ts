import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, tally, together } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

const NEXT = "five yellow umbrellas";

const askReset = (auth: TestAuth, email: string, headers = {}) =>
  ask(auth, "POST /v1/password-resets", { email }, undefined, headers);

const confirm = (auth: TestAuth, email: string, code: string | undefined, password = NEXT) =>
  ask(auth, "POST /v1/password-resets/confirm", { email, code, new_password: password });

async function codeFor(auth: TestAuth, email: string): Promise<string> {
  await askReset(auth, email);
  const [mail] = await auth.mails(email);
  assert.equal(mail?.subject, "Reset your password");
  return mail?.code ?? "";
}

test("a reset sets the password, ends every session and tells the owner", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  const code = await codeFor(auth, "anna@example.com");
  assert.equal((await confirm(auth, "Anna@Example.com", code)).status, 204);
  const refreshed = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  assert.equal(refreshed.code, "session_over");
  await auth.signIn("anna@example.com", NEXT);
  const old = { email: "anna@example.com", password: GOOD_PASSWORD };
  assert.equal((await ask(auth, "POST /v1/sessions", old)).code, "credentials_wrong");
  const subjects = (await auth.mails("anna@example.com")).map((mail) => mail.subject);
  assert.ok(subjects.includes("Your password was changed"), subjects.join());
});

test("asking for a known and an unknown address is one answer after the same statements", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "known@example.com" });
  auth.journal.take();
  const known = await askReset(auth, "known@example.com");
  const statements = auth.journal.take();
  const unknown = await askReset(auth, "unknown@example.com");
  assert.deepEqual(auth.journal.take(), statements);
  assert.deepEqual([unknown.status, unknown.text], [known.status, known.text]);
  assert.deepEqual(Object.keys(unknown.headers).sort(), Object.keys(known.headers).sort());
  assert.deepEqual(await auth.mails("unknown@example.com"), []);
  for (const email of ["known@example.com", "unknown@example.com"]) await confirm(auth, email, "00000000");
  const tries = await sql(auth, "select tries from auth.codes where purpose = 'password_reset'");
  assert.deepEqual(tries, [{ tries: 1 }, { tries: 1 }], "a wrong code is counted for nobody as for somebody");
});

test("confirming with a wrong code is one answer after the same statements for a known and an unknown address", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "known@example.com" });
  await codeFor(auth, "known@example.com");
  auth.journal.take();
  const known = await confirm(auth, "known@example.com", "00000000");
  const statements = auth.journal.take();
  const unknown = await confirm(auth, "unknown@example.com", "00000000");
  assert.deepEqual(auth.journal.take(), statements);
  assert.deepEqual([known.code, unknown.code], ["code_wrong", "code_wrong"]);
});

test("of twenty parallel confirmations exactly one sets the password", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "anna@example.com" });
  const code = await codeFor(auth, "anna@example.com");
  const answers = await together(20, () => confirm(auth, "anna@example.com", code));
  assert.deepEqual(tally(answers), { "204": 1, code_wrong: 19 });
});

test("a code dies after ten minutes and after five wrong tries made at once", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "anna@example.com" });
  const late = await codeFor(auth, "anna@example.com");
  auth.clock.advance({ minutes: 10 });
  assert.equal((await confirm(auth, "anna@example.com", late)).code, "code_wrong");
  const guessed = await codeFor(auth, "anna@example.com");
  const wrong = guessed === "00000000" ? "00000001" : "00000000";
  await together(5, () => confirm(auth, "anna@example.com", wrong));
  assert.equal((await confirm(auth, "anna@example.com", guessed)).code, "code_wrong");
});

test("a code of one purpose opens nothing else", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "anna@example.com" });
  const code = await codeFor(auth, "anna@example.com");
  const asSignUp = await ask(auth, "POST /v1/accounts/confirm", { email: "anna@example.com", code });
  assert.equal(asSignUp.code, "code_wrong");
  assert.equal((await confirm(auth, "anna@example.com", code)).status, 204);
});

test("an account from a social network gets its first password by a reset", async (t) => {
  const auth = await startTestAuth(t);
  await auth.auth.capabilities.accounts.createConfirmed({ email: "vk@example.com" as never, locale: "en" });
  assert.equal((await confirm(auth, "vk@example.com", await codeFor(auth, "vk@example.com"))).status, 204);
  await auth.signIn("vk@example.com", NEXT);
});

test("a reset of a disabled account leaves it disabled", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  await sql(auth, "update auth.accounts set status = 'disabled' where id = $1", anna.accountId);
  await confirm(auth, "anna@example.com", await codeFor(auth, "anna@example.com"));
  const answer = await ask(auth, "POST /v1/sessions", { email: "anna@example.com", password: NEXT });
  assert.equal(answer.code, "account_disabled");
});

test("the mail is in the owner's language, its link leads to our site whatever Host was sent", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "anna@example.com", locale: "ru" });
  const evil = { host: "evil.example", "x-forwarded-host": "evil.example", "accept-language": "en" };
  await askReset(auth, "anna@example.com", evil);
  const [mail] = await auth.mails("anna@example.com");
  assert.equal(mail?.subject, "Сброс пароля");
  assert.ok(
    mail?.text.includes(`http://site.test/#do=reset_password&email=anna%40example.com&code=${mail.code}`),
  );
  assert.doesNotMatch(`${mail?.text}${mail?.html}`, /evil/);
});

test("the new password must be a good one", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "anna@example.com" });
  const code = await codeFor(auth, "anna@example.com");
  assert.equal((await confirm(auth, "anna@example.com", code, "password1")).code, "password_too_common");
  assert.equal((await confirm(auth, "anna@example.com", code, "vbkmtqz")).code, "password_too_short");
  assert.equal((await confirm(auth, "anna@example.com", code, "ab cd".repeat(99))).code, "password_too_long");
  assert.equal((await confirm(auth, "anna@example.com", code)).status, 204);
});
