import assert from "node:assert/strict";
import test from "node:test";
import { ask, tally } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD } from "../testing/start-auth.ts";
import { pkce, SITE, startSocial } from "./set-up.test-support.ts";

const items = async (auth: Parameters<typeof ask>[0], as: Parameters<typeof ask>[3]) =>
  (await ask(auth, "GET /v1/me/social-accounts", undefined, as)).body.items as {
    id: string;
    provider: string;
    usable: boolean;
    display_name: string;
  }[];

test("linking makes a way in, tells the owner, and is written down", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  const landed = await auth.browser().link("vk", "adult", anna);
  assert.equal(landed.location?.href, `${SITE}?linked=vk`);
  const [link] = await items(auth, anna);
  assert.deepEqual([link?.provider, link?.usable, link?.display_name], ["vk", true, "Анна Примерова"]);
  const [mail] = await auth.mails(anna.email);
  assert.match(mail?.subject ?? "", /VK is now a way in/);
  const acts = await sql(
    auth,
    "select action, session_id from auth.audit_entries where action like 'social.%'",
  );
  assert.deepEqual(acts, [{ action: "social.linked", session_id: anna.sessionId }]);
  assert.equal((await auth.browser().signIn("vk", "adult")).accountId, anna.accountId);
});

test("several accounts of one provider may be linked; linking one again changes nothing", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  for (const person of ["adult", "no-email", "adult"]) await auth.browser().link("vk", person, anna);
  assert.equal((await items(auth, anna)).length, 2);
});

test("an app links with a code that only its session and its verifier can use", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  const bob = await auth.signUp();
  const { verifier, challenge } = pkce();
  const come = async () => {
    const page = await auth.browser().beginLink("vk", anna, challenge);
    const browser = auth.browser();
    return (await browser.comeBack(await browser.agree(page, "adult"))).code ?? "";
  };
  const confirm = async (
    code: string,
    as: Parameters<typeof ask>[3],
    code_verifier = verifier,
    provider = "vk",
  ) => await ask(auth, `POST /v1/me/social-accounts/${provider}/confirm`, { code, code_verifier }, as);
  assert.equal((await confirm(await come(), bob)).code, "social_code_invalid", "another account");
  const phone = await auth.signIn(anna.email);
  assert.equal((await confirm(await come(), phone)).code, "social_code_invalid", "another session");
  assert.equal((await confirm(await come(), anna, pkce().verifier)).code, "social_code_invalid");
  assert.equal((await confirm(await come(), anna, verifier, "x")).code, "social_code_invalid");
  const exchange = { code: await come(), code_verifier: verifier };
  assert.equal((await ask(auth, "POST /v1/social/exchange", exchange)).code, "social_code_invalid");
  assert.deepEqual(await items(auth, anna), []);
  const code = await come();
  assert.equal((await confirm(code, anna)).status, 204);
  assert.equal((await confirm(code, anna)).code, "social_code_invalid", "a code works once");
  assert.equal((await items(auth, anna)).length, 1);
  assert.deepEqual(await items(auth, bob), []);
});

test("a code for signing in links nothing", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  const { verifier, challenge } = pkce();
  const { code = "" } = await auth.browser().goThrough("vk", "adult", { challenge });
  const payload = { code, code_verifier: verifier };
  const answer = await ask(auth, "POST /v1/me/social-accounts/vk/confirm", payload, anna);
  assert.equal(answer.code, "social_code_invalid");
});

test("T55: linking needs a fresh sign-in, its own browser, and the session that began it", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  assert.equal((await ask(auth, "POST /v1/me/social-accounts/vk", {})).code, "sign_in_required");
  assert.equal(
    (await ask(auth, "GET /v1/me/social-accounts/vk", undefined, anna)).code,
    "method_not_allowed",
  );

  const browser = auth.browser();
  const outcome = await browser.agree(await browser.beginLink("vk", anna), "adult");
  const elsewhere = auth.browser();
  await elsewhere.start("vk");
  assert.equal((await elsewhere.comeBack(outcome)).problem, "social_flow_unknown", "another browser");
  assert.equal(auth.calls.length, 0);

  const begun = await browser.agree(await browser.beginLink("vk", anna), "adult");
  await ask(auth, "DELETE /v1/sessions/current", undefined, anna);
  const bob = await auth.signUp();
  assert.equal((await browser.comeBack(begun)).error, "session_over", "Anna left, Bob sits there now");
  assert.deepEqual(await items(auth, bob), []);

  auth.clock.advance({ minutes: 9 });
  const { access_token: token } = (
    await ask(auth, "POST /v1/sessions/refresh", { refresh_token: bob.refreshToken })
  ).body;
  auth.clock.advance({ minutes: 2 });
  const stale = { headers: { authorization: `Bearer ${token}` } };
  assert.equal((await ask(auth, "POST /v1/me/social-accounts/vk", {}, stale)).code, "reauth_required");
  assert.deepEqual(await sql(auth, "select id from auth.social_accounts"), []);
});

test("a link flow cannot be used to sign in, nor the other way round", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  const landed = await auth.browser().link("vk", "adult", anna);
  assert.equal(landed.code, undefined);
  const signedIn = await auth.browser().goThrough("vk", "no-email");
  assert.ok(signedIn.code);
  assert.equal((await items(auth, anna)).length, 1);
});

