import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { type TestContext, test } from "node:test";
import { CAST, consent, EMULATED, type EmulatorOptions, FAULTS, startEmulators } from "./index.ts";

const VERIFIER = "v".repeat(43);
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");
const BACK = "http://127.0.0.1:8000/back";

async function setUp(t: TestContext, options: EmulatorOptions = {}) {
  let nowMs = Date.UTC(2026, 10, 22);
  const emulators = await startEmulators({ clock: { now: () => new Date(nowMs) }, ...options });
  t.after(() => emulators.close());
  const env = (key: string) => emulators.environment[`AUTH_SOCIAL_${key}`] ?? "";
  const at = (path: string, query: Record<string, string> = {}) =>
    new URL(`${emulators.url}/${path}?${new URLSearchParams(query)}`);
  const post = async (path: string, form: Record<string, string>, headers: Record<string, string> = {}) => {
    const response = await fetch(at(path), { method: "POST", body: new URLSearchParams(form), headers });
    return {
      status: response.status,
      body: (await response.json().catch(() => undefined)) as Record<string, unknown>,
    };
  };
  const basic = (name: string) => ({
    authorization: `Basic ${btoa(`${env(`${name}_CLIENT_ID`)}:${env(`${name}_CLIENT_SECRET`)}`)}`,
  });
  const code = async (path: string, name: string, query: Record<string, string> = {}, person = "adult") => {
    const asked = {
      response_type: "code",
      client_id: env(`${name}_CLIENT_ID`),
      redirect_uri: BACK,
      state: "s1",
      ...query,
    };
    return (await consent(at(path, asked), { person })).fields;
  };
  const advance = (ms: number) => {
    nowMs += ms;
  };
  return { emulators, env, at, post, basic, code, advance };
}

test("it listens on loopback only", async () => {
  for (const host of ["0.0.0.0", "::", "192.168.0.1", "example.com"]) {
    await assert.rejects(startEmulators({ host }), /not a loopback address/);
  }
});

test("a person clicks through without scripts: page, choice, redirect", async (t) => {
  const { at, env } = await setUp(t);
  const query = {
    response_type: "code",
    client_id: env("YANDEX_CLIENT_ID"),
    redirect_uri: BACK,
    state: "a&b",
  };
  const page = await fetch(at("oauth.yandex.ru/authorize", query), {
    headers: { "accept-language": "ru-RU,ru" },
  });
  const html = await page.text();
  assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.match(html, /<html lang="ru">/);
  assert.doesNotMatch(html, /<script/);
  for (const person of CAST) assert.ok(html.includes(person.about.ru));

  const request = /name="request" value="([^"]+)"/.exec(html)?.[1] ?? "";
  const answer = (decision: string) =>
    fetch(at("_emulator/consent"), {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ request, person: "new", decision }),
    });
  const back = await answer("allow");
  const url = new URL(back.headers.get("location") ?? "");
  assert.equal(back.status, 303);
  assert.equal(url.searchParams.get("state"), "a&b");
  assert.match(url.searchParams.get("code") ?? "", /^[a-z0-9]{16}$/);
  assert.equal((await answer("allow")).status, 400);
});

test("the page speaks English to everybody else and shows what was asked without becoming it", async (t) => {
  const { at, env } = await setUp(t);
  const scope = '<img src=x onerror="alert(1)">';
  const query = { response_type: "code", client_id: env("YANDEX_CLIENT_ID"), redirect_uri: BACK, scope };
  const html = await (await fetch(at("oauth.yandex.ru/authorize", query))).text();
  assert.match(html, /<html lang="en">/);
  assert.doesNotMatch(html, /<img/);
});

