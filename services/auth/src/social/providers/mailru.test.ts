import assert from "node:assert/strict";
import { test } from "node:test";
import { callbackWith, failureOf, onGround, signIn } from "./emulated.ts";
import { BODIES } from "./provider-bodies.ts";
import { type Script, scripted, withCode } from "./scripted.ts";
import { mergeTokens, tokensFrom } from "./token-answer.ts";

const { mailru } = BODIES;
const OURS = { CLIENT_ID: mailru.profile.client_id };

function script(changes: Script = {}): Script {
  return { "/token": { body: mailru.tokenWithoutType }, "/userinfo": { body: mailru.profile }, ...changes };
}

const finish = (changes: Script) => scripted("mailru", script(changes), OURS).provider.finish(withCode());

test("trap 13: Mail.ru errors come in HTTP 200 with prose; the number decides", async () => {
  assert.equal(
    (await failureOf(finish({ "/token": { body: mailru.errorCredentials } }))).kind,
    "misconfigured",
  );
  assert.equal(
    (await failureOf(finish({ "/token": { body: mailru.errorTokenNotFound } }))).kind,
    "code_spent",
  );
  const profile = await failureOf(finish({ "/userinfo": { body: mailru.errorTokenNotFound } }));
  assert.deepEqual([profile.kind, profile.providerCode], ["provider_error", "6"]);
});

test("trap 14: Mail.ru takes the token in the query only, with Basic for the code", async () => {
  const { provider, asked } = scripted("mailru", script(), OURS);
  await provider.finish(withCode());
  assert.match(asked[0]?.headers.get("authorization") ?? "", /^Basic /);
  assert.equal(asked[0]?.form.has("client_secret"), false);
  assert.equal(asked[1]?.url.searchParams.get("access_token"), "opaque-access");
  assert.equal(asked[1]?.headers.has("authorization"), false);
});

test("trap 15: every request to Mail.ru names a User-Agent, and its absence is told clearly", async () => {
  const { provider, asked } = scripted("mailru", script(), OURS);
  await provider.finish(withCode());
  for (const { headers } of asked) assert.match(headers.get("user-agent") ?? "", /Kinopass/);
  const failure = await failureOf(finish({ "/token": { body: mailru.errorNoAgent } }));
  assert.deepEqual([failure.kind, failure.providerCode], ["provider_error", "missing user agent"]);
});

test("trap 16: client_id in a Mail.ru profile is the app; without an id nobody is signed in", async () => {
  const read = await finish({});
  assert.equal(read.subject, "1730000000");
  const failure = await failureOf(
    scripted("mailru", script({ "/userinfo": { body: mailru.profileWithoutId } }), {
      CLIENT_ID: "123abc",
    }).provider.finish(withCode()),
  );
  assert.deepEqual([failure.kind, failure.because], ["provider_garbage", "no_subject"]);
  const foreign = await failureOf(
    finish({ "/userinfo": { body: { ...mailru.profile, client_id: "another" } } }),
  );
  assert.equal(foreign.kind, "substitution");
});

test("trap 17: a Mail.ru refresh without a refresh token and without a type keeps the old refresh token", () => {
  const next = tokensFrom("mailru", mailru.refreshed, new Date(0));
  assert.deepEqual(mergeTokens({ accessToken: "opaque-access", refreshToken: "opaque-refresh" }, next), {
    accessToken: "opaque-access-2",
    refreshToken: "opaque-refresh",
    expiresAt: new Date(3_600_000),
  });
});

test("trap 18: Mail.ru can be served through VK ID, under subjects of its own", async (t) => {
  const { provider } = await onGround(t);
  const settings = { AUTH_SOCIAL_MAILRU_THROUGH: "vk", AUTH_SOCIAL_MAILRU_CLIENT_ID: "51000001" };
  const throughVk = provider("mailru", { settings });
  const { state } = callbackWith({});
  const url = throughVk.authorizeUrl({
    state,
    nonce: "n",
    codeChallenge: "c",
    redirectUri: "http://127.0.0.1/cb",
  });
  assert.equal(url.searchParams.get("provider"), "mail_ru");
  const { subject } = await signIn(throughVk, "adult");
  const direct = await signIn(provider("vk"), "adult");
  assert.equal(subject, `vkid:${direct.subject}`);
});

test("every Mail.ru profile and token seen is read for what it is", async () => {
  const whole = await finish({ "/token": { body: mailru.tokenOddScope } });
  assert.equal(whole.name, "Иван Иванов");
  assert.deepEqual(whole.email, { address: "ivan.ivanov@mail.ru", verifiedBy: "mailru_mailbox" });
  assert.deepEqual(whole.birthDate, { year: 2000, month: 4, day: 22, precision: "day" });
  assert.equal(whole.locale, "ru-RU");
  assert.equal(whole.tokensForUnlink, undefined);
  const older = await failureOf(finish({ "/userinfo": { body: mailru.profileOfMyWorld } }));
  assert.equal(older.because, "not_an_object");
});