test("T57: of fifty accounts that claim one identity at once exactly one gets it, and keeps it", async (t) => {
  const auth = await startSocial(t);
  const people = [];
  for (let count = 0; count < 50; count += 1) people.push(await auth.signUp());
  const { verifier, challenge } = pkce();
  const codes: string[] = [];
  for (const person of people) {
    const browser = auth.browser();
    const landed = await browser.comeBack(
      await browser.agree(await browser.beginLink("vk", person, challenge), "adult"),
    );
    codes.push(landed.code ?? "");
  }
  const answers = await Promise.all(
    people.map((person, index) => {
      const payload = { code: codes[index], code_verifier: verifier };
      return ask(auth, "POST /v1/me/social-accounts/vk/confirm", payload, person);
    }),
  );
  assert.deepEqual(tally(answers), { "204": 1, linked_elsewhere: 49 });
  const winner = people[answers.findIndex(({ status }) => status === 204)];
  const landed = await auth
    .browser()
    .link("vk", "adult", people.find((person) => person !== winner) ?? (people[0] as never));
  assert.equal(landed.error, "linked_elsewhere");
  assert.equal((await auth.browser().signIn("vk", "adult")).accountId, winner?.accountId);
});

test("T53: what a thief linked signs nobody in after the owner recovered the account", async (t) => {
  const auth = await startSocial(t);
  const alice = await auth.signUp();
  await auth.browser().link("vk", "adult", alice);
  await auth.browser().link("yandex", "no-email", alice);
  await ask(auth, "POST /v1/password-resets", { email: alice.email });
  const [letter] = await auth.mails(alice.email);
  const reset = { email: alice.email, code: letter?.code ?? "", new_password: "eleven quiet tall giraffes" };
  assert.equal((await ask(auth, "POST /v1/password-resets/confirm", reset)).status, 204);
  for (const [provider, person] of [
    ["vk", "adult"],
    ["yandex", "no-email"],
  ] as const)
    assert.equal((await auth.browser().goThrough(provider, person)).error, "link_paused");
  const letters = await auth.mails(alice.email);
  const told = letters.filter(({ subject }) => /social sign-ins/.test(subject)).map(({ text }) => text);
  assert.match(told.join(), /VK, Yandex/);
  const again = await auth.signIn(alice.email, reset.new_password);
  assert.deepEqual(
    (await items(auth, again)).map(({ usable }) => usable),
    [false, false],
  );
  await auth.browser().link("vk", "adult", again);
  assert.equal((await auth.browser().signIn("vk", "adult")).accountId, alice.accountId);
  assert.equal((await auth.browser().goThrough("yandex", "no-email")).error, "link_paused");
  const paused = (await items(auth, again)).find(({ usable }) => !usable);
  assert.equal(
    (await ask(auth, `DELETE /v1/me/social-accounts/${paused?.id}`, undefined, again)).status,
    204,
  );
});

test("export shows linked accounts without secrets; erasing lets the identity begin anew", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.browser().signIn("vk", "adult");
  const { body, text } = await ask(auth, "GET /v1/me/export", undefined, anna);
  assert.equal(body.social_accounts[0].provider, "vk");
  assert.doesNotMatch(text, /token/i);
  assert.equal((await ask(auth, "DELETE /v1/me", undefined, anna)).status, 204);
  assert.deepEqual(await sql(auth, "select id from auth.social_accounts"), []);
  assert.deepEqual(await sql(auth, "select kind from auth.identifiers"), []);
  assert.notEqual((await auth.browser().signIn("vk", "adult")).accountId, anna.accountId);
});

test("moving to another region keeps the door open", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.browser().signIn("vk", "adult");
  assert.equal((await ask(auth, "PATCH /v1/me", { region: "ru_volga" }, anna)).status, 200);
  const again = await auth.browser().signIn("vk", "adult");
  assert.equal(again.accountId, anna.accountId);
  assert.equal((await ask(auth, "GET /v1/me", undefined, again)).body.region, "ru_volga");
});

test("a social-born viewer adds an address and a password, and then may unlink", async (t) => {
  const auth = await startSocial(t);
  const boris = await auth.browser().signIn("vk", "no-email");
  const [link] = await items(auth, boris);
  const unlink = () => ask(auth, `DELETE /v1/me/social-accounts/${link?.id}`, undefined, boris);
  const refused = await unlink();
  assert.deepEqual([refused.status, refused.code], [409, "last_way_in"]);
  assert.deepEqual(refused.body.do_first, ["set_password", "link_another"]);
  await ask(auth, "PUT /v1/me/email", { email: "boris@viewer.example" }, boris);
  const [mail] = await auth.mails("boris@viewer.example");
  await ask(auth, "POST /v1/me/email/confirm", { code: mail?.code ?? "" }, boris);
  assert.equal((await unlink()).code, "last_way_in", "an address alone opens nothing");
  assert.equal((await ask(auth, "PUT /v1/me/password", { new_password: GOOD_PASSWORD }, boris)).status, 204);
  assert.equal((await unlink()).status, 204);
  assert.equal((await auth.signIn("boris@viewer.example")).accountId, boris.accountId);
});