test("the page calls the app by its name, and the network as the reader's language does", async (t) => {
  const { at, env } = await setUp(t, { appName: "Cinema <1>" });
  const query = { response_type: "code", client_id: env("ODNOKLASSNIKI_CLIENT_ID"), redirect_uri: BACK };
  const read = async (language: string) => {
    const page = at("connect.ok.ru/oauth/authorize", query);
    return await (await fetch(page, { headers: { "accept-language": language } })).text();
  };
  const [english, russian] = [await read("en"), await read("ru")];
  assert.match(english, /<header>Odnoklassniki<[\s\S]*<strong>Cinema &lt;1&gt;<\/strong> asks/);
  assert.match(russian, /<header>Одноклассники<[\s\S]*<strong>Cinema &lt;1&gt;<\/strong> просит/);
});

test("an unknown app or an address that is not registered gets a page, never a redirect", async (t) => {
  const { at, env } = await setUp(t, { credentials: { google: { redirectUris: [BACK] } } });
  const good = { response_type: "code", client_id: env("GOOGLE_CLIENT_ID"), redirect_uri: BACK };
  for (const wrong of [
    { client_id: "x" },
    { redirect_uri: `${BACK}/` },
    { redirect_uri: "https://evil.example" },
    { redirect_uri: "" },
  ]) {
    const response = await fetch(at("accounts.google.com/o/oauth2/v2/auth", { ...good, ...wrong }), {
      redirect: "manual",
    });
    assert.equal(response.status, 400);
    assert.equal(response.headers.get("location"), null);
  }
  const { code } = await setUp(t);
  await assert.rejects(
    code("oauth.yandex.ru/authorize", "YANDEX", { redirect_uri: "https://app.example/back" }),
    /400/,
  );
});

test("Yandex: parameters in the query are refused, a token without a device cannot be revoked, refreshing gives the same one", async (t) => {
  const { code, post, basic, env, at } = await setUp(t);
  const query = await post(`oauth.yandex.ru/token?grant_type=authorization_code`, {}, basic("YANDEX"));
  assert.deepEqual([query.status, query.body["error_description"]], [400, "grant_type not in POST"]);
  const fields = await code("oauth.yandex.ru/authorize", "YANDEX");
  const grant = { grant_type: "authorization_code", code: fields["code"] ?? "" };
  const token = await post("oauth.yandex.ru/token", grant, basic("YANDEX"));
  const access_token = String(token.body["access_token"]);
  const refresh_token = String(token.body["refresh_token"]);
  const again = await post(
    "oauth.yandex.ru/token",
    { grant_type: "refresh_token", refresh_token },
    basic("YANDEX"),
  );
  assert.equal(again.body["access_token"], access_token);
  const app = { client_id: env("YANDEX_CLIENT_ID"), client_secret: env("YANDEX_CLIENT_SECRET") };
  const revoked = await post("oauth.yandex.ru/revoke_token", { access_token, ...app });
  assert.deepEqual([revoked.status, revoked.body["error"]], [400, "unsupported_token_type"]);
  const info = await fetch(at("login.yandex.ru/info"), {
    headers: { authorization: `OAuth ${access_token}` },
  });
  assert.equal(((await info.json()) as { client_id: string }).client_id, env("YANDEX_CLIENT_ID"));
});

test("VK: every refusal is HTTP 200, a Bearer GET finds nothing, a refresh token works once and with its device", async (t) => {
  const { code, post, env, at } = await setUp(t);
  const challenge = { code_challenge: CHALLENGE, code_challenge_method: "s256" };
  const callback = await code("id.vk.ru/authorize", "VK", challenge);
  assert.deepEqual(Object.keys(callback).sort(), ["code", "device_id", "expires_in", "state", "type"]);
  const client_id = env("VK_CLIENT_ID");
  const { device_id = "", code: value = "" } = callback;
  const grant = { grant_type: "authorization_code", client_id, device_id, redirect_uri: BACK, code: value };
  const wrong = await post("id.vk.ru/oauth2/auth", { ...grant, code_verifier: "w".repeat(43) });
  assert.deepEqual([wrong.status, wrong.body["error_description"]], [200, "verifier is missing or invalid"]);

  const second = await code("id.vk.ru/authorize", "VK", challenge);
  const good = await post("id.vk.ru/oauth2/auth", {
    ...grant,
    code: second["code"] ?? "",
    code_verifier: VERIFIER,
  });
  assert.equal(typeof good.body["user_id"], "number");
  assert.equal(good.body["state"], "");
  const bearer = await fetch(at("id.vk.ru/oauth2/user_info"), {
    headers: { authorization: `Bearer ${good.body["access_token"]}` },
  });
  assert.equal(bearer.status, 404);
  const refresh = {
    grant_type: "refresh_token",
    client_id,
    refresh_token: String(good.body["refresh_token"]),
  };
  assert.equal(
    (await post("id.vk.ru/oauth2/auth", { ...refresh, device_id: "x" })).body["error"],
    "invalid_request",
  );
  assert.ok((await post("id.vk.ru/oauth2/auth", { ...refresh, device_id })).body["access_token"]);
  assert.equal(
    (await post("id.vk.ru/oauth2/auth", { ...refresh, device_id })).body["error"],
    "invalid_request",
  );
  const without = await code("id.vk.ru/authorize", "VK");
  assert.equal(without["error"], "invalid_request");
});

