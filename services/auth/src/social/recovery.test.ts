/** An owner who recovers an account from a thief: nothing the thief set up, holds or began outlives it. */
import assert from "node:assert/strict";
import test from "node:test";
import type { AccountId } from "../ids.ts";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import type { SignedIn } from "../testing/start-auth.ts";
import { pkce, type SocialTest, startSocial } from "./set-up.test-support.ts";

const NEW_PASSWORD = "eleven quiet tall giraffes";

async function recover(auth: SocialTest, { email }: SignedIn): Promise<void> {
  await ask(auth, "POST /v1/password-resets", { email });
  const [letter] = await auth.mails(email);
  const reset = { email, code: letter?.code ?? "", new_password: NEW_PASSWORD };
  assert.equal((await ask(auth, "POST /v1/password-resets/confirm", reset)).status, 204);
}

test("T52: sessions a thief opened by a social network die with the recovery, refresh and access alike", async (t) => {
  const auth = await startSocial(t);
  const alice = await auth.signUp();
  await auth.browser().link("vk", "adult", alice);
  const mallory = await auth.browser().signIn("vk", "adult");
  assert.equal(mallory.accountId, alice.accountId);
  await recover(auth, alice);
  const refreshed = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: mallory.refreshToken });
  assert.equal(refreshed.status, 401);
  assert.equal((await ask(auth, "GET /v1/me", undefined, mallory)).code, "access_token_invalid");
  const told = await sql(auth, "select 1 from auth.revocations");
  assert.ok(told.length >= 2, "services that verify offline are told of each session");
});

test("T53: a code and a link that a thief began before the recovery come to nothing after it", async (t) => {
  const auth = await startSocial(t);
  const alice = await auth.signUp();
  await auth.browser().link("vk", "adult", alice);
  const mallory = await auth.browser().signIn("vk", "adult");
  const phone = auth.browser();
  const { code = "" } = await phone.goThrough("vk", "adult");
  const tab = auth.browser();
  const away = await tab.agree(await tab.beginLink("x", mallory), "no-email");
  const { verifier, challenge } = pkce();
  const app = auth.browser();
  const linking = await app.comeBack(
    await app.agree(await app.beginLink("google", mallory, challenge), "child"),
  );
  await recover(auth, alice);
  assert.equal((await phone.exchange(code)).code, "social_code_invalid");
  assert.equal((await tab.comeBack(away)).error, "session_over");
  const payload = { code: linking.code, code_verifier: verifier };
  const confirmed = await ask(auth, "POST /v1/me/social-accounts/google/confirm", payload, mallory);
  assert.equal(confirmed.code, "access_token_invalid");
  const rows = await sql(auth, "select provider from auth.social_accounts where paused_at is null");
  assert.deepEqual(rows, []);
});

test("T53: a link that waits for its turn while the owner recovers is not made when its turn comes", async (t) => {
  const auth = await startSocial(t);
  const alice = await auth.signUp();
  const tab = auth.browser();
  const away = await tab.agree(await tab.beginLink("x", alice), "no-email");
  const { accounts, sessions, social } = auth.auth.capabilities;
  const id = alice.accountId as AccountId;
  const overtaken = await accounts.underLock(id, async (tx) => {
    const landing = tab.comeBack(away);
    await untilSomebodyWaits(auth);
    await sessions.endAll(tx, id, { kind: "account", id }, "password_reset");
    await social.links.recover(tx, id);
    return { landing };
  });
  assert.equal((await overtaken.landing).error, "session_over");
  assert.deepEqual(await sql(auth, "select provider from auth.social_accounts"), []);
});

/** A transaction of this database waits for a lock of another's. */
async function untilSomebodyWaits(auth: SocialTest): Promise<void> {
  for (;;) {
    const [row] = await sql<{ waiting: boolean }>(
      auth,
      "select exists (select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waiting",
    );
    if (row?.waiting === true) return;
  }
}
