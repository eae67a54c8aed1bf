import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, onGround, signIn } from "./emulated.ts";
import { BODIES } from "./provider-bodies.ts";
import { type Script, scripted, withCode } from "./scripted.ts";
import { mergeTokens } from "./token-answer.ts";

const { yandex } = BODIES;
const ours = (profile: object) => ({ ...profile, client_id: "our-app" });

function script(profile: unknown, changes: Script = {}): Script {
  return { "/token": { body: yandex.tokenOfManyYears }, "/info": { body: profile }, ...changes };
}

const read = (profile: unknown) => scripted("yandex", script(profile)).provider.finish(withCode());

test("trap 19: Yandex gets the token under its own scheme, OAuth, and never in the address", async () => {
  const { provider, asked } = scripted("yandex", script(ours(yandex.profileWhole)));
  await provider.finish(withCode());
  assert.equal(asked[1]?.headers.get("authorization"), "OAuth testac");
  assert.ok(!asked[1]?.url.href.includes("testac"));
});

test("trap 20: an empty default_email at Yandex is no e-mail", async () => {
  assert.equal(
    (await read(ours({ ...yandex.profileWhole, default_email: "", emails: [] }))).email,
    undefined,
  );
});

test("trap 21: Yandex revokes only what was issued to a device, so every sign-in names one", async () => {
  const { provider, asked } = scripted(
    "yandex",
    script(ours(yandex.profileWhole), { "/revoke_token": { body: yandex.revoked } }),
  );
  const { state } = withCode();
  const url = provider.authorizeUrl({
    state,
    nonce: "n",
    codeChallenge: "c",
    redirectUri: "https://kinopass.example/cb",
  });
  const { tokensForUnlink } = await provider.finish(withCode());
  const device = url.searchParams.get("device_id") ?? "";
  assert.match(device, /^[\x21-\x7e]{6,50}$/);
  assert.equal(asked[0]?.form.get("device_id"), device);
  assert.equal(tokensForUnlink?.deviceId, device);
  assert.deepEqual(await provider.revoke(tokensForUnlink ?? {}), { kind: "revoked" });

  const without = scripted("yandex", { "/revoke_token": { status: 400, body: yandex.errorNoDevice } });
  const outcome = await without.provider.revoke({ accessToken: "older-token" });
  assert.deepEqual(outcome, { kind: "not_possible", because: "no_device" });
});

test("trap 22: a Yandex refresh may bring the same access token again, and that is fine", async (t) => {
  const provider = (await onGround(t)).provider("yandex");
  const kept = (await signIn(provider, "adult")).tokensForUnlink ?? {};
  const fresh = await provider.refresh?.(kept);
  assert.equal(fresh?.accessToken, kept.accessToken);
  assert.equal(fresh?.deviceId, kept.deviceId);
  assert.deepEqual(mergeTokens(kept, { accessToken: "a" }).refreshToken, kept.refreshToken);
});

test("trap 23: Yandex birthdays with zero parts, null and empty strings are read for what is known", async () => {
  const birth = async (birthday: unknown) =>
    (await read(ours({ ...yandex.profileWhole, birthday }))).birthDate;
  assert.deepEqual(await birth("1987-03-12"), { year: 1987, month: 3, day: 12, precision: "day" });
  assert.deepEqual(await birth("0000-12-23"), { month: 12, day: 23, precision: "yearless" });
  assert.deepEqual(await birth("1987-00-00"), { year: 1987, precision: "year" });
  for (const none of ["0000-00-00", null, "", "1987-13-40", "not a date", 19870312])
    assert.equal(await birth(none), undefined);
});

test("trap 24: a Yandex token of another app signs nobody in, nor one of an app not named", async () => {
  for (const profile of [
    yandex.profileWhole,
    yandex.profileSexUnknown,
    { ...yandex.profileWhole, client_id: ["our-app"] },
  ]) {
    const failure = await failureOf(read(profile));
    assert.deepEqual([failure.kind, failure.because], ["substitution", "token_of_another_app"]);
  }
});

test("every Yandex profile seen is read for what it is", async () => {
  const whole = await read(ours(yandex.profileWhole));
  assert.equal(whole.subject, "1000034426");
  assert.equal(whole.name, "Ivan Ivanov");
  assert.equal(whole.avatarUrl, "https://avatars.yandex.net/get-yapic/131652443/islands-200");
  assert.deepEqual(whole.email, { address: "test@yandex.ru", verifiedBy: "yandex_mailbox" });
  assert.deepEqual((await read(ours(yandex.profileSexUnknown))).email, {
    address: "foobar@yandex.com",
    verifiedBy: "yandex_mailbox",
  });
  assert.equal((await read(ours(yandex.profileWithoutDefaultEmail))).email, undefined);
  assert.equal((await read(ours(yandex.profileWithoutDefaultEmail))).name, "John Smith");
  const cased = await read(ours(yandex.profileEmailCaseDiffers));
  assert.deepEqual([cased.subject, cased.email?.address], ["00000000", "TestUser@yandex.ru"]);
  // The signed form has no `id`, only a number under another name.
  assert.equal((await failureOf(read(ours(yandex.profileAsClaims)))).because, "no_subject");
});

test("an address of a foreign domain at Yandex is a hint, look-alikes included", async () => {
  for (const address of ["me@example.com", "me@yandex.ru.example.com", "me@notyandex.ru"]) {
    const { email } = await read(ours({ ...yandex.profileWhole, default_email: address }));
    assert.deepEqual(email, { address, verifiedBy: "nothing" });
  }
});

test("Yandex errors are told apart, and odd token types are taken", async () => {
  const wrong = scripted("yandex", { "/token": { status: 400, body: yandex.errorParametersInQuery } });
  assert.equal((await failureOf(wrong.provider.finish(withCode()))).kind, "provider_error");
  const odd = scripted(
    "yandex",
    script(ours(yandex.profileWhole), { "/token": { body: yandex.tokenWithOddTypes } }),
  );
  const { tokensForUnlink } = await odd.provider.finish(withCode());
  assert.equal(tokensForUnlink?.expiresAt?.getTime(), odd.clock.now().getTime() + 300_000);
});
