import assert from "node:assert/strict";
import test from "node:test";
import { currentRequest } from "@kinopass/tracing";
import { ask, tally } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import type { SignedIn } from "../testing/start-auth.ts";
import { anotherInstance, pkce, type SocialTest, startSocial } from "./set-up.test-support.ts";

const ROUNDS = 200;

async function linkIds(auth: Parameters<typeof ask>[0], as: Pick<SignedIn, "headers">): Promise<string[]> {
  const { body } = await ask(auth, "GET /v1/me/social-accounts", undefined, as);
  return body.items.map((item: { id: string }) => item.id);
}

const unlink = (auth: Parameters<typeof ask>[0], id: string, as: Pick<SignedIn, "headers">) =>
  ask(auth, `DELETE /v1/me/social-accounts/${id}`, undefined, as);

test("unlinking takes back the permission, ends what came in by it, tells the owner, and is written down", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  for (const provider of ["vk", "yandex", "google", "facebook", "x"] as const) {
    const { id: person } = auth.emulators.addPerson({
      id: `p-${provider}`,
      email: `${provider}@viewer.example`,
    });
    await auth.browser().link(provider, person, anna);
    const phone = await auth.browser().signIn(provider, person);
    const [id = ""] = await linkIds(auth, anna);
    auth.calls.length = 0;
    assert.equal((await unlink(auth, id, anna)).status, 204);
    await auth.auth.capabilities.social.revoker.settled();
    assert.ok(
      auth.calls.some(({ pathname }) => /revoke|permissions/.test(pathname)),
      `${provider} was asked`,
    );
    assert.equal((await ask(auth, "GET /v1/me", undefined, phone)).code, "access_token_invalid");
    assert.equal((await ask(auth, "GET /v1/me", undefined, anna)).status, 200, "other doors stay");
    const again = await unlink(auth, id, anna);
    assert.equal(again.code, "social_account_not_found");
    assert.notEqual((await auth.browser().signIn(provider, person)).accountId, anna.accountId);
  }
  assert.deepEqual(await sql(auth, "select id from auth.social_revocations"), []);
  const subjects = (await auth.mails(anna.email)).map(({ subject }) => subject);
  assert.equal(subjects.filter((subject) => /no longer a way in/.test(subject)).length, 5);
  const acts = await sql(auth, "select 1 from auth.audit_entries where action = 'social.unlinked'");
  assert.equal(acts.length, 5);
});

test("unlinking needs a fresh sign-in and one's own link", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  await auth.browser().link("vk", "adult", anna);
  const [id = ""] = await linkIds(auth, anna);
  const bob = await auth.signUp();
  assert.equal((await unlink(auth, id, bob)).code, "social_account_not_found");
  auth.clock.advance({ minutes: 9 });
  const { body } = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  auth.clock.advance({ minutes: 2 });
  const stale = { headers: { authorization: `Bearer ${body.access_token}` } };
  assert.equal((await unlink(auth, id, stale)).code, "reauth_required");
});

test("a provider that is dead does not hold up unlinking; its permission is taken back later", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  await auth.browser().link("google", "adult", anna);
  const [id = ""] = await linkIds(auth, anna);
  const { revoker } = auth.auth.capabilities.social;
  auth.emulators.setFault("google", { kind: "503", at: "revoke" });
  assert.equal((await unlink(auth, id, anna)).status, 204);
  await revoker.settled();
  assert.equal((await sql(auth, "select id from auth.social_revocations")).length, 1);
  auth.emulators.clearFaults();
  await revoker.round();
  assert.equal((await sql(auth, "select id from auth.social_revocations")).length, 1, "not before its turn");
  auth.clock.advance({ minutes: 2 });
  await revoker.round();
  assert.deepEqual(await sql(auth, "select id from auth.social_revocations"), []);
});

test("each permission is taken back for the request that owed it, whoever's unlinking began the round", async (t) => {
  const askedFor: unknown[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    if (new URL(String(input)).pathname.includes("revoke")) askedFor.push(currentRequest()?.requestId);
    return globalThis.fetch(input, init);
  };
  const auth = await startSocial(t, { surroundings: { fetch } });
  const { revoker } = auth.auth.capabilities.social;
  const unlinkOf = async (name: string) => {
    const person = await auth.signUp();
    const { id: at } = auth.emulators.addPerson({ id: name, email: `${name}@viewer.example` });
    await auth.browser().link("google", at, person);
    const [id = ""] = await linkIds(auth, person);
    const headers = { "x-request-id": `${name}-unlinks` };
    const { status } = await ask(auth, `DELETE /v1/me/social-accounts/${id}`, undefined, person, headers);
    assert.equal(status, 204);
    await revoker.settled();
  };
  auth.emulators.setFault("google", { kind: "503", at: "revoke" });
  await unlinkOf("boris");
  auth.emulators.clearFaults();
  auth.clock.advance({ minutes: 2 });
  askedFor.length = 0;
  await unlinkOf("anna");
  assert.deepEqual(askedFor.sort(), ["anna-unlinks", "boris-unlinks"]);
});

