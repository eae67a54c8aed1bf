import assert from "node:assert/strict";
import test from "node:test";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD } from "../testing/start-auth.ts";
import { personOf } from "./person.ts";
import { SITE, startSocial } from "./set-up.test-support.ts";

const mailbox = (tag: string) => ({ email: `${tag}@viewer.example`, ownMailbox: tag });

test("a person without an e-mail is a viewer like any other", async (t) => {
  const auth = await startSocial(t);
  const boris = await auth.browser().signIn("vk", "no-email");
  const { body } = await ask(auth, "GET /v1/me", undefined, boris);
  assert.deepEqual(
    [body.email, body.display_name, body.birth_date, body.age_ceiling, body.has_password, body.region],
    [null, "Борис Беспочтов", "1984-10-10", 18, false, "ru_unassigned"],
  );
  const refreshed = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: boris.refreshToken });
  assert.equal(refreshed.status, 200);
  assert.equal((await ask(auth, "GET /v1/me/export", undefined, boris)).status, 200);
  assert.equal((await ask(auth, "DELETE /v1/me", undefined, boris)).status, 204);
});

test("an address counts as confirmed by its provider's rule alone", async (t) => {
  const auth = await startSocial(t);
  const emailOf = async (
    provider: Parameters<ReturnType<typeof auth.browser>["signIn"]>[0],
    person: object,
  ) => {
    const { id } = auth.emulators.addPerson(person);
    const { body } = await ask(auth, "GET /v1/me", undefined, await auth.browser().signIn(provider, id));
    return body.email;
  };
  assert.equal(await emailOf("google", { id: "g", ...mailbox("rule-google") }), "rule-google@gmail.com");
  assert.equal(await emailOf("yandex", { id: "y", ...mailbox("rule-yandex") }), "rule-yandex@yandex.ru");
  assert.equal(await emailOf("mailru", { id: "m", ...mailbox("rule-mailru") }), "rule-mailru@mail.ru");
  for (const provider of ["vk", "facebook"] as const)
    assert.equal(await emailOf(provider, { id: `u-${provider}`, email: `${provider}@viewer.example` }), null);
});

test("T49: a known address is neither signed in to nor merged, and not named", async (t) => {
  const auth = await startSocial(t);
  const email = "rule-google@gmail.com";
  const owner = await auth.signUp({ email });
  const { id } = auth.emulators.addPerson({ id: "twin", ...mailbox("rule-google") });
  const landed = await auth.browser().goThrough("google", id);
  assert.equal(landed.location?.href, `${SITE}?error=account_exists`);
  assert.deepEqual(
    (await sql(auth, "select id from auth.accounts")).map((row) => row["id"]),
    [owner.accountId],
  );
  assert.deepEqual(await sql(auth, "select id from auth.social_accounts"), []);
  assert.equal((await ask(auth, "GET /v1/me/social-accounts", undefined, owner)).body.items.length, 0);
  // Signed in as before, the same person links, and from then on comes in by it.
  const linked = await auth.browser().link("google", id, owner);
  assert.equal(linked.location?.href, `${SITE}?linked=google`);
  assert.equal((await auth.browser().signIn("google", id)).accountId, owner.accountId);
});

test("T49: an unconfirmed address makes an account of its own, known or not", async (t) => {
  const auth = await startSocial(t);
  const owner = await auth.signUp({ email: "taken@viewer.example" });
  const { id } = auth.emulators.addPerson({ id: "claims-taken", email: "taken@viewer.example" });
  const stranger = await auth.browser().signIn("facebook", id);
  assert.notEqual(stranger.accountId, owner.accountId);
  assert.equal((await ask(auth, "GET /v1/me", undefined, stranger)).body.email, null);
});

test("T50: another subject with the same address is another person; a changed address changes nobody", async (t) => {
  const auth = await startSocial(t);
  const first = auth.emulators.addPerson({ id: "first", email: "same@viewer.example" });
  const second = auth.emulators.addPerson({
    id: "second",
    email: "same@viewer.example",
    emailVerified: true,
  });
  const alice = await auth.browser().signIn("facebook", first.id);
  assert.notEqual((await auth.browser().signIn("facebook", second.id)).accountId, alice.accountId);
  auth.emulators.addPerson({ id: "first", email: "renamed@viewer.example" });
  assert.equal((await auth.browser().signIn("facebook", first.id)).accountId, alice.accountId);
});

test("T50: an address that Google calls verified, of a domain that is not Google's, opens nobody's account", async (t) => {
  const auth = await startSocial(t);
  const alice = await auth.signUp({ email: "alice@viewer.example" });
  await auth.browser().link("google", "adult", alice);
  const { id } = auth.emulators.addPerson({
    id: "impostor",
    email: "alice@viewer.example",
    emailVerified: true,
  });
  const mallory = await auth.browser().signIn("google", id);
  assert.notEqual(mallory.accountId, alice.accountId);
  const { body } = await ask(auth, "GET /v1/me", undefined, mallory);
  assert.equal(body.email, null);
  assert.equal((await auth.browser().signIn("google", "adult")).accountId, alice.accountId);
});

