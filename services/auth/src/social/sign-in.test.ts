import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import type { AccountId } from "../ids.ts";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { ALL, ISSUER, pkce, SITE, startSocial } from "./set-up.test-support.ts";

test("every provider signs a new person in, and knows them the next time", async (t) => {
  const auth = await startSocial(t);
  for (const provider of ALL) {
    // The same person has the same address at several providers, so each provider gets its own person.
    const { id } = auth.emulators.addPerson({
      id: `viewer-${provider}`,
      email: `${provider}@viewer.example`,
    });
    const first = await auth.browser().signIn(provider, id);
    const again = await auth.browser().signIn(provider, id);
    assert.equal(again.accountId, first.accountId, provider);
    assert.notEqual(again.sessionId, first.sessionId);
    const { body } = await ask(auth, "GET /v1/me/social-accounts", undefined, first);
    assert.deepEqual(
      body.items.map((item: { provider: string; usable: boolean }) => [item.provider, item.usable]),
      [[provider, true]],
    );
    const sessions = await ask(auth, "GET /v1/sessions", undefined, first);
    assert.equal(sessions.body.items[0].door, `social:${provider}`);
    const history = await ask(auth, "GET /v1/me/sign-ins", undefined, first);
    assert.deepEqual(
      history.body.items.map((item: { door: string; outcome: string }) => [item.door, item.outcome]),
      [
        [`social:${provider}`, "signed_in"],
        [`social:${provider}`, "signed_in"],
      ],
    );
  }
});

test("providers are listed with their state and where to start", async (t) => {
  const auth = await startSocial(t);
  const { status, body } = await ask(auth, "GET /v1/social/providers");
  assert.equal(status, 200);
  assert.deepEqual(
    body.items.map((item: { name: string; state: string }) => [item.name, item.state]),
    ALL.map((name) => [name, "ok"]),
  );
  assert.equal(body.items[1].start_url, `${ISSUER}/v1/social/vk/start`);
});

test("a provider without credentials is off: not listed, and not there", async (t) => {
  const auth = await startSocial(t, { config: { social: { settings: {}, returnTo: [SITE] } } });
  assert.deepEqual((await ask(auth, "GET /v1/social/providers")).body.items, []);
  assert.equal((await ask(auth, "GET /v1/social/vk/start")).code, "provider_unknown");
  assert.equal((await ask(auth, "GET /v1/social/vk/callback?state=a")).code, "provider_unknown");
  assert.equal((await ask(auth, "GET /v1/social/nobody/start")).code, "provider_unknown");
});

const LEAST_SCOPES: Readonly<Record<string, string>> = {
  yandex: "",
  vk: "vkid.personal_info email",
  mailru: "userinfo",
  google: "openid email profile",
  facebook: "public_profile,email",
  x: "users.read tweet.read offline.access users.email",
  odnoklassniki: "VALUABLE_ACCESS",
  telegram: "openid profile",
  apple: "name email",
};

test("T32: a thousand starts have a thousand states, nonces and verifiers, and ask for no more than is used", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const seen = { state: new Set(), nonce: new Set(), challenge: new Set() };
  const leaving: URL[] = [];
  for (let round = 0; round < 1000; round += 1) {
    const provider = ALL[round % ALL.length] ?? "google";
    const url = await browser.start(provider);
    leaving.push(url);
    const query = url.searchParams;
    assert.equal(query.get("redirect_uri"), `${ISSUER}/v1/social/${provider}/callback`);
    assert.equal(query.get("response_type"), "code");
    assert.equal(query.get("scope") ?? "", LEAST_SCOPES[provider], provider);
    assert.match(query.get("state") ?? "", /^[\w-]{43}$/);
    seen.state.add(query.get("state"));
    if (query.has("nonce")) seen.nonce.add(query.get("nonce"));
    if (!query.has("code_challenge")) continue;
    assert.equal(query.get("code_challenge_method"), "S256");
    seen.challenge.add(query.get("code_challenge"));
  }
  const having = (name: string) => leaving.filter(({ searchParams }) => searchParams.has(name)).length;
  assert.equal(seen.state.size, 1000);
  assert.equal(seen.nonce.size, having("nonce"));
  assert.equal(seen.challenge.size, having("code_challenge"));
  assert.ok(seen.nonce.size > 300 && seen.challenge.size > 700);
  const shown = [...leaving.flatMap((url) => [...url.searchParams.values()]), ...browser.cookies.values()];
  const verifies = shown.filter((value) => seen.challenge.has(challengeOf(value)));
  assert.deepEqual(verifies, [], "no verifier stands in an address or a cookie");
  const rows = await sql<{ sealed: Buffer }>(auth, "select sealed from auth.social_flows");
  assert.equal(rows.length, 1000);
  for (const { sealed } of rows)
    assert.doesNotMatch(sealed.toString("latin1"), /verifier|provider|sign_in/, "what waits is sealed");
  assert.equal(browser.cookies.size, 1);
});