test("Mail.ru: no User-Agent no answer, prose in 200, the token in the query or nowhere", async (t) => {
  const { code, post, basic, at } = await setUp(t);
  const agentless = { ...basic("MAILRU"), "user-agent": "" };
  assert.equal((await post("oauth.mail.ru/token", {}, agentless)).body["error"], "missing user agent");
  const refused = await post("oauth.mail.ru/token", {}, { "user-agent": "a" });
  assert.deepEqual([refused.status, refused.body["error_code"]], [200, 3]);
  const { code: value = "" } = await code("oauth.mail.ru/login", "MAILRU");
  const grant = { grant_type: "authorization_code", code: value, redirect_uri: BACK };
  const token = await post("oauth.mail.ru/token", grant, basic("MAILRU"));
  assert.equal(token.body["token_type"], undefined);
  const access_token = String(token.body["access_token"]);
  const bearer = await fetch(at("oauth.mail.ru/userinfo"), {
    headers: { authorization: `Bearer ${access_token}` },
  });
  assert.deepEqual(await bearer.json(), {
    error: "token not found",
    error_code: 6,
    error_description: "token not found",
  });
  assert.equal((await fetch(at("oauth.mail.ru/userinfo", { access_token }))).status, 200);
  const refresh = { grant_type: "refresh_token", refresh_token: String(token.body["refresh_token"]) };
  assert.deepEqual(Object.keys((await post("oauth.mail.ru/token", refresh, basic("MAILRU"))).body).sort(), [
    "access_token",
    "expires_in",
  ]);
});

test("X: Basic or 401, thirty seconds, unknown fields refused, the e-mail withheld when the switch is off", async (t) => {
  const { code, post, basic, at, advance, env } = await setUp(t, {
    credentials: { x: { mayReadEmail: false } },
  });
  const asked = {
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    scope: "users.read tweet.read users.email",
  };
  const fields = await code("x.com/i/oauth2/authorize", "X", asked);
  const grant = {
    grant_type: "authorization_code",
    code: fields["code"] ?? "",
    redirect_uri: BACK,
    code_verifier: VERIFIER,
  };
  const bare = await post("api.x.com/2/oauth2/token", {
    ...grant,
    client_id: env("X_CLIENT_ID"),
    client_secret: env("X_CLIENT_SECRET"),
  });
  assert.deepEqual([bare.status, bare.body["error"]], [401, "unauthorized_client"]);
  const token = await post("api.x.com/2/oauth2/token", grant, basic("X"));
  assert.equal(token.body["refresh_token"], undefined);
  const me = (fieldsWanted: string) =>
    fetch(at("api.x.com/2/users/me", { "user.fields": fieldsWanted }), {
      headers: { authorization: `Bearer ${token.body["access_token"]}` },
    });
  const odd = await me("pinned_tweet_id");
  assert.deepEqual(
    [odd.status, odd.headers.get("content-type")?.split(";")[0]],
    [400, "application/problem+json"],
  );
  const partial = (await (await me("confirmed_email")).json()) as { data: object; errors: unknown[] };
  assert.deepEqual([Object.keys(partial.data), partial.errors.length], [["id", "name", "username"], 1]);

  const late = await code("x.com/i/oauth2/authorize", "X", asked);
  advance(30_000);
  const spent = await post("api.x.com/2/oauth2/token", { ...grant, code: late["code"] ?? "" }, basic("X"));
  assert.deepEqual([spent.status, spent.body["error"]], [400, "invalid_request"]);
});

