import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { authorizeUrl, callbackOf, callbackWith, failureOf, onGround, signIn } from "./emulated.ts";
import { BODIES } from "./provider-bodies.ts";
import { goodClaims, publishedKeys, type Script, scripted, signed, withCode } from "./scripted.ts";

const { apple } = BODIES;
const ISSUER = "https://appleid.apple.com";
const PEM = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
}) as string;
const APP = { TEAM_ID: "TEAM", KEY_ID: "KEY", PRIVATE_KEY: PEM, CLIENT_SECRET: "" };

function adapter(claims: object, changes: Script = {}) {
  const made = scripted("google", {});
  return scripted(
    "apple",
    {
      "/auth/token": async () => ({
        body: { ...apple.token, id_token: await signed({ ...goodClaims(ISSUER, made.clock), ...claims }) },
      }),
      "/auth/keys": async () => ({ body: await publishedKeys() }),
      "/auth/revoke": {},
      ...changes,
    },
    APP,
  );
}

test("trap 47: Apple answers by a cross-site POST, and the adapter says so", async (t) => {
  const there = (await onGround(t)).provider("apple");
  assert.equal(there.callbackMethod, "POST");
  assert.equal(authorizeUrl(there).searchParams.get("response_mode"), "form_post");
});

test("trap 47: Apple's booleans as strings are read, and an iat as a string is not a token", async () => {
  const { iss: _iss, ...claims } = apple.claimsWithStrings;
  const profile = await adapter(claims).provider.finish(withCode());
  assert.equal(profile.subject, "001883.fcc77ba97500402389df96821ad9c790.1517");
  assert.deepEqual(profile.email, { address: "johnny.appleseed@apple.local", verifiedBy: "apple_verified" });
  assert.equal(
    (await failureOf(adapter({ iat: "1587211559" }).provider.finish(withCode()))).because,
    "id_token_iat",
  );
  const relayed = await adapter(apple.claimsOfRelay).provider.finish(withCode());
  assert.deepEqual(relayed.email, { address: "test@privaterelay.appleid.com", verifiedBy: "apple_verified" });
  for (const email_verified of ["false", false, undefined, 1]) {
    const { email } = await adapter({ ...claims, email_verified }).provider.finish(withCode());
    assert.equal(email?.verifiedBy, "nothing");
  }
});

test("trap 47: Apple gives the name once, in the callback, unsigned: it is shown, its e-mail is not believed", async (t) => {
  const profile = await adapter({}).provider.finish(withCode({ user: apple.user, id_token: "a.b.c" }));
  assert.deepEqual([profile.name, profile.email], ["A B", undefined]);
  for (const user of ["{", "null", "[]", '{"name":"x"}', '{"name":{"firstName":["A"]}}']) {
    assert.equal((await adapter({}).provider.finish(withCode({ user }))).name, undefined);
  }
  const there = (await onGround(t)).provider("apple");
  assert.equal((await signIn(there, "adult")).name, "Анна Примерова");
  assert.equal((await signIn(there, "adult")).name, undefined);
});

test("trap 47: Apple's client secret is a short-lived ES256 token made for the call", async () => {
  const { provider, asked, clock } = adapter({});
  await provider.finish(withCode());
  const secret = asked[0]?.form.get("client_secret") ?? "";
  assert.deepEqual(decodeProtectedHeader(secret), { alg: "ES256", kid: "KEY" });
  const nowS = clock.now().getTime() / 1000;
  assert.deepEqual(decodeJwt(secret), {
    iss: "TEAM",
    sub: "our-app",
    aud: ISSUER,
    iat: nowS,
    exp: nowS + 300,
  });
  assert.equal(asked[0]?.headers.has("authorization"), false);
});

test("Apple is asked where its own metadata says, and in the way it says", async () => {
  const { discovery } = apple;
  const { provider, asked } = adapter({});
  const page = authorizeUrl(provider);
  assert.equal(page.origin + page.pathname, discovery.authorization_endpoint);
  const asks = (name: string) => page.searchParams.get(name) ?? "";
  assert.ok(discovery.response_types_supported.includes(asks("response_type") as "code"));
  assert.ok(discovery.response_modes_supported.includes(asks("response_mode") as "form_post"));
  for (const scope of asks("scope").split(" "))
    assert.ok(discovery.scopes_supported.includes(scope as "name"), scope);
  const { tokensForUnlink = {} } = await provider.finish(withCode({ iss: discovery.issuer }));
  assert.equal((await provider.revoke(tokensForUnlink)).kind, "revoked");
  assert.deepEqual(
    asked.map(({ url }) => url.href),
    [discovery.token_endpoint, discovery.jwks_uri, discovery.revocation_endpoint],
  );
  assert.ok(asked[0]?.form.has("client_secret"), "client_secret_post");
});

test("a server notification of Apple's is no callback, wherever its fields are put", async () => {
  const { provider, asked } = adapter({});
  for (const fields of [{ ...apple.notification }, { payload: JSON.stringify(apple.notification) }]) {
    const failure = await failureOf(provider.finish(callbackWith(fields)));
    assert.equal(failure.kind, "bad_callback");
  }
  assert.equal(asked.length, 0);
});

test("an error page of Apple's at revocation is not a revocation", async () => {
  const { provider } = adapter({}, { "/auth/revoke": { status: 400, body: { error: "invalid_client" } } });
  assert.equal((await failureOf(provider.revoke({ refreshToken: "r" }))).kind, "misconfigured");
});

test("a person who closes Apple's sheet has refused", async (t) => {
  const there = (await onGround(t)).provider("apple");
  assert.equal((await callbackOf(there, "deny")).params["error"], "user_cancelled_authorize");
  const failure = await failureOf(there.finish(callbackWith({ error: "user_cancelled_authorize" })));
  assert.equal(failure.kind, "denied");
});
