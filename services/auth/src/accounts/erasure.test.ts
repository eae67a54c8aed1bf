import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, tally, together } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

/** Every table of the schema with a column for the account: a table added later is looked into as well. */
async function tablesThatName(auth: TestAuth, accountId: string): Promise<Record<string, number>> {
  const tables = await sql<{ name: string; key: string }>(
    auth,
    `select c.relname as name, a.attname as key
       from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where n.nspname = 'auth' and c.relkind in ('r', 'p') and not c.relispartition
        and (a.attname = 'account_id' or (c.relname = 'accounts' and a.attname = 'id'))`,
  );
  const found: Record<string, number> = {};
  for (const { name, key } of tables) {
    const text = `select count(*)::int as count from auth.${name} where ${key}::text = $1`;
    const [row] = await sql<{ count: number }>(auth, text, accountId);
    if (row !== undefined && row.count > 0) found[name] = row.count;
  }
  return found;
}

test("an erased account leaves one entry without personal data, and its tokens are revoked", async (t) => {
  const auth = await startTestAuth(t);
  const { roles, db, accounts } = auth.auth.capabilities;
  const anna = await auth.signUp({ email: "anna@example.com", display_name: "Анна", region: "ru_volga" });
  await auth.signIn("anna@example.com");
  await ask(auth, "PATCH /v1/me", { region: "ru_ural" }, anna);
  await ask(auth, "POST /v1/password-resets", { email: "anna@example.com" });
  const console = { kind: "console" } as const;
  await accounts.underLock(anna.accountId as never, (tx, { id }) =>
    roles.grant(tx, console, id, "subscriber"),
  );
  await auth.mails();
  await auth.auth.capabilities.history.exportOf(anna.accountId as never);
  const before = Object.keys(await tablesThatName(auth, anna.accountId)).sort();
  assert.deepEqual(before, [
    "accounts",
    "audit_entries",
    "identifiers",
    "relocations",
    "revocations",
    "role_grants",
    "sessions",
    "sign_ins",
  ]);

  assert.equal((await ask(auth, "DELETE /v1/me", undefined, anna)).status, 204);

  assert.deepEqual(Object.keys(await tablesThatName(auth, anna.accountId)).sort(), [
    "audit_entries",
    "revocations",
  ]);
  const entries = await sql(
    auth,
    "select action, actor_kind, actor_id, session_id, address, details from auth.audit_entries where account_id = $1",
    anna.accountId,
  );
  assert.deepEqual(entries, [
    {
      action: "account.erased",
      actor_kind: "system",
      actor_id: null,
      session_id: null,
      address: null,
      details: { by: "account" },
    },
  ]);
  assert.deepEqual(await sql(auth, "select from auth.codes"), []);
  assert.equal(await accounts.find(anna.accountId as never), undefined);
  const refreshed = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  assert.equal(refreshed.code, "session_over");
  const [goodbye] = await auth.mails("anna@example.com");
  assert.equal(goodbye?.subject, "Your account is erased");
  const again = await auth.signUp({ email: "anna@example.com" });
  assert.notEqual(again.accountId, anna.accountId);
  assert.equal(await db.run({ name: "", text: "select 1", values: [] }).then(({ rowCount }) => rowCount), 1);
});

test("erasing asks for a fresh sign-in", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  assert.equal((await ask(auth, "DELETE /v1/me")).code, "sign_in_required");
  auth.clock.advance({ minutes: 10, seconds: 1 });
  const { body } = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  const later = { headers: { authorization: `Bearer ${body.access_token}` } };
  assert.equal((await ask(auth, "DELETE /v1/me", undefined, later)).code, "reauth_required");
  const fresh = await auth.signIn("anna@example.com");
  assert.equal((await ask(auth, "DELETE /v1/me", undefined, fresh)).status, 204);
});

test("the last superuser cannot leave; of two that leave at once one stays", async (t) => {
  const auth = await startTestAuth(t);
  const { accounts, passwords } = auth.auth.capabilities;
  const passwordHash = await passwords.hash(GOOD_PASSWORD);
  for (const email of ["one@example.com", "two@example.com"]) {
    const roles = ["superuser"];
    await accounts.createConfirmed({
      email: email as never,
      passwordHash,
      locale: "en",
      roles,
      actor: { kind: "console" },
    });
  }
  const two = [await auth.signIn("one@example.com"), await auth.signIn("two@example.com")];
  const answers = await Promise.all(two.map((person) => ask(auth, "DELETE /v1/me", undefined, person)));
  assert.deepEqual(tally(answers), { "204": 1, last_superuser: 1 });
});

test("of twenty erasures at once one erases and nobody is harmed", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  const answers = await together(20, () => ask(auth, "DELETE /v1/me", undefined, anna));
  assert.equal(tally(answers)["204"], 1);
  // Who queued behind the winner for too long is asked to try again.
  for (const { code, status } of answers)
    assert.match(
      `${code ?? status}`,
      /^(204|account_not_found|access_token_invalid|temporarily_unavailable)$/,
    );
  assert.equal(
    (await auth.mails("anna@example.com")).filter(({ subject }) => subject.includes("erased")).length,
    1,
  );
});

test("a sign-in that is noted after its account was erased leaves nothing for longer than a purge", async (t) => {
  const auth = await startTestAuth(t);
  const { history, purges } = auth.auth.capabilities;
  const anna = await auth.signUp({ email: "anna@example.com" });
  const bob = await auth.signUp();
  assert.equal((await ask(auth, "DELETE /v1/me", undefined, anna)).status, 204);
  for (const { accountId } of [anna, bob])
    history.record({
      account: { id: accountId as never, region: 1 as never },
      sessionId: null,
      outcome: "signed_in",
      door: "password",
      device: { kind: "phone", name: null },
      client: { address: "203.0.113.7", userAgent: null },
    });
  await history.exportOf(anna.accountId as never);
  assert.equal((await tablesThatName(auth, anna.accountId))["sign_ins"], 1);
  await purges.round();
  assert.equal((await tablesThatName(auth, anna.accountId))["sign_ins"], undefined);
  assert.equal((await tablesThatName(auth, bob.accountId))["sign_ins"], 2);
});

test("the export has everything that is kept, and no secret", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({
    email: "anna@example.com",
    display_name: "Анна",
    birth_date: "1990-05-17",
  });
  await auth.signIn("anna@example.com");
  const answer = await ask(auth, "GET /v1/me/export", undefined, anna);
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers["content-disposition"]), /attachment/);
  assert.deepEqual(Object.keys(answer.body), [
    "exported_at",
    "account",
    "social_accounts",
    "sessions",
    "sign_ins",
    "acts",
  ]);
  assert.equal(answer.body.account.email, "anna@example.com");
  assert.equal(answer.body.account.birth_date, "1990-05-17");
  assert.deepEqual([answer.body.sessions.length, answer.body.sign_ins.length], [2, 2]);
  assert.ok(answer.body.acts.length >= 3);
  assert.doesNotMatch(answer.text, /argon2|password_hash|kp_rt_/);
  assert.equal((await ask(auth, "GET /v1/me/export")).code, "sign_in_required");
});
