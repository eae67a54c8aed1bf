import assert from "node:assert/strict";
import { test } from "node:test";
import { callbackOf, callbackWith, failureOf, onGround } from "./emulated.ts";
import { BODIES } from "./provider-bodies.ts";
import { type Line, type Script, scripted, withCode } from "./scripted.ts";
import { readSignedRequest } from "./signed-request.ts";

const { facebook } = BODIES;
const APP = { CLIENT_ID: facebook.debugged.data.app_id };

function script(profile: { readonly id: string }, changes: Script = {}): Script {
  const debugged = { data: { ...facebook.debugged.data, user_id: profile.id } };
  return {
    "/oauth/access_token": { body: facebook.longLived },
    "/debug_token": { body: debugged },
    "/me": { body: profile },
    ...changes,
  };
}

const PLAIN = facebook.profilePicture;
const finish = (changes: Script = {}) =>
  scripted("facebook", script(PLAIN, changes), APP).provider.finish(withCode());
const refused = (body: unknown, status = 400): Line => ({ status, body });

test("trap 25: Facebook's nested errors are read: a used code, a redirect that differs, a throttle", async () => {
  const token = (body: unknown) => failureOf(finish({ "/oauth/access_token": refused(body) }));
  const used = await token(facebook.errorCodeUsed);
  assert.deepEqual([used.kind, used.providerCode], ["code_spent", "100.36009"]);
  assert.equal((await token(facebook.errorRedirect)).kind, "misconfigured");
  assert.equal((await token({ error: { message: "limit", code: 4 } })).kind, "provider_unreachable");
  assert.equal((await token({ error: { message: "try later", code: 2 } })).kind, "provider_unreachable");
  assert.equal((await token({ error: "a word" })).kind, "provider_error");
});

test("trap 26: a Facebook token must be ours, valid, a person's, and of the person /me names", async () => {
  const { data } = facebook.debugged;
  const owned = { ...data, user_id: PLAIN.id };
  const strange = [
    facebook.debugged,
    facebook.debuggedLeast,
    { data: { ...owned, app_id: "another" } },
    { data: { ...owned, is_valid: false } },
    { data: { ...owned, is_valid: "true" } },
    { data: { ...owned, type: "PAGE" } },
    { data: { ...owned, user_id: undefined } },
    {},
  ];
  for (const body of strange) {
    const failure = await failureOf(finish({ "/debug_token": { body } }));
    assert.equal(failure.kind, "substitution", JSON.stringify(body));
  }
  assert.equal((await finish()).subject, PLAIN.id);
});

test("trap 27: appsecret_proof goes with every server call, and a missing one is the operator's matter", async () => {
  const { appSecret, accessToken, value } = facebook.proof;
  const { provider, asked } = scripted(
    "facebook",
    script(PLAIN, {
      "/oauth/access_token": { body: { access_token: accessToken } },
      "/permissions": { body: "true" },
    }),
    { ...APP, CLIENT_SECRET: appSecret },
  );
  const { tokensForUnlink } = await provider.finish(withCode());
  assert.deepEqual(await provider.revoke(tokensForUnlink ?? {}), { kind: "revoked" });
  const proven = asked.filter(({ url }) => /\/(me|permissions)$/.test(url.pathname));
  assert.deepEqual(
    proven.map(({ url }) => url.searchParams.get("appsecret_proof")),
    [value, value],
  );
  assert.equal((await failureOf(finish({ "/me": refused(facebook.errorNoProof) }))).kind, "misconfigured");
});

test("trap 28: Facebook has no refresh token: a short one is exchanged once, and no expires_in is no expiry", async (t) => {
  const lifeless = await finish({ "/oauth/access_token": { body: { access_token: "a" } } });
  assert.equal(lifeless.tokensForUnlink?.expiresAt, undefined);

  const bodies = [facebook.token, facebook.longLived];
  const short = scripted(
    "facebook",
    script(PLAIN, { "/oauth/access_token": () => ({ body: bodies.shift() }) }),
    APP,
  );
  const { tokensForUnlink } = await short.provider.finish(withCode());
  assert.equal(tokensForUnlink?.accessToken, "LONGUSER-1");
  assert.equal(short.asked.at(-1)?.form.get("grant_type"), "fb_exchange_token");

  const { provider, clock } = await onGround(t);
  const emulated = provider("facebook");
  const kept = (await emulated.finish(await callbackOf(emulated, "adult", { emulator_short_token: "1" })))
    .tokensForUnlink;
  clock.advance(2 * 86_400_000);
  assert.equal((await emulated.revoke(kept ?? {})).kind, "revoked");
});