test("Facebook: nested errors, a proof for every call, only the fields asked for", async (t) => {
  const { code, post, env, at } = await setUp(t);
  const fields = await code("www.facebook.com/v26.0/dialog/oauth", "FACEBOOK", {
    scope: "public_profile,email",
  });
  const grant = {
    client_id: env("FACEBOOK_CLIENT_ID"),
    client_secret: env("FACEBOOK_CLIENT_SECRET"),
    redirect_uri: BACK,
    code: fields["code"] ?? "",
  };
  const token = await post("graph.facebook.com/v26.0/oauth/access_token", grant);
  const used = await post("graph.facebook.com/v26.0/oauth/access_token", grant);
  assert.deepEqual(
    [used.status, (used.body["error"] as { error_subcode: number }).error_subcode],
    [400, 36009],
  );
  const access = String(token.body["access_token"]);
  const me = (query: Record<string, string>) =>
    fetch(at("graph.facebook.com/v26.0/me", query), { headers: { authorization: `Bearer ${access}` } });
  assert.equal((await me({})).status, 400);
  assert.equal((await me({ appsecret_proof: "0".repeat(64) })).status, 400);
  const appsecret_proof = createHmac("sha256", env("FACEBOOK_CLIENT_SECRET")).update(access).digest("hex");
  assert.deepEqual(Object.keys((await (await me({ appsecret_proof })).json()) as object), ["id", "name"]);
  const wider = await (await me({ appsecret_proof, fields: "id,email,birthday" })).json();
  assert.deepEqual(Object.keys(wider as object), ["id", "email"]);
});

test("Google: iss in the callback, long scope names, userinfo of the same person, metadata that points here", async (t) => {
  const { code, post, env, at, emulators } = await setUp(t);
  const asked = { scope: "openid email profile", nonce: "n1", access_type: "offline" };
  const fields = await code("accounts.google.com/o/oauth2/v2/auth", "GOOGLE", asked);
  assert.equal(fields["iss"], "https://accounts.google.com");
  const app = { client_id: env("GOOGLE_CLIENT_ID"), client_secret: env("GOOGLE_CLIENT_SECRET") };
  const token = await post("oauth2.googleapis.com/token", {
    ...app,
    grant_type: "authorization_code",
    redirect_uri: BACK,
    code: fields["code"] ?? "",
  });
  assert.match(String(token.body["scope"]), /auth\/userinfo\.email/);
  const claims = JSON.parse(
    Buffer.from(String(token.body["id_token"]).split(".")[1] ?? "", "base64url").toString(),
  ) as { sub: string; nonce: string };
  const userinfo = await fetch(at("openidconnect.googleapis.com/v1/userinfo"), {
    headers: { authorization: `Bearer ${token.body["access_token"]}` },
  });
  assert.deepEqual([claims.nonce, claims.sub], ["n1", ((await userinfo.json()) as { sub: string }).sub]);
  const metadata = (await (
    await fetch(at("accounts.google.com/.well-known/openid-configuration"))
  ).json()) as Record<string, string>;
  assert.ok(metadata["jwks_uri"]?.startsWith(emulators.url));
});

test("Apple: form_post or nothing, and the page that posts needs no script", async (t) => {
  const { at, env, code } = await setUp(t);
  const refused = await code("appleid.apple.com/auth/authorize", "APPLE", { scope: "name email" });
  assert.equal(refused["error"], "invalid_request");
  const query = {
    response_type: "code",
    client_id: env("APPLE_CLIENT_ID"),
    redirect_uri: BACK,
    scope: "name",
    response_mode: "form_post",
    emulator_person: "adult",
    state: '">',
  };
  const html = await (await fetch(at("appleid.apple.com/auth/authorize", query))).text();
  assert.match(html, new RegExp(`<form method="post" action="${BACK}">`));
  assert.match(html, /name="state" value="&quot;&gt;"/);
  assert.doesNotMatch(html, /<script/);
});

