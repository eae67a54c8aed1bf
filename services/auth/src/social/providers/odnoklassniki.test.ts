import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, onGround, signIn } from "./emulated.ts";
import { signature } from "./odnoklassniki.ts";
import { BODIES } from "./provider-bodies.ts";
import { scripted, withCode } from "./scripted.ts";

const { odnoklassniki } = BODIES;

const adapter = (profile: unknown, token: unknown = odnoklassniki.tokenOfOld) =>
  scripted(
    "odnoklassniki",
    { "/token.do": { body: token }, "/fb.do": { body: profile } },
    { PUBLIC_KEY: "publicsecret" },
  );

test("trap 43: Odnoklassniki's signature is the one its partners compute", () => {
  const { params, accessToken, clientSecret, value } = odnoklassniki.signature;
  assert.equal(signature(params, accessToken, clientSecret), value);
});

test("trap 43: scopes go by semicolon, the third credential goes with the call, token_type session is fine", async (t) => {
  const { provider, asked } = adapter(odnoklassniki.profileWithEmail);
  await provider.finish(withCode());
  assert.equal(asked[1]?.form.get("application_key"), "publicsecret");
  assert.equal(asked[1]?.url.search, "");

  const ground = await onGround(t);
  const withEmail = ground.provider("odnoklassniki", {
    settings: { AUTH_SOCIAL_ODNOKLASSNIKI_EMAIL: "true" },
  });
  const request = { state: "s", nonce: "n", codeChallenge: "c", redirectUri: "http://127.0.0.1/cb" };
  assert.equal(withEmail.authorizeUrl(request).searchParams.get("scope"), "VALUABLE_ACCESS;GET_EMAIL");
  assert.deepEqual((await signIn(withEmail, "adult")).email, {
    address: "anna@viewer.example",
    verifiedBy: "nothing",
  });
});

test("trap 43: Odnoklassniki's errors in HTTP 200 are errors", async () => {
  const session = await failureOf(adapter(odnoklassniki.errorSession).provider.finish(withCode()));
  assert.deepEqual([session.kind, session.because], ["provider_error", "session_expired"]);
  const kind = async (error_code: number) =>
    (await failureOf(adapter({ error_code }).provider.finish(withCode()))).kind;
  assert.equal(await kind(104), "misconfigured");
  assert.equal(await kind(2), "provider_unreachable");
  const late = adapter({}, { error: "invalid_grant", error_description: "Expired code" });
  assert.equal((await failureOf(late.provider.finish(withCode()))).kind, "code_spent");
});

test("every Odnoklassniki profile seen is read for what it is", async () => {
  const whole = await adapter(odnoklassniki.profileWithEmail).provider.finish(withCode());
  assert.equal(whole.subject, "123456");
  assert.deepEqual(whole.email, { address: "some@email.ru", verifiedBy: "nothing" });
  assert.deepEqual(whole.birthDate, { year: 1998, month: 12, day: 8, precision: "day" });
  assert.equal(whole.ageAtLeast, undefined);
  const without = await adapter(odnoklassniki.profileWithoutEmail).provider.finish(withCode());
  assert.deepEqual([without.email, without.subject], [undefined, "561999209121"]);
  const aged = await adapter({ ...odnoklassniki.profileWithEmail, birthday: undefined }).provider.finish(
    withCode(),
  );
  assert.deepEqual([aged.birthDate, aged.ageAtLeast], [undefined, 25]);
  const unset = await adapter({ ...odnoklassniki.profileWithEmail, birthdaySet: false }).provider.finish(
    withCode(),
  );
  assert.deepEqual([unset.birthDate, unset.ageAtLeast], [undefined, undefined]);
});
