import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, tally, together } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD, type SignedIn, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

const NEXT = "five yellow umbrellas";

const change = (auth: TestAuth, as: SignedIn, body: object) => ask(auth, "PUT /v1/me/password", body, as);

const refresh = (auth: TestAuth, { refreshToken }: SignedIn) =>
  ask(auth, "POST /v1/sessions/refresh", { refresh_token: refreshToken });

/** Somebody who came from a social network: no password, a session that is `minutes` old. */
async function socialMember(auth: TestAuth, email?: string): Promise<SignedIn> {
  const { accounts, sessions } = auth.auth.capabilities;
  const account = await accounts.createConfirmed({ email: email as never, locale: "en" });
  const tokens = await sessions.open({
    account,
    roles: [],
    birthDate: null,
    door: "social:vk",
    client: { address: "203.0.113.7", userAgent: null },
    device: { name: null, kind: "phone" },
  });
  const headers = { authorization: `Bearer ${tokens.accessToken}` };
  return { ...tokens, email: email ?? "", password: "", accountId: account.id, headers };
}

test("a changed password ends the other sessions, keeps this one, and the owner is told", async (t) => {
  const auth = await startTestAuth(t);
  const here = await auth.signUp({ email: "anna@example.com" });
  const there = await auth.signIn("anna@example.com");
  const answer = await change(auth, here, { current_password: GOOD_PASSWORD, new_password: NEXT });
  assert.equal(answer.status, 204);
  assert.equal((await refresh(auth, there)).code, "session_over");
  assert.equal((await refresh(auth, here)).status, 200);
  assert.equal((await ask(auth, "GET /v1/me", undefined, there)).code, "access_token_invalid");
  const old = { email: "anna@example.com", password: GOOD_PASSWORD };
  assert.equal((await ask(auth, "POST /v1/sessions", old)).code, "credentials_wrong");
  await auth.signIn("anna@example.com", NEXT);
  const [mail] = await auth.mails("anna@example.com");
  assert.equal(mail?.subject, "Your password was changed");
  const acts = await sql(auth, "select action from auth.audit_entries where action like 'password.%'");
  assert.deepEqual(acts, [{ action: "password.changed" }]);
});

test("a wrong current password is refused and counts as a failed try", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  const wrong = await change(auth, anna, { current_password: "not the password", new_password: NEXT });
  assert.equal(wrong.code, "current_password_wrong");
  assert.equal((await change(auth, anna, { new_password: NEXT })).code, "current_password_needed");
  const { body } = await ask(auth, "GET /v1/me/sign-ins", undefined, anna);
  assert.equal(body.items.filter((item: { outcome: string }) => item.outcome === "wrong_password").length, 1);
  await auth.signIn("anna@example.com");
});

test("the new password must be another one, and a good one", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  const refusal = async (next: string) =>
    (await change(auth, anna, { current_password: GOOD_PASSWORD, new_password: next })).code;
  assert.equal(await refusal(GOOD_PASSWORD), "password_unchanged");
  assert.equal(await refusal("anna2026"), "password_too_common");
  assert.equal(await refusal("vbkmtqz"), "password_too_short");
  assert.equal(await refusal("ab cd".repeat(30)), "password_too_long");
  const long = await change(auth, anna, { current_password: "x".repeat(200), new_password: NEXT });
  assert.equal(long.code, "password_too_long");
});

test("of twenty changes at once one wins and the others know a password that is no more", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  let nth = 0;
  const answers = await together(20, () => {
    nth += 1;
    return change(auth, anna, { current_password: GOOD_PASSWORD, new_password: `${NEXT} ${nth}` });
  });
  assert.deepEqual(tally(answers), { "204": 1, current_password_wrong: 19 });
});

test("an account from a social network sets its first password after a fresh sign-in only", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await socialMember(auth, "anna@example.com");
  auth.clock.advance({ minutes: 9, seconds: 59 });
  assert.equal((await change(auth, anna, { new_password: NEXT })).status, 204);
  await auth.signIn("anna@example.com", NEXT);

  const boris = await socialMember(auth, "boris@example.com");
  auth.clock.advance({ minutes: 10 });
  const { body } = await refresh(auth, boris);
  const later = { ...boris, headers: { authorization: `Bearer ${body.access_token}` } };
  auth.clock.advance({ seconds: 1 });
  assert.equal((await change(auth, later, { new_password: NEXT })).code, "reauth_required");
});

test("a password is of no use without an address, so one must come first", async (t) => {
  const auth = await startTestAuth(t);
  const nobody = await socialMember(auth);
  assert.equal((await change(auth, nobody, { new_password: NEXT })).code, "email_needed");
});

test("pending codes die with the old password", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  await ask(auth, "POST /v1/password-resets", { email: "anna@example.com" });
  const [reset] = await auth.mails("anna@example.com");
  await ask(auth, "PUT /v1/me/email", { email: "new@example.com" }, anna);
  const [move] = await auth.mails("new@example.com");
  await change(auth, anna, { current_password: GOOD_PASSWORD, new_password: NEXT });
  const form = { email: "anna@example.com", code: reset?.code, new_password: "six green kettles" };
  assert.equal((await ask(auth, "POST /v1/password-resets/confirm", form)).code, "code_wrong");
  assert.equal((await ask(auth, "POST /v1/me/email/confirm", { code: move?.code }, anna)).code, "code_wrong");
});

test("only a member changes a password", async (t) => {
  const auth = await startTestAuth(t);
  const body = { current_password: GOOD_PASSWORD, new_password: NEXT };
  assert.equal((await ask(auth, "PUT /v1/me/password", body)).code, "sign_in_required");
  const forged = { headers: { authorization: "Bearer a.b.c" } };
  assert.equal((await ask(auth, "PUT /v1/me/password", body, forged)).code, "access_token_invalid");
});