test("every fault can be switched by HTTP, hits what it names, as often as told, and lets go", async (t) => {
  const { at, post, basic, emulators } = await setUp(t);
  const put = (provider: string, fault: object) =>
    fetch(at(`_emulator/faults/${provider}`), {
      method: "PUT",
      body: JSON.stringify(fault),
      headers: { "content-type": "application/json" },
    });
  assert.equal((await put("mailru", { kind: "nonsense" })).status, 400);
  assert.equal((await put("nobody", { kind: "500" })).status, 400);
  assert.equal((await put("mailru", { kind: "503", at: "token", times: 2 })).status, 204);
  assert.deepEqual(((await (await fetch(at("_emulator/faults"))).json()) as { faults: object }).faults, {
    mailru: { kind: "503", at: "token", times: 2 },
  });
  const status = async () => (await post("oauth.mail.ru/token", {}, basic("MAILRU"))).status;
  assert.equal((await fetch(at("oauth.mail.ru/userinfo"))).status, 200);
  assert.deepEqual([await status(), await status(), await status()], [503, 503, 200]);
  for (const kind of FAULTS) assert.equal((await put("x", { kind })).status, 204);
  emulators.setFault("x", { kind: "hang" });
  const hanging = fetch(at("api.x.com/2/users/me"), { signal: AbortSignal.timeout(100) });
  await assert.rejects(hanging, { name: "TimeoutError" });
});

test("closing lets go of whoever was made to wait", { timeout: 20_000 }, async () => {
  const emulators = await startEmulators();
  for (const kind of ["hang", "drip", "slow"] as const) {
    emulators.setFault("x", { kind, times: 1, delayMs: 60_000 });
    fetch(`${emulators.url}/api.x.com/2/users/me`)
      .then((response) => response.text())
      .catch(() => "let go");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Were anybody still held, this would wait for them.
  await emulators.close();
});

test("people can be added by HTTP with what a test needs them to be", async (t) => {
  const { at, code, env, post, basic } = await setUp(t);
  const made = await fetch(at("_emulator/people"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      id: "ivan",
      firstName: "Ivan",
      email: "ivan@viewer.example",
      emailVerified: false,
      birth: { month: 1, day: 2 },
    }),
  });
  assert.equal(made.status, 201);
  const fields = await code("oauth.yandex.ru/authorize", "YANDEX", {}, "ivan");
  const token = await post(
    "oauth.yandex.ru/token",
    { grant_type: "authorization_code", code: fields["code"] ?? "" },
    basic("YANDEX"),
  );
  const info = await fetch(at("login.yandex.ru/info"), {
    headers: { authorization: `OAuth ${token.body["access_token"]}` },
  });
  const profile = (await info.json()) as Record<string, unknown>;
  assert.deepEqual([profile["first_name"], profile["birthday"]], ["Ivan", "0000-01-02"]);
  assert.ok(env("APPLE_PRIVATE_KEY").includes("PRIVATE KEY"));
});

test("the settings cover every provider and come as text one can paste", async (t) => {
  const { at, emulators } = await setUp(t);
  const text = await (await fetch(at("_emulator/environment"))).text();
  for (const name of EMULATED)
    assert.match(text, new RegExp(`^AUTH_SOCIAL_${name.toUpperCase()}_CLIENT_ID=.+$`, "m"));
  assert.ok(text.split("\n").every((line) => line === "" || /^[A-Z_]+=/.test(line)));
  assert.ok(text.startsWith(`AUTH_SOCIAL_EMULATOR=${emulators.url}\n`));
  const index = await (await fetch(at(""))).text();
  for (const kind of FAULTS) assert.ok(index.includes(`value="${kind}"`));
});