test("T33: a callback without its own state is refused before the provider is asked", async (t) => {
  const auth = await startSocial(t);
  const mine = auth.browser();
  const outcome = await mine.agree(await mine.start("google"), "adult");
  const { code = "" } = outcome.fields;
  const forged = [
    `?code=${code}`,
    `?code=${code}&state=`,
    `?code=${code}&state=a&state=b`,
    `?code=${code}&state[]=a`,
    `?code=${code}&state=${"x".repeat(43)}`,
    `?code=${code}&state=${"x".repeat(4000)}`,
    "?code=%00&state=%00",
    "",
  ];
  for (const query of forged) {
    const answer = await mine.open(`/v1/social/google/callback${query}`);
    assert.ok(answer.status >= 400 && answer.status < 500, query);
    assert.ok(["social_flow_unknown", "invalid_request"].includes(answer.problem ?? ""), query);
  }
  for (const fields of [{ code }, { code, state: "" }, { state: "x" }] as Record<string, string>[]) {
    assert.equal((await mine.post("/v1/social/google/callback", fields)).problem, "social_flow_unknown");
  }
  const bare = auth.browser();
  assert.equal((await bare.comeBack(outcome)).problem, "social_flow_unknown", "no cookie");
  assert.equal((await mine.comeBack(outcome)).problem, "social_flow_unknown", "and the state is burnt");
  assert.equal(auth.calls.length, 0, "the provider was never asked");
  assert.deepEqual(await sql(auth, "select id from auth.accounts"), []);
});

test("T33: a state of one provider opens nothing at another, and is burnt", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const outcome = await browser.agree(await browser.start("google"), "adult");
  const elsewhere = { ...outcome, url: outcome.url.replace("/google/", "/yandex/") };
  assert.equal((await browser.comeBack(elsewhere)).problem, "social_flow_unknown");
  assert.equal((await browser.comeBack(outcome)).problem, "social_flow_unknown");
  assert.equal(auth.calls.length, 0);
});

test("T34: of twenty replays at once one signs in, with one request for tokens", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const outcome = await browser.agree(await browser.start("yandex"), "adult");
  const landed = await Promise.all(Array.from({ length: 20 }, () => browser.comeBack(outcome)));
  assert.deepEqual(landed.filter(({ code }) => code !== undefined).length, 1);
  assert.equal(landed.filter(({ problem }) => problem === "social_flow_unknown").length, 19);
  assert.equal(auth.calls.filter(({ pathname }) => pathname.endsWith("/token")).length, 1);
  const { code = "" } = landed.find((one) => one.code !== undefined) ?? {};
  const answers = await Promise.all(Array.from({ length: 20 }, () => browser.exchange(code)));
  assert.equal(answers.filter(({ status }) => status === 201).length, 1, "one session");
  assert.equal(answers.filter((answer) => answer.code === "social_code_invalid").length, 19);
  assert.equal((await sql(auth, "select id from auth.sessions")).length, 1);
});

test("T35: a flow lives ten minutes, its code one", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const late = await browser.start("vk");
  auth.clock.advance({ minutes: 10 });
  const answer = await browser.comeBack(await browser.agree(late, "adult"));
  assert.equal(answer.problem, "social_flow_unknown");
  assert.match(answer.text, /Start signing in again/);
  assert.equal(auth.calls.length, 0);
  const { code = "" } = await browser.goThrough("vk", "adult");
  auth.clock.advance({ minutes: 1 });
  assert.equal((await browser.exchange(code)).code, "social_code_invalid");
});

test("T36: somebody else's finished address signs nobody into their account, nor links them to it", async (t) => {
  const auth = await startSocial(t);
  const mallory = auth.browser();
  const thief = await auth.signUp();
  const alice = await auth.signUp();
  const unmarked = auth.browser();
  const marked = auth.browser();
  await marked.start("google");
  for (const victim of [unmarked, marked]) {
    const trap = await mallory.agree(await mallory.start("google"), "adult");
    assert.equal((await victim.comeBack(trap)).problem, "social_flow_unknown");
    const link = await mallory.agree(await mallory.beginLink("google", thief), "adult");
    assert.equal((await victim.comeBack(link)).problem, "social_flow_unknown");
  }
  // Signed in, with her own token sent along: a callback does not look at who happens to be signed in.
  const trap = await mallory.agree(await mallory.start("google"), "adult");
  const { pathname, search } = new URL(trap.url);
  const headers = { ...marked.headers(), ...alice.headers };
  const answer = await auth.app.inject({ url: pathname + search, headers });
  assert.equal(answer.statusCode, 400);
  assert.equal(auth.calls.length, 0);
  assert.deepEqual(await sql(auth, "select id from auth.social_accounts"), []);
  assert.equal((await sql(auth, "select id from auth.sessions")).length, 2, "of the two sign-ups");
});

