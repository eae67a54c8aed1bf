import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, onGround, signIn } from "./emulated.ts";
import type { ProvidedEmail } from "./provider.ts";
import { BODIES } from "./provider-bodies.ts";
import { goodClaims, publishedKeys, type Script, scripted, signed, withCode } from "./scripted.ts";
import { mergeTokens } from "./token-answer.ts";

const { google } = BODIES;
const ISSUER = "https://accounts.google.com";
const CALLBACK = withCode({ iss: ISSUER });

function script(claims: object, changes: Script = {}): Script {
  return {
    "/oauth2/v3/certs": async () => ({ body: await publishedKeys() }),
    "/token": async () => ({ body: { ...google.token, id_token: await signed({ ...claims }) } }),
    ...changes,
  };
}

/** A sign-in whose id_token says this on top of what is right. */
function finish(claims: object, settings: Record<string, string> = {}, changes: Script = {}) {
  const { clock } = scripted("google", {});
  const { provider } = scripted(
    "google",
    script({ ...goodClaims(ISSUER, clock), ...claims }, changes),
    settings,
  );
  return provider.finish(CALLBACK);
}

test("trap 41: both of Google's issuer spellings are Google, and nothing else is", async () => {
  assert.equal((await finish({ iss: "accounts.google.com" })).subject, "1234");
  assert.equal((await finish({ iss: ISSUER })).subject, "1234");
  for (const iss of [
    "https://accounts.google.com/",
    "HTTPS://accounts.google.com",
    "https://evil.example",
    7,
  ]) {
    const failure = await failureOf(finish({ iss }));
    assert.deepEqual([failure.kind, failure.because], ["substitution", "id_token_iss"]);
  }
});

test("trap 41: the hosted domain binds by the claim, not by the parameter", async () => {
  const settings = { HOSTED_DOMAIN: "example.com" };
  assert.equal((await finish({ hd: "example.com" }, settings)).subject, "1234");
  for (const hd of ["example.com.evil.example", undefined, "*"]) {
    const failure = await failureOf(finish({ hd }, settings));
    assert.deepEqual([failure.kind, failure.because], ["denied", "outside_hosted_domain"]);
  }
});

test("trap 41: scopes that come back under long names are no failure, and prompt=login is never sent", async (t) => {
  const there = (await onGround(t)).provider("google");
  const request = {
    state: "s",
    nonce: "n",
    codeChallenge: "c",
    redirectUri: "http://127.0.0.1/cb",
    fresh: true,
  };
  assert.equal(there.authorizeUrl(request).searchParams.get("prompt"), "select_account");
  assert.ok((await signIn(there, "adult")).subject);
});

test("trap 42: Google gives a refresh token on first consent only; the one kept before stays", async (t) => {
  const there = (await onGround(t)).provider("google");
  const first = (await signIn(there, "adult")).tokensForUnlink ?? {};
  const second = (await signIn(there, "adult")).tokensForUnlink ?? {};
  assert.ok(first.refreshToken);
  assert.equal(second.refreshToken, undefined);
  const kept = mergeTokens(first, second);
  assert.deepEqual([kept.refreshToken, kept.accessToken], [first.refreshToken, second.accessToken]);
  assert.equal((await there.revoke(kept)).kind, "revoked");
});

test("Google's callback must name its issuer, as its metadata promises, unless told to take one without", async () => {
  const { provider, asked } = scripted("google", {});
  const failure = await failureOf(provider.finish(withCode()));
  assert.deepEqual([failure.kind, failure.because, asked.length], ["substitution", "issuer_missing", 0]);

  const lenient = scripted(
    "google",
    { "/token": { status: 400, body: google.errorGrant } },
    { REQUIRE_ISS: "false" },
  );
  assert.equal((await failureOf(lenient.provider.finish(withCode()))).kind, "code_spent");
  const wrong = await failureOf(lenient.provider.finish(withCode({ iss: "https://appleid.apple.com" })));
  assert.equal(wrong.because, "foreign_issuer");
});

test("Google vouches for its own mailboxes and for a Workspace's, for no other address", async () => {
  const rule = async (claims: object) => (await finish(claims)).email satisfies ProvidedEmail | undefined;
  assert.equal(
    (await rule({ email: "a@gmail.com", email_verified: true }))?.verifiedBy,
    "google_authoritative",
  );
  assert.equal((await rule({ email: "a@gmail.com", email_verified: false }))?.verifiedBy, "nothing");
  const { iss: _iss, aud: _aud, ...workspace } = google.claimsOfWorkspace;
  assert.equal((await rule(workspace))?.verifiedBy, "google_authoritative");
  assert.equal((await rule({ ...workspace, email_verified: undefined }))?.verifiedBy, "nothing");
  assert.equal((await rule(google.claimsOfForeignDomain))?.verifiedBy, "nothing");
  assert.equal(await rule({ email: "" }), undefined);
});

test("every Google profile seen is read for what it is", async () => {
  const profile = await finish(google.claimsOfForeignDomain);
  assert.equal(profile.subject, "101010101010101010101");
  assert.equal(profile.name, "Foo Bar");
  assert.equal(profile.locale, "en");
  assert.match(profile.avatarUrl ?? "", /photo\.jpg$/);
});

test("Google's birth date comes from the entry that has a year, and its absence fails nothing", async (t) => {
  const { provider } = await onGround(t);
  const there = provider("google", { settings: { AUTH_SOCIAL_GOOGLE_BIRTHDAY: "true" } });
  assert.deepEqual((await signIn(there, "adult")).birthDate, {
    year: 1990,
    month: 5,
    day: 17,
    precision: "day",
  });
  assert.equal((await signIn(there, "yearless")).birthDate?.precision, "yearless");

  for (const line of [{ status: 403, body: { error: { code: 403 } } }, { status: 500 }, { body: "<html>" }]) {
    const profile = await finish({}, { BIRTHDAY: "true" }, { "/people/me": line });
    assert.deepEqual([profile.subject, profile.birthDate], ["1234", undefined]);
  }
});

test("an access token of Google's that ran out cannot revoke and says so", async () => {
  const { provider } = scripted("google", { "/revoke": { status: 400, body: { error: "invalid_token" } } });
  assert.deepEqual(await provider.revoke({ accessToken: "a" }), {
    kind: "not_possible",
    because: "token_expired",
  });
  assert.deepEqual(await provider.revoke({ refreshToken: "r" }), { kind: "already_gone" });
});
