import assert from "node:assert/strict";
import { test } from "node:test";
import { callbackOf, callbackWith, failureOf, onGround, signIn } from "./emulated.ts";
import { BODIES } from "./provider-bodies.ts";
import { type Script, scripted, withCode } from "./scripted.ts";
import { mergeTokens } from "./token-answer.ts";

const { vk, vkBefore } = BODIES;
const { state } = callbackWith({});
const CALLBACK = withCode({ device_id: "device-1", type: "code_v2", expires_in: "600" });

/** A whole good sign-in, to change one answer of. */
function script(changes: Script = {}): Script {
  return {
    "/oauth2/auth": { body: { ...vk.tokenWithoutState, state, user_id: 1234567890 } },
    "/oauth2/user_info": { body: vk.profile },
    "/oauth2/revoke": { body: vk.revoked },
    ...changes,
  };
}

test("trap 1: VK ID device_id comes on the callback and goes to the token and refresh endpoints", async (t) => {
  const { provider, asked } = scripted("vk", script());
  const { tokensForUnlink } = await provider.finish(CALLBACK);
  assert.equal(asked[0]?.form.get("device_id"), "device-1");
  assert.equal(tokensForUnlink?.deviceId, "device-1");

  const missing = await failureOf(scripted("vk", script()).provider.finish(withCode()));
  assert.deepEqual([missing.kind, missing.because], ["bad_callback", "no_device_id"]);

  const ground = await onGround(t);
  const emulated = ground.provider("vk");
  const kept = (await signIn(emulated, "adult")).tokensForUnlink ?? {};
  const other = await failureOf(Promise.resolve(emulated.refresh?.({ ...kept, deviceId: "another" })));
  assert.equal(other.kind, "link_lost");
  assert.notEqual((await emulated.refresh?.(kept))?.refreshToken, kept.refreshToken);
});

test("trap 2: VK ID is a public client: PKCE, the raw verifier, no secret and no Basic", async () => {
  const { provider, asked } = scripted("vk", script());
  await provider.finish(CALLBACK);
  assert.equal(asked[0]?.form.get("code_verifier"), CALLBACK.verifier);
  assert.equal(asked[0]?.form.has("client_secret"), false);
  assert.equal(asked[0]?.headers.has("authorization"), false);
});

test("trap 3: VK ID errors in HTTP 200 are errors", async () => {
  const verifier = await failureOf(
    scripted("vk", script({ "/oauth2/auth": { body: vk.errorVerifier } })).provider.finish(CALLBACK),
  );
  assert.deepEqual([verifier.kind, verifier.because], ["substitution", "verifier_not_taken"]);
  const profile = {
    "/oauth2/user_info": {
      body: { error: "invalid_token", error_description: "access_token is missing or invalid" },
    },
  };
  assert.equal(
    (await failureOf(scripted("vk", script(profile)).provider.finish(CALLBACK))).kind,
    "provider_error",
  );
  const busy = { "/oauth2/auth": { body: { error: "temporarily_unavailable" } } };
  assert.equal(
    (await failureOf(scripted("vk", script(busy)).provider.finish(CALLBACK))).kind,
    "provider_unreachable",
  );
});

test("trap 4: VK ID user_id is a number with the token and a string with the profile: one subject, and they must agree", async () => {
  assert.equal((await scripted("vk", script()).provider.finish(CALLBACK)).subject, "1234567890");
  const other = { "/oauth2/auth": { body: { ...vk.tokenWithoutState, state, user_id: 5 } } };
  const failure = await failureOf(scripted("vk", script(other)).provider.finish(CALLBACK));
  assert.deepEqual([failure.kind, failure.because], ["substitution", "profile_of_another_person"]);
});

test("a VK profile without an id takes the token's, and a number past 2^53 is nobody", async () => {
  const withoutId = { "/oauth2/user_info": { body: vk.profileWithoutId } };
  assert.equal((await scripted("vk", script(withoutId)).provider.finish(CALLBACK)).subject, "1234567890");
  const rounded = {
    "/oauth2/auth": {
      body: JSON.stringify({ ...vk.tokenWithoutState, state }).replace("11223344", "9007199254740993"),
    },
    "/oauth2/user_info": { body: vk.profileWithoutId },
  };
  assert.equal(
    (await failureOf(scripted("vk", script(rounded)).provider.finish(CALLBACK))).because,
    "no_subject",
  );
});

test("trap 5: the VK token answer must echo the state posted with the code", async () => {
  const { provider, asked } = scripted("vk", script());
  await provider.finish(CALLBACK);
  assert.equal(asked[0]?.form.get("state"), state);
  for (const echo of ["", "another", undefined]) {
    const body = { ...vk.tokenWithoutState, user_id: 1234567890, state: echo };
    const failure = await failureOf(
      scripted("vk", script({ "/oauth2/auth": { body } })).provider.finish(CALLBACK),
    );
    assert.deepEqual([failure.kind, failure.because], ["substitution", "token_state"]);
  }
});

test("trap 6: VK user info is a POST with token and client_id in the body", async () => {
  const { provider, asked } = scripted("vk", script());
  await provider.finish(CALLBACK);
  const ask = asked[1];
  assert.equal(ask?.method, "POST");
  assert.equal(ask?.form.get("access_token"), "vk2.a.opaque");
  assert.equal(ask?.form.get("client_id"), "our-app");
  assert.equal(ask?.headers.has("authorization"), false);
  assert.equal(ask?.url.search, "");
});