test("T37: an answer in the name of another issuer, or of none where one is promised, is dropped with its code", async (t) => {
  const auth = await startSocial(t);
  const evil = "iss=https%3A%2F%2Fevil.example";
  for (const [provider, change] of [
    ["google", (url: string) => url.replace(/iss=[^&]*/, evil)],
    ["google", (url: string) => url.replace(/[?&]iss=[^&]*/, "")],
    ["google", (url: string) => url.replace(/iss=https%3A%2F%2F/, "iss=HTTPS%3A%2F%2F")],
    ["telegram", (url: string) => `${url}&${evil}`],
    ["yandex", (url: string) => `${url}&iss=https%3A%2F%2Faccounts.google.com`],
    ["x", (url: string) => `${url}&iss=`],
  ] as const) {
    const browser = auth.browser();
    const outcome = await browser.agree(await browser.start(provider), "adult");
    const foreign = { ...outcome, url: change(outcome.url) };
    assert.notEqual(foreign.url, outcome.url);
    assert.equal((await browser.comeBack(foreign)).error, "provider_failed", foreign.url);
  }
  assert.equal(auth.calls.length, 0, "no code reached a token endpoint");
});

test("T37: what one provider gave is worth nothing in a flow that went to another", async (t) => {
  const auth = await startSocial(t);
  const honest = auth.browser();
  const given = await honest.agree(await honest.start("google"), "adult");
  const browser = auth.browser();
  const state = (await browser.start("facebook")).searchParams.get("state") ?? "";
  const query = new URLSearchParams({ ...given.fields, state });
  const landed = await browser.open(`/v1/social/facebook/callback?${query}`);
  assert.equal(landed.error, "provider_failed");
  assert.equal(auth.calls.length, 0);
});

test("T39: a stolen code in a flow of one's own dies at the provider", async (t) => {
  const auth = await startSocial(t);
  const alice = auth.browser();
  const stolen = (await alice.agree(await alice.start("google"), "adult")).fields["code"] ?? "";
  const mallory = auth.browser();
  const own = await mallory.agree(await mallory.start("google"), "no-email");
  const mixed = { ...own, url: own.url.replace(/code=[^&]*/, `code=${encodeURIComponent(stolen)}`) };
  const landed = await mallory.comeBack(mixed);
  assert.equal(landed.code, undefined);
  assert.ok(["try_again", "provider_failed"].includes(landed.error ?? ""));
  assert.deepEqual(await sql(auth, "select id from auth.accounts"), []);
});

test("T42: tokens that come through the browser are not taken", async (t) => {
  const auth = await startSocial(t);
  for (const name of ["access_token", "id_token"]) {
    const browser = auth.browser();
    const outcome = await browser.agree(await browser.start("google"), "adult");
    const landed = await browser.comeBack({ ...outcome, url: `${outcome.url}&${name}=abc` });
    assert.equal(landed.error, "provider_failed");
  }
  assert.equal(auth.calls.length, 0);
});

test("T42: a provider's own token, whoever it was made for, opens nothing that we serve", async (t) => {
  const auth = await startSocial(t);
  const { accountId } = await auth.browser().signIn("google", "adult");
  const { links } = auth.auth.capabilities.social;
  const [row] = await links.list(accountId as AccountId);
  const token = (row && links.tokensOf(accountId as AccountId, row)?.accessToken) ?? "";
  assert.ok(token);
  const refused = [
    await ask(auth, "POST /v1/social/exchange", { code: token }),
    await ask(auth, "POST /v1/social/exchange", { access_token: token }),
    await ask(auth, "POST /v1/social/exchange", { id_token: token }),
    await ask(auth, "POST /v1/sessions/refresh", { refresh_token: token }),
    await ask(auth, "GET /v1/me", undefined, { headers: { authorization: `Bearer ${token}` } }),
  ];
  assert.deepEqual(
    refused.map(({ status, code }) => `${status} ${code}`),
    [
      "400 social_code_invalid",
      "400 invalid_request",
      "400 invalid_request",
      "401 refresh_token_invalid",
      "401 access_token_invalid",
    ],
  );
});

