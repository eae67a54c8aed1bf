/** What the providers' ways do to the flow around their adapters, and what keeps it whole between instances and keys. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import type { AccountId } from "../ids.ts";
import { PURGED_AT_ONCE } from "../purges.ts";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { anotherInstance, type SocialTest, startSocial } from "./set-up.test-support.ts";

async function keptTokens({ auth }: SocialTest, accountId: string) {
  const { links } = auth.capabilities.social;
  const id = accountId as AccountId;
  const [row] = await links.list(id);
  assert.ok(row);
  return links.tokensOf(id, row);
}

test("trap 8: the state is found inside VK's payload, and burnt like any other", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const page = await browser.start("vk");
  page.searchParams.set("emulator_payload", "1");
  const outcome = await browser.agree(page, "adult");
  assert.deepEqual(Object.keys(outcome.fields), ["payload"]);
  assert.ok((await browser.comeBack(outcome)).code);
  assert.equal((await browser.comeBack(outcome)).problem, "social_flow_unknown");
});

test("trap 1: the device of VK's callback is kept for unlinking, sealed", async (t) => {
  const auth = await startSocial(t);
  const viewer = await auth.browser().signIn("vk", "adult");
  const tokens = await keptTokens(auth, viewer.accountId);
  assert.ok(tokens?.deviceId && tokens.accessToken && tokens.expiresAt instanceof Date);
});

test("trap 20: people whose address at Yandex is the empty string do not collide", async (t) => {
  const auth = await startSocial(t);
  const ids = [];
  for (const id of ["first", "second"]) {
    const person = auth.emulators.addPerson({ id, email: undefined, ownMailbox: undefined });
    ids.push((await auth.browser().signIn("yandex", person.id)).accountId);
  }
  assert.equal(new Set(ids).size, 2);
  assert.deepEqual(await sql(auth, "select distinct email from auth.accounts"), [{ email: null }]);
});

test("trap 34: X's code is spent inside the callback, so a slow client loses nothing", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const { code = "" } = await browser.goThrough("x", "adult");
  auth.clock.advance({ seconds: 45 });
  assert.equal((await browser.exchange(code)).status, 201);
  const late = await browser.agree(await browser.start("x"), "adult");
  auth.clock.advance({ seconds: 31 });
  assert.equal((await browser.comeBack(late)).error, "try_again");
});

test("trap 38: X's single-use refresh token is swapped once; what came of it is kept for the next try", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  await auth.browser().link("x", "adult", anna);
  const { body } = await ask(auth, "GET /v1/me/social-accounts", undefined, anna);
  auth.emulators.setFault("x", { kind: "503", at: "revoke", times: 1 });
  // The access token ran out: to revoke, the refresh token must be swapped first.
  auth.clock.advance({ hours: 3 });
  const again = await auth.signIn(anna.email);
  auth.calls.length = 0;
  await ask(auth, `DELETE /v1/me/social-accounts/${body.items[0].id}`, undefined, again);
  const { revoker } = auth.auth.capabilities.social;
  await revoker.settled();
  const asked = () => auth.calls.splice(0).map(({ pathname }) => pathname.split("/").at(-1));
  assert.deepEqual(asked(), ["token", "revoke"]);
  auth.clock.advance({ minutes: 2 });
  // Two replicas look at once: one has it.
  await Promise.all([revoker.round(), revoker.round()]);
  assert.deepEqual(asked(), ["revoke", "revoke"], "the pair of tokens, once");
  assert.deepEqual(await sql(auth, "select 1 from auth.social_revocations"), []);
});

test("trap 40: X bills reads: a sign-in, its exchange and the cabinet cost one", async (t) => {
  const auth = await startSocial(t);
  const viewer = await auth.browser().signIn("x", "adult");
  await ask(auth, "GET /v1/me/social-accounts", undefined, viewer);
  assert.equal(auth.emulators.billedReads(), 1);
});

test("trap 42: Google's refresh token of the first consent outlives the second sign-in", async (t) => {
  const auth = await startSocial(t);
  const viewer = await auth.browser().signIn("google", "adult");
  const first = await keptTokens(auth, viewer.accountId);
  await auth.browser().signIn("google", "adult");
  const second = await keptTokens(auth, viewer.accountId);
  assert.ok(first?.accessToken);
  assert.notEqual(second?.accessToken, first.accessToken);
  assert.equal(second?.refreshToken, first.refreshToken);
});

test("trap 47: Apple's posted answer is known by the one cookie that a cross-site post carries", async (t) => {
  const auth = await startSocial(t, { config: { issuer: "https://127.0.0.1:8000" } });
  const browser = auth.browser();
  const outcome = await browser.agree(await browser.start("apple"), "adult");
  assert.equal(outcome.method, "POST");
  assert.match(browser.headers("cross-site POST")["cookie"] ?? "", /^__Host-kp_social_post=[\w-]{43}$/);
  const landed = await browser.comeBack(outcome);
  assert.equal(landed.status, 303, "never 307, which would post on");
  assert.ok(landed.code);
});

test("T73: a mark that stands twice was planted by somebody, and counts for nothing", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const outcome = await browser.agree(await browser.start("google"), "adult");
  const own = browser.headers()["cookie"] ?? "";
  const { pathname, search } = new URL(outcome.url);
  for (const cookie of [
    `kp_social=${"a".repeat(43)}; ${own}`,
    `${own}; ${own}`,
    "kp_social=short",
    `${own}x`,
  ]) {
    const again = auth.browser();
    const flow = await again.agree(await again.start("google"), "adult");
    const url = new URL(flow.url);
    const mine = again.headers()["cookie"] ?? "";
    const sent = cookie.replaceAll(own, mine);
    const answer = await auth.app.inject({ url: url.pathname + url.search, headers: { cookie: sent } });
    assert.equal(answer.statusCode, 400, sent);
  }
  assert.equal((await auth.app.inject({ url: pathname + search, headers: { cookie: own } })).statusCode, 303);
});

test("T35: a flow begun on one instance ends on another, and its code is exchanged on the first", async (t) => {
  const auth = await startSocial(t);
  const other = await anotherInstance(t, auth);
  const browser = auth.browser();
  const outcome = await browser.agree(await browser.start("vk"), "adult");
  const { code = "" } = await browser.moveTo(other).comeBack(outcome);
  assert.equal((await browser.moveTo(auth).exchange(code)).status, 201);
});

test("keys may be rotated in the middle of a flow; kept tokens open with the old one until it goes", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const viewer = await browser.signIn("google", "adult");
  const outcome = await browser.agree(await browser.start("vk"), "no-email");
  const [old] = auth.config.masters;
  assert.ok(old);
  const next = { id: 2, key: randomBytes(32) };
  const rotated = await anotherInstance(t, { ...auth, config: { ...auth.config, masters: [next, old] } });
  assert.ok((await browser.moveTo(rotated).comeBack(outcome)).code);
  const { links } = rotated.capabilities.social;
  const id = viewer.accountId as AccountId;
  const [row] = await links.list(id);
  assert.ok(row && links.tokensOf(id, row)?.accessToken);
  // Not prepared: its signing keys were sealed with the old one as well.
  const without = await anotherInstance(t, { ...auth, config: { ...auth.config, masters: [next] } }, false);
  const late = await browser.moveTo(auth).agree(await browser.start("vk"), "no-email");
  assert.equal((await browser.moveTo(without).comeBack(late)).problem, "social_flow_unknown");
  assert.equal(without.capabilities.social.links.tokensOf(id, row), undefined);
});

test("what ran out is purged", async (t) => {
  const auth = await startSocial(t);
  await auth.browser().start("vk");
  await auth.browser().goThrough("vk", "adult");
  const count = async () => (await sql(auth, "select 1 from auth.social_flows")).length;
  await auth.auth.capabilities.social.purge(PURGED_AT_ONCE);
  assert.equal(await count(), 2);
  auth.clock.advance({ minutes: 11 });
  await auth.auth.capabilities.social.purge(PURGED_AT_ONCE);
  assert.equal(await count(), 0);
});

test("beginning to link takes no body at all", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  const answer = await ask(auth, "POST /v1/me/social-accounts/vk", undefined, anna);
  assert.equal(answer.status, 200);
  assert.match(answer.body.authorize_url, /id\.vk\.ru\/authorize/);
});