test("trap 7: VK's id_token is not read: a forged one changes nothing and no keys are fetched", async () => {
  const forged = `${btoa('{"alg":"none"}')}.${btoa('{"sub":"666"}')}.`;
  const body = { ...vk.tokenWithoutState, state, user_id: 1234567890, id_token: forged };
  const { provider, asked } = scripted("vk", script({ "/oauth2/auth": { body } }));
  assert.equal((await provider.finish(CALLBACK)).subject, "1234567890");
  assert.equal(asked.length, 2);
});

test("trap 8: the VK callback may come as one payload parameter; silent tokens are refused clearly", async (t) => {
  const { provider } = scripted("vk", script());
  const packed = { payload: JSON.stringify({ ...vk.payload, state }) };
  assert.equal(provider.stateOf(packed), state);
  assert.equal((await provider.finish(callbackWith(packed))).subject, "1234567890");

  const foreign = { payload: JSON.stringify({ ...vk.payload, state: "of another flow" }) };
  assert.equal((await failureOf(provider.finish(callbackWith(foreign)))).kind, "bad_callback");
  const silent = { payload: JSON.stringify(vk.silentPayload) };
  assert.equal((await failureOf(provider.finish(callbackWith(silent)))).because, "silent_token_retired");
  for (const payload of ["{", "null", "[]", "7"]) {
    assert.equal((await failureOf(provider.finish(callbackWith({ payload })))).kind, "bad_callback");
  }

  const emulated = (await onGround(t)).provider("vk");
  const callback = await callbackOf(emulated, "adult", { emulator_payload: "1" });
  assert.deepEqual(Object.keys(callback.params), ["payload"]);
  assert.ok((await emulated.finish(callback)).subject);
});

test("trap 9: a dead VK refresh token is invalid_request, and means that the link is lost", async () => {
  const { provider } = scripted("vk", script({ "/oauth2/auth": { body: vk.errorRefreshToken } }));
  const kept = { refreshToken: "r", deviceId: "d" };
  assert.equal((await failureOf(Promise.resolve(provider.refresh?.(kept)))).kind, "link_lost");
  assert.deepEqual(await provider.revoke(kept), { kind: "already_gone" });
});

test("trap 10: VK's host is configuration and is vk.ru unless told otherwise", async () => {
  const request = { state, nonce: "n", codeChallenge: "c", redirectUri: "https://kinopass.example/cb" };
  assert.equal(scripted("vk", script()).provider.authorizeUrl(request).host, "id.vk.ru");
  const moved = scripted("vk", script(), { HOST_ID: "https://id.vk.example" });
  assert.equal(moved.provider.authorizeUrl(request).host, "id.vk.example");
  await moved.provider.finish(CALLBACK);
  assert.deepEqual([...new Set(moved.asked.map(({ url }) => url.host))], ["id.vk.example"]);
});

test("traps 11 and 12: an answer of the older VK sign-in, e-mail in the token and nested errors, signs nobody in here", async () => {
  for (const body of [vkBefore.tokenWithEmail, vkBefore.tokenForHalfADay]) {
    const failure = await failureOf(
      scripted("vk", script({ "/oauth2/auth": { body } })).provider.finish(CALLBACK),
    );
    assert.equal(failure.because, "token_state");
  }
  for (const body of [
    vkBefore.users,
    vkBefore.usersWithOddId,
    vkBefore.errorNested,
    vkBefore.silentExchange,
  ]) {
    const failure = await failureOf(
      scripted("vk", script({ "/oauth2/user_info": { body } })).provider.finish(CALLBACK),
    );
    assert.deepEqual([failure.kind, failure.because], ["provider_garbage", "no_user"]);
  }
  const refused = { "/oauth2/auth": { status: 401, body: vkBefore.errorRedirect } };
  assert.equal(
    (await failureOf(scripted("vk", script(refused)).provider.finish(CALLBACK))).kind,
    "misconfigured",
  );
});

test("people of the older VK sign-in keep their id: the subject is the same number", async () => {
  const older = String(vkBefore.tokenForHalfADay.user_id);
  const same = {
    "/oauth2/auth": { body: { ...vk.tokenWithoutState, state, user_id: 66748 } },
    "/oauth2/user_info": { body: { user: { ...vk.profile.user, user_id: "66748" } } },
  };
  assert.equal((await scripted("vk", script(same)).provider.finish(CALLBACK)).subject, older);
});

test("every VK profile seen is read for what it is, and its address is only a hint", async () => {
  const read = (body: unknown) =>
    scripted("vk", script({ "/oauth2/user_info": { body } })).provider.finish(CALLBACK);
  const whole = await read(vk.profile);
  assert.equal(whole.name, "Ivan I.");
  assert.deepEqual(whole.email, { address: "ivan_i123@vk.ru", verifiedBy: "nothing" });
  assert.deepEqual(whole.birthDate, { year: 2000, month: 1, day: 1, precision: "day" });
  assert.match((await read(vk.profileLongAvatar)).avatarUrl ?? "", /^https:\/\/pp\.userapi\.com/);
  assert.equal((await read(vk.profileWithoutEmail)).email, undefined);
});

test("unlinking VK with a dead access token refreshes first and hands the rotated pair over before using it", async (t) => {
  const { provider, clock } = await onGround(t);
  const vkId = provider("vk");
  const kept = (await signIn(vkId, "adult")).tokensForUnlink ?? {};
  clock.advance(2 * 3_600_000);
  const rotated: unknown[] = [];
  const outcome = await vkId.revoke(kept, { keep: async (tokens) => void rotated.push(tokens.refreshToken) });
  assert.equal(outcome.kind, "revoked");
  assert.equal(rotated.length, 1);
  assert.notEqual(rotated[0], kept.refreshToken);
  // The old refresh token worked once.
  assert.equal((await vkId.revoke(mergeTokens(kept, {}))).kind, "already_gone");
});