test("T43: no is told plainly, nothing is reflected, and the state is burnt", async (t) => {
  const auth = await startSocial(t);
  for (const provider of ALL) {
    const browser = auth.browser();
    const outcome = await browser.agree(await browser.start(provider), "deny");
    const fields = { ...outcome.fields, error_description: "<script>alert(1)</script>" };
    const url = new URL(outcome.url);
    if (outcome.method === "GET") url.search = new URLSearchParams(fields).toString();
    const landed = await browser.comeBack({ ...outcome, url: url.href, fields });
    assert.equal(landed.status, 303, provider);
    assert.equal(landed.location?.href, `${SITE}?error=denied`);
    assert.doesNotMatch(landed.text, /script/);
    assert.equal((await browser.comeBack(outcome)).problem, "social_flow_unknown");
  }
  const browser = auth.browser();
  const state = (await browser.start("google")).searchParams.get("state");
  const neither = await browser.open(
    `/v1/social/google/callback?state=${state}&iss=https://accounts.google.com`,
  );
  assert.equal(neither.status, 400);
  assert.equal(neither.problem, "social_callback_invalid");
  assert.equal(auth.calls.length, 0);
});

test("T47: the callback moves on at once and leaves no trace in caches and referrers", async (t) => {
  const auth = await startSocial(t);
  const landed = await auth.browser().goThrough("google", "adult");
  assert.equal(landed.status, 303);
  assert.equal(landed.headers["cache-control"], "no-store");
  assert.equal(landed.headers["referrer-policy"], "no-referrer");
  assert.match(landed.code ?? "", /^kp_sc_[\w-]{43}$/);
  assert.equal(landed.location?.searchParams.size, 1, "a code and nothing else");
});

test("a code is worth nothing to whoever lacks the verifier of the start", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  for (const wrong of [undefined, pkce().verifier]) {
    const { verifier, challenge } = pkce();
    const { code = "" } = await browser.goThrough("vk", "adult", { challenge });
    assert.equal((await browser.exchange(code, wrong)).code, "social_code_invalid");
    assert.equal((await browser.exchange(code, verifier)).code, "social_code_invalid", "and it is burnt");
  }
});

test("the verifier of RFC 7636's own example proves its challenge", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  const { code = "" } = await browser.goThrough("vk", "adult", { challenge });
  const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  assert.equal((await browser.exchange(code, verifier)).status, 201);
});

test("an app's own address needs a challenge", async (t) => {
  const auth = await startSocial(t);
  const url = "/v1/social/vk/start?return_to=app.kinopass:/signed-in";
  assert.equal((await auth.browser().open(url)).problem, "code_challenge_needed");
  const answer = await auth.browser().open(`${url}&code_challenge=${pkce().challenge}`);
  assert.equal(answer.status, 302);
});

test("cookies are __Host-, with one for posted answers, where Auth is reached by https", async (t) => {
  const auth = await startSocial(t, { config: { issuer: "https://auth.example" } });
  const { headers } = await auth.browser().open("/v1/social/apple/start");
  const cookies = headers["set-cookie"] as string[];
  assert.deepEqual(
    cookies.map((line) => line.replace(/=[\w-]{43}/, "")),
    [
      "__Host-kp_social; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax",
      "__Host-kp_social_post; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=None",
    ],
  );
});

test("a person whose sign-in cannot go on sees a page in their language; a program gets the same as JSON", async (t) => {
  const auth = await startSocial(t);
  const open = (accept: string, url: string) =>
    auth.app.inject({
      url,
      headers: { accept, "accept-language": "ru", "x-request-id": "my-own-request-1" },
    });
  const stale = `/v1/social/vk/callback?code=x&state=${"x".repeat(43)}&error_description=<script>`;
  const seen = await open("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", stale);
  const read = await open("application/json, */*", stale);
  assert.deepEqual([seen.statusCode, read.statusCode], [400, 400]);
  assert.equal(read.json().code, "social_flow_unknown");
  assert.match(String(seen.headers["content-type"]), /^text\/html/);
  assert.match(String(seen.headers["vary"]), /accept,/);
  assert.match(String(seen.headers["content-security-policy"]), /^default-src 'none'; style-src 'sha256-/);
  assert.equal(seen.headers["cache-control"], "no-store");
  assert.match(seen.body, /lang="ru"[\s\S]*Начните вход заново[\s\S]*<a href="http:/);
  assert.ok(seen.body.includes(String(seen.headers["x-request-id"])), "a number to tell support");
  assert.doesNotMatch(seen.body, /script|x{43}/);
  assert.match((await open("text/html", "/v1/social/none/start")).body, /Входа через этот сервис нет/);
});

test("a HEAD request burns nothing", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const outcome = await browser.agree(await browser.start("google"), "adult");
  const { pathname, search } = new URL(outcome.url);
  const answer = await auth.app.inject({
    method: "HEAD",
    url: pathname + search,
    headers: browser.headers(),
  });
  assert.equal(answer.statusCode, 405);
  assert.ok((await browser.comeBack(outcome)).code);
});

function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}
