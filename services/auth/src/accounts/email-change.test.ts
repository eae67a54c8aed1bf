import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, tally, together } from "../testing/ask.ts";
import { GOOD_PASSWORD, type SignedIn, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

const askChange = (auth: TestAuth, as: SignedIn, email: string) =>
  ask(auth, "PUT /v1/me/email", { email }, as);

const confirm = (auth: TestAuth, as: SignedIn, code: string | undefined) =>
  ask(auth, "POST /v1/me/email/confirm", { code }, as);

async function codeAt(auth: TestAuth, as: SignedIn, email: string): Promise<string> {
  assert.equal((await askChange(auth, as, email)).status, 202);
  const [mail] = await auth.mails(email);
  assert.match(mail?.code ?? "", /^\d{8}$/);
  return mail?.code ?? "";
}

const signIn = (auth: TestAuth, email: string) =>
  ask(auth, "POST /v1/sessions", { email, password: GOOD_PASSWORD });

test("the new address opens the account, the old one does not and is free for somebody else", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "old@example.com" });
  const code = await codeAt(auth, anna, "New@Example.com");
  assert.equal(
    (await signIn(auth, "new@example.com")).code,
    "credentials_wrong",
    "not before it is confirmed",
  );
  assert.equal((await confirm(auth, anna, code)).status, 204);
  assert.equal((await ask(auth, "GET /v1/me", undefined, anna)).body.email, "new@example.com");
  assert.equal((await auth.signIn("new@example.com")).accountId, anna.accountId);
  assert.equal((await signIn(auth, "old@example.com")).code, "credentials_wrong");
  const other = await auth.signUp({ email: "old@example.com" });
  assert.notEqual(other.accountId, anna.accountId);
});

test("the old address hears of the wish and of the change", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "old@example.com" });
  const code = await codeAt(auth, anna, "new@example.com");
  const subjects = async () => (await auth.mails("old@example.com")).map((mail) => mail.subject);
  assert.ok((await subjects()).includes("Your address is about to change"));
  await confirm(auth, anna, code);
  assert.ok((await subjects()).includes("Your address was changed"));
});

test("asking for somebody's address answers as for a free one, and only that somebody hears of it", async (t) => {
  const auth = await startTestAuth(t);
  await auth.signUp({ email: "taken@example.com" });
  const anna = await auth.signUp({ email: "anna@example.com" });
  await askChange(auth, anna, "warm-up@example.com");
  auth.journal.take();
  const free = await askChange(auth, anna, "free@example.com");
  const statements = auth.journal.take();
  const taken = await askChange(auth, anna, "taken@example.com");
  assert.deepEqual(auth.journal.take(), statements);
  assert.deepEqual([taken.status, taken.text], [free.status, free.text]);
  const [mail] = await auth.mails("taken@example.com");
  assert.equal(mail?.subject, "You have an account already");
  assert.equal(mail?.code, undefined);
});

test("of twenty accounts that claim one address at once exactly one gets it", async (t) => {
  const auth = await startTestAuth(t);
  const people = await Promise.all(
    Array.from({ length: 20 }, async (_, nth) => {
      const account = await auth.auth.capabilities.accounts.createConfirmed({
        email: `viewer${nth}@example.com` as never,
        locale: "en",
      });
      const tokens = await auth.auth.capabilities.sessions.open({
        account,
        roles: [],
        birthDate: null,
        door: "password",
        client: { address: "203.0.113.7", userAgent: null },
        device: { name: null, kind: "phone" },
      });
      const headers = { authorization: `Bearer ${tokens.accessToken}` };
      return { ...tokens, email: "", password: "", accountId: account.id, headers };
    }),
  );
  const codes: string[] = [];
  for (const person of people) codes.push(await codeAt(auth, person, "wanted@example.com"));
  const answers = await Promise.all(people.map((person, nth) => confirm(auth, person, codes[nth])));
  assert.deepEqual(tally(answers), { "204": 1, email_taken: 19 });
});

test("of twenty parallel confirmations of one change exactly one succeeds", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "old@example.com" });
  const code = await codeAt(auth, anna, "new@example.com");
  const answers = await together(20, () => confirm(auth, anna, code));
  assert.deepEqual(tally(answers), { "204": 1, code_wrong: 19 });
});

test("a sign-up that waits for the same address comes to nothing once the address has an owner", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "old@example.com" });
  const form = { email: "new@example.com", password: GOOD_PASSWORD };
  await ask(auth, "POST /v1/accounts", form);
  const [pending] = await auth.mails("new@example.com");
  await confirm(auth, anna, await codeAt(auth, anna, "new@example.com"));
  const late = await ask(auth, "POST /v1/accounts/confirm", {
    email: "new@example.com",
    code: pending?.code,
  });
  assert.equal(late.code, "code_wrong");
});

test("a reset asked for at the old address opens nothing after the change", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "old@example.com" });
  await ask(auth, "POST /v1/password-resets", { email: "old@example.com" });
  const [reset] = await auth.mails("old@example.com");
  await confirm(auth, anna, await codeAt(auth, anna, "new@example.com"));
  for (const email of ["old@example.com", "new@example.com"]) {
    const form = { email, code: reset?.code, new_password: "five yellow umbrellas" };
    assert.equal((await ask(auth, "POST /v1/password-resets/confirm", form)).code, "code_wrong");
  }
});

test("it needs a fresh sign-in, another address than now, and one's own code", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  const boris = await auth.signUp({ email: "boris@example.com" });
  assert.equal((await askChange(auth, anna, "ANNA@example.com")).code, "email_unchanged");
  assert.equal((await askChange(auth, anna, "not an address")).code, "email_invalid");
  const code = await codeAt(auth, anna, "new@example.com");
  assert.equal((await confirm(auth, boris, code)).code, "code_wrong");
  assert.equal((await ask(auth, "POST /v1/me/email/confirm", { code })).code, "sign_in_required");
  auth.clock.advance({ minutes: 10, seconds: 1 });
  const { body } = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  const later = { ...anna, headers: { authorization: `Bearer ${body.access_token}` } };
  assert.equal((await askChange(auth, later, "new@example.com")).code, "reauth_required");
  assert.equal((await confirm(auth, later, code)).code, "code_wrong", "and the code ran out");
});