test("trap 29: Facebook is asked for fields by name; e-mail may be absent and the body may be null", async () => {
  const { provider, asked } = scripted("facebook", script(facebook.profileWithoutEmail), APP);
  const profile = await provider.finish(withCode());
  assert.equal(profile.email, undefined);
  const fields = asked.find(({ url }) => url.pathname.endsWith("/me"))?.url.searchParams.get("fields");
  assert.equal(fields, "id,name,first_name,last_name,email,picture.width(200)");
  assert.equal((await failureOf(finish({ "/me": { body: "null" } }))).because, "not_an_object");
});

test("trap 30: the Graph version is configuration and stands in every address", async () => {
  const { provider, asked } = scripted("facebook", script(PLAIN), { ...APP, API_VERSION: "v27.0" });
  const request = { state: "s", nonce: "n", codeChallenge: "c", redirectUri: "https://kinopass.example/cb" };
  assert.match(provider.authorizeUrl(request).pathname, /^\/v27\.0\//);
  await provider.finish(withCode());
  for (const { url } of asked) assert.match(url.pathname, /^\/v27\.0\//);
});

test("trap 31: a signed request is checked over the encoded payload, with its algorithm named", async (t) => {
  const { appSecret, value, subject, issuedAtS } = facebook.signedRequest;
  const now = new Date((issuedAtS + 60) * 1000);
  assert.deepEqual(readSignedRequest(value, appSecret, now), {
    kind: "genuine",
    request: { subject, issuedAt: new Date(issuedAtS * 1000) },
  });
  const ground = await onGround(t);
  const emulated = ground.emulators.signedRequest("adult");
  const secret = ground.emulators.environment["AUTH_SOCIAL_FACEBOOK_CLIENT_SECRET"] ?? "";
  assert.equal(readSignedRequest(emulated, secret, ground.clock.now()).kind, "genuine");

  const because = (input: unknown, key: string = appSecret, at: Date = now) => {
    const reading = readSignedRequest(input, key, at);
    return reading.kind === "refused" ? reading.because : reading.kind;
  };
  const [signature = "", payload = ""] = value.split(".");
  const recoded = Buffer.from(
    JSON.stringify(JSON.parse(Buffer.from(payload, "base64url").toString()), null, 1),
  );
  assert.equal(because(value, "another"), "signature");
  assert.equal(because(`${signature}.${recoded.toString("base64url")}`), "signature");
  assert.equal(because(`${signature.slice(0, 10)}.${payload}`), "signature");
  assert.equal(because(value, appSecret, new Date(0)), "issued_in_future");
  assert.equal(
    because(facebook.signedRequestOfNobody.value, facebook.signedRequestOfNobody.appSecret),
    "payload",
  );
  for (const odd of [undefined, "", "a", "a.b.c", "a=.b", [value], `${value}${"A".repeat(9000)}`])
    assert.equal(because(odd), "form");
});

test("trap 32: Facebook's refusals without an error parameter are refusals all the same", async () => {
  const { provider } = scripted("facebook", {}, APP);
  const kind = async (params: Record<string, string>) =>
    (await failureOf(provider.finish(callbackWith(params)))).kind;
  assert.equal(
    await kind({ error: "access_denied", error_reason: "user_denied", error_code: "200" }),
    "denied",
  );
  assert.equal(await kind({ error_reason: "user_denied", state: "s" }), "denied");
  assert.equal(await kind({ error_code: "1349126", error_message: "App not set up" }), "provider_error");
});

test("a Facebook link removed there is gone here too, and an expired token cannot revoke", async () => {
  const dead = scripted("facebook", { "/permissions": refused(facebook.errorPasswordChanged) }, APP);
  assert.deepEqual(await dead.provider.revoke({ accessToken: "a", subject: "1" }), { kind: "already_gone" });
  const late = await dead.provider.revoke({ accessToken: "a", subject: "1", expiresAt: new Date(0) });
  assert.deepEqual(late, { kind: "not_possible", because: "token_expired" });
});

test("every Facebook profile seen is read for what it is, and its address is only a hint", async () => {
  const read = (profile: { readonly id: string }) =>
    scripted("facebook", script(profile), APP).provider.finish(withCode());
  const older = await read(facebook.profileOfOld);
  assert.deepEqual(older.email, { address: "raymond.penners@example.com", verifiedBy: "nothing" });
  assert.deepEqual(older.birthDate, { year: 1973, month: 7, day: 17, precision: "day" });
  assert.equal((await read(PLAIN)).avatarUrl, PLAIN.picture.data.url);
  assert.equal((await read(facebook.profileSmall)).name, "User u1");
  const aged = await read({ ...PLAIN, ...{ age_range: { min: 21 } } });
  assert.equal(aged.ageAtLeast, 21);
});