test("T48: a sign-up somebody else began with the address comes to nothing", async (t) => {
  const auth = await startSocial(t);
  const email = "prey@gmail.com";
  assert.equal((await ask(auth, "POST /v1/accounts", { email, password: GOOD_PASSWORD })).status, 202);
  const [mail] = await auth.mails(email);
  const { id } = auth.emulators.addPerson({ id: "prey", ...mailbox("prey") });
  const alice = await auth.browser().signIn("google", id);
  assert.equal((await ask(auth, "GET /v1/me", undefined, alice)).body.email, email);
  const confirmed = await ask(auth, "POST /v1/accounts/confirm", { email, code: mail?.code ?? "" });
  assert.equal(confirmed.code, "code_wrong", "the pending sign-up died");
  const byPassword = await ask(auth, "POST /v1/sessions", { email, password: GOOD_PASSWORD });
  assert.equal(byPassword.code, "credentials_wrong");
});

test("a birth date grants an age only as far as it is told", () => {
  const birth = (birthDate: object) => {
    const person = personOf({ subject: "1", birthDate: birthDate as never }, "ru");
    return [person.birthDate, person.birthDatePrecision];
  };
  assert.deepEqual(birth({ precision: "day", year: 1990, month: 5, day: 7 }), ["1990-05-07", "day"]);
  assert.deepEqual(birth({ precision: "month", year: 2008, month: 5 }), ["2008-12-31", "year"]);
  assert.deepEqual(birth({ precision: "year", year: 2008 }), ["2008-12-31", "year"]);
  assert.deepEqual(birth({ precision: "yearless", month: 5, day: 7 }), [undefined, undefined]);
  assert.equal(personOf({ subject: "1", ageAtLeast: 21 }, "ru").birthDate, undefined);
});

test("a hidden year of birth leaves a viewer at the ceiling of unknown age; a child stays a child", async (t) => {
  const auth = await startSocial(t);
  const vera = await auth.browser().signIn("vk", "yearless");
  assert.equal((await ask(auth, "GET /v1/me", undefined, vera)).body.age_ceiling, 12);
  const sonya = await auth.browser().signIn("vk", "child");
  assert.equal((await ask(auth, "GET /v1/me", undefined, sonya)).body.age_ceiling, 6);
});

test("a disabled account stays closed at this door too, before and after the code", async (t) => {
  const auth = await startSocial(t);
  const viewer = await auth.browser().signIn("vk", "adult");
  const browser = auth.browser();
  const { code = "" } = await browser.goThrough("vk", "adult");
  await sql(auth, "update auth.accounts set status = 'disabled' where id = $1", viewer.accountId);
  assert.equal((await browser.exchange(code)).code, "account_disabled");
  assert.equal((await browser.goThrough("vk", "adult")).error, "account_disabled");
  await auth.auth.capabilities.history.close();
  const rows = await sql(auth, "select 1 from auth.sign_ins where outcome = 'account_disabled'");
  assert.equal(rows.length, 1);
});

test("the first sign-in in thirty tabs at once makes one account, with or without an address", async (t) => {
  const auth = await startSocial(t);
  const { id } = auth.emulators.addPerson({ id: "tabs", ...mailbox("tabs") });
  for (const [provider, person] of [
    ["google", id],
    ["vk", "no-email"],
  ] as const) {
    const tabs = Array.from({ length: 30 }, () => auth.browser());
    const outcomes = await Promise.all(tabs.map(async (tab) => tab.agree(await tab.start(provider), person)));
    const landed = await Promise.all(tabs.map((tab, index) => tab.comeBack(outcomes[index] as never)));
    const failures = landed.filter(({ code }) => code === undefined);
    assert.deepEqual(
      failures.map(({ error, problem }) => error ?? problem),
      [],
    );
  }
  assert.equal((await sql(auth, "select id from auth.accounts")).length, 2);
  assert.equal((await sql(auth, "select id from auth.social_accounts")).length, 2);
});

test("the owner hears of a new device that came in by a social network", async (t) => {
  const auth = await startSocial(t);
  const { id } = auth.emulators.addPerson({ id: "mobile", ...mailbox("mobile") });
  await auth.browser().signIn("google", id);
  assert.deepEqual(await auth.mails("mobile@gmail.com"), [], "the first sign-in is no news");
  const phone = auth.browser();
  phone.userAgent = "Mozilla/5.0 (Android 16; Mobile) Firefox/140.0";
  await phone.signIn("google", id);
  const [mail] = await auth.mails("mobile@gmail.com");
  assert.match(mail?.text ?? "", /Android/);
});