test("a permission that cannot be taken back is given up after five tries", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  await auth.browser().link("google", "adult", anna);
  const [id = ""] = await linkIds(auth, anna);
  auth.emulators.setFault("google", { kind: "500", at: "revoke" });
  await unlink(auth, id, anna);
  const { revoker } = auth.auth.capabilities.social;
  await revoker.settled();
  for (let tries = 1; tries < 5; tries += 1) {
    assert.equal((await sql(auth, "select id from auth.social_revocations")).length, 1, `after ${tries}`);
    auth.clock.advance({ hours: 13 });
    await revoker.round();
  }
  assert.deepEqual(await sql(auth, "select id from auth.social_revocations"), []);
});

test("a link whose provider is switched off is no way in", async (t) => {
  const auth = await startSocial(t);
  const boris = await auth.browser().signIn("vk", "no-email");
  await auth.browser().link("yandex", "no-email", boris);
  const settings = Object.fromEntries(
    Object.entries(auth.config.social.settings).filter(([name]) => !name.startsWith("AUTH_SOCIAL_YANDEX")),
  );
  const social = { ...auth.config.social, settings };
  const without = await anotherInstance(t, { ...auth, config: { ...auth.config, social } });
  const { body } = await ask(without, "GET /v1/me/social-accounts", undefined, boris);
  const idAt = (provider: string): string =>
    body.items.find((item: { provider: string }) => item.provider === provider).id;
  const [vk, yandex] = [idAt("vk"), idAt("yandex")];
  assert.equal((await unlink(without, vk, boris)).code, "last_way_in");
  assert.equal((await unlink(without, yandex, boris)).status, 204, "what is no way in may go");
});

test(`T58: of two ways in, both unlinked at once on two instances, one stays: ${ROUNDS} rounds`, async (t) => {
  const auth = await startSocial(t);
  const other = await anotherInstance(t, auth);
  const boris = await auth.browser().signIn("vk", "no-email");
  await auth.browser().link("x", "no-email", boris);
  const rows = await sql<{ id: string; provider: string }>(
    auth,
    "select id, provider from auth.social_accounts",
  );
  // Signed in by a television's pairing, which is no way in and outlives both doors.
  await sql(auth, "update auth.sessions set door = 'pairing'");
  const outcomes: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await Promise.all(
      rows.map(({ id }, index) => unlink(index === round % 2 ? auth : other, id, boris)),
    );
    const told = JSON.stringify(tally(answers));
    outcomes[told] = (outcomes[told] ?? 0) + 1;
    assert.equal((await sql(auth, "select id from auth.social_accounts")).length, 1, `round ${round}`);
    await restore(auth, boris.accountId, rows);
  }
  assert.deepEqual(outcomes, { [JSON.stringify({ "204": 1, last_way_in: 1 })]: ROUNDS });
});

/** Puts both links back. */
async function restore(
  auth: SocialTest,
  accountId: string,
  rows: readonly { readonly id: string; readonly provider: string }[],
): Promise<void> {
  for (const { id, provider } of rows) {
    await sql(
      auth,
      `insert into auth.social_accounts (account_id, id, provider, subject, created_at, last_used_at)
       values ($1, $2, $3, '1', now(), now()) on conflict do nothing`,
      accountId,
      id,
      provider,
    );
  }
  await sql(auth, "delete from auth.social_revocations");
}

test(`two accounts race for one identity on two instances: ${ROUNDS} rounds, never both, never none`, async (t) => {
  const auth = await startSocial(t);
  const other = await anotherInstance(t, auth);
  const people = [await auth.signUp(), await auth.signUp()] as const;
  const { verifier, challenge } = pkce();
  for (let round = 0; round < ROUNDS; round += 1) {
    const codes = await Promise.all(
      people.map(async (person) => {
        const browser = auth.browser();
        const page = await browser.beginLink("odnoklassniki", person, challenge);
        return (await browser.comeBack(await browser.agree(page, "adult"))).code ?? "";
      }),
    );
    const answers = await Promise.all(
      people.map((person, index) =>
        ask(
          index === round % 2 ? auth : other,
          "POST /v1/me/social-accounts/odnoklassniki/confirm",
          { code: codes[index], code_verifier: verifier },
          person,
        ),
      ),
    );
    assert.deepEqual(tally(answers), { "204": 1, linked_elsewhere: 1 }, `round ${round}`);
    const winner = people[answers.findIndex(({ status }) => status === 204)] ?? people[0];
    const [id = ""] = await linkIds(auth, winner);
    const undone = await Promise.all([unlink(auth, id, winner), unlink(other, id, winner)]);
    assert.deepEqual(tally(undone), { "204": 1, social_account_not_found: 1 }, `round ${round}`);
  }
});
