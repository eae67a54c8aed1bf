import assert from "node:assert/strict";
import { test } from "node:test";
import { callbackWith, failureOf, onGround, signIn } from "./emulated.ts";
import { BODIES } from "./provider-bodies.ts";
import { goodClaims, publishedKeys, scripted, signed, withCode } from "./scripted.ts";

const { telegram } = BODIES;

test("trap 46: Telegram has no userinfo and no e-mail: the id_token is all that is read", async (t) => {
  const { provider, calls } = await onGround(t);
  const profile = await signIn(provider("telegram"), "adult");
  assert.deepEqual(
    [profile.email, profile.birthDate, profile.tokensForUnlink],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(
    calls.map(({ pathname }) => pathname.split("/").at(-1)),
    ["token", "jwks.json"],
  );
});

test("trap 46: a result of Telegram's older widget is refused by name, before anything is asked", async () => {
  const { provider, asked } = scripted("telegram", {});
  for (const params of [{ ...telegram.widget }, { tgAuthResult: "e30" }, withCode({ hash: "h" }).params]) {
    const failure = await failureOf(provider.finish(callbackWith(params)));
    assert.deepEqual([failure.kind, failure.because], ["bad_callback", "legacy_widget"]);
  }
  assert.equal(asked.length, 0);
});

test("Telegram wants Basic and the client_id in the body, and its claims become a profile", async () => {
  const { clock } = scripted("telegram", {});
  const { iss, aud: _aud, ...claims } = telegram.claims;
  const { provider, asked } = scripted("telegram", {
    "/token": async () => ({
      body: { access_token: "a", id_token: await signed({ ...goodClaims(iss, clock), ...claims }) },
    }),
    "/jwks.json": async () => ({ body: await publishedKeys() }),
  });
  const profile = await provider.finish(withCode());
  assert.deepEqual(profile, {
    subject: "sub-of-ivan",
    name: "Ivan Ivanov",
    avatarUrl: "https://cdn.telegram.org/picture.jpg",
  });
  assert.match(asked[0]?.headers.get("authorization") ?? "", /^Basic /);
  assert.equal(asked[0]?.form.get("client_id"), "our-app");
});
