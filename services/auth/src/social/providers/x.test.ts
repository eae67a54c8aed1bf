import assert from "node:assert/strict";
import { test } from "node:test";
import { authorizeUrl, callbackOf, failureOf, onGround, signIn } from "./emulated.ts";
import { BODIES } from "./provider-bodies.ts";
import { type Script, scripted, withCode } from "./scripted.ts";

const { x } = BODIES;

function script(profile: unknown, changes: Script = {}): Script {
  return { "/2/oauth2/token": { body: x.token }, "/2/users/me": { body: profile }, ...changes };
}

const read = (profile: unknown, changes: Script = {}) =>
  scripted("x", script(profile, changes)).provider.finish(withCode());

test("trap 33: X wants Basic for token, refresh and revoke, and nothing of it in the body", async () => {
  const { provider, asked, clock } = scripted(
    "x",
    script(x.profileLeast, { "/2/oauth2/revoke": { body: { revoked: true } } }),
  );
  const { tokensForUnlink } = await provider.finish(withCode());
  clock.advance(3 * 3_600_000);
  assert.deepEqual(await provider.revoke(tokensForUnlink ?? {}), { kind: "revoked" });
  const posts = asked.filter(({ method }) => method === "POST");
  assert.equal(posts.length, 4);
  for (const { headers, form } of posts) {
    assert.equal(headers.get("authorization"), `Basic ${btoa("our-app:our-secret")}`);
    assert.equal(form.has("client_secret"), false);
  }
});

test("trap 34: X's code lives thirty seconds: at 29 it works, at 30 it asks to start again", async (t) => {
  const { provider, clock } = await onGround(t);
  const there = provider("x");
  const inTime = await callbackOf(there, "adult");
  clock.advance(29_000);
  assert.ok((await there.finish(inTime)).subject);
  const late = await callbackOf(there, "adult");
  clock.advance(30_000);
  assert.equal((await failureOf(there.finish(late))).kind, "code_spent");
});

test("trap 35: X's invalid_request about a code or a refresh token is a spent one, not our mistake", async () => {
  const spent = { "/2/oauth2/token": { status: 400, body: x.errorCode } };
  assert.equal((await failureOf(read(x.profileLeast, spent))).kind, "code_spent");
  const grant = { "/2/oauth2/token": { status: 400, body: { ...x.errorCode, error: "invalid_grant" } } };
  assert.equal((await failureOf(read(x.profileLeast, grant))).kind, "code_spent");
  const dead = {
    "/2/oauth2/token": {
      status: 400,
      body: { error: "invalid_request", error_description: "Value passed for the token was invalid." },
    },
  };
  const { provider } = scripted("x", script(x.profileLeast, dead));
  assert.equal(
    (await failureOf(Promise.resolve(provider.refresh?.({ refreshToken: "r" })))).kind,
    "link_lost",
  );
  assert.deepEqual(await provider.revoke({ refreshToken: "r" }), { kind: "already_gone" });
  const malformed = {
    "/2/oauth2/revoke": {
      status: 400,
      body: { error: "invalid_request", error_description: "Missing token" },
    },
  };
  const refusal = scripted("x", script(x.profileLeast, malformed)).provider.revoke({ accessToken: "a" });
  assert.equal((await failureOf(refusal)).kind, "provider_error");
  const other = {
    "/2/oauth2/token": {
      status: 400,
      body: { error: "invalid_request", error_description: "Missing required parameter" },
    },
  };
  assert.equal((await failureOf(read(x.profileLeast, other))).kind, "provider_error");
});

test("trap 36: X's profile sits under data, and errors beside it in a 200 do not fail the sign-in", async () => {
  const partial = await read(x.profileWithErrors);
  assert.deepEqual([partial.subject, partial.email], ["1466796521412771840", undefined]);
  assert.equal((await failureOf(read({ errors: x.profileWithErrors.errors }))).because, "no_subject");
  assert.equal(
    (
      await failureOf(
        read(x.errorUnauthorized, { "/2/users/me": { status: 401, body: x.errorUnauthorized } }),
      )
    ).kind,
    "provider_error",
  );
});

test("trap 36: every field asked of X is one it knows", async (t) => {
  const { provider } = await onGround(t);
  assert.ok((await signIn(provider("x"), "adult")).subject);
});

test("trap 37: X's e-mail needs scope and switch; without them there is none, and never the user name", async (t) => {
  const { provider } = await onGround(t, { x: { mayReadEmail: false } });
  assert.equal((await signIn(provider("x"), "adult")).email, undefined);
  const without = provider("x", { settings: { AUTH_SOCIAL_X_EMAIL: "false" } });
  assert.doesNotMatch(authorizeUrl(without).searchParams.get("scope") ?? "", /users\.email/);
  assert.match(authorizeUrl(provider("x")).searchParams.get("scope") ?? "", /users\.email/);
  const odd = await read({ data: { ...x.profileLeast.data, confirmed_email: "twitter_username" } });
  assert.equal(odd.email, undefined);
});

test("trap 38: X's refresh token works once: of two racers the loser learns that the link is lost", async (t) => {
  const { provider } = await onGround(t);
  const there = provider("x");
  const kept = (await signIn(there, "adult")).tokensForUnlink ?? {};
  const outcomes = await Promise.allSettled([there.refresh?.(kept), there.refresh?.(kept)]);
  const lost = outcomes.filter((outcome) => outcome.status === "rejected");
  assert.equal(lost.length, 1);
  assert.equal(lost[0]?.reason.kind, "link_lost");
});

test("trap 39: X's ids past 2^53 stay exact, a number for an id is refused, the badge is not the e-mail", async () => {
  assert.equal((await read(x.profileLeast)).subject, "1234567890123456789");
  const number = '{"data":{"id":1234567890123456789,"name":"n","username":"u","verified":true}}';
  assert.equal((await failureOf(read(number))).because, "no_subject");
  assert.equal((await read({ data: { ...x.profileLeast.data, verified: true } })).email, undefined);
});

test("trap 40: X bills reads, so a sign-in makes one; an app outside a plan is the operator's matter", async (t) => {
  const { provider, emulators } = await onGround(t);
  await signIn(provider("x"), "adult");
  assert.equal(emulators.billedReads(), 1);
  const failure = await failureOf(
    read(x.errorNotEnrolled, { "/2/users/me": { status: 403, body: x.errorNotEnrolled } }),
  );
  assert.deepEqual([failure.kind, failure.because], ["misconfigured", "app_not_in_a_plan"]);
});

test("every X profile and token seen is read for what it is", async () => {
  assert.deepEqual((await read(x.profileWithEmail)).email, {
    address: "sf.tester@example.com",
    verifiedBy: "x_confirmed",
  });
  assert.equal((await read(x.profileWithIncludes)).subject, "2244994945");
  assert.match((await read(x.profileWithPicture)).avatarUrl ?? "", /_normal\.jpg$/);
  const bare = await read(x.profileLeast, { "/2/oauth2/token": { body: x.tokenWithoutRefresh } });
  assert.equal(bare.tokensForUnlink?.refreshToken, undefined);
  const odd = await read(x.profileLeast, { "/2/oauth2/token": { body: x.tokenWithOddTypes } });
  assert.equal(odd.tokensForUnlink?.refreshToken, "secret-refresh-token");
});
