/** What comes from elsewhere: providers nobody here speaks, and fields nobody here asked for. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { configuredProviders } from "./catalogue.ts";
import { callbackWith, failureOf, MovableClock } from "./emulated.ts";
import { PROVIDER_NAMES, type ProviderName } from "./provider.ts";
import { BODIES } from "./provider-bodies.ts";
import { type Line, type Script, scripted, withCode } from "./scripted.ts";

const { strangers, yandex, vk, mailru, odnoklassniki } = BODIES;
const PEM = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
}) as string;
const MORE: Partial<Record<ProviderName, Readonly<Record<string, string>>>> = {
  odnoklassniki: { PUBLIC_KEY: "public" },
  apple: { TEAM_ID: "TEAM", KEY_ID: "KEY", PRIVATE_KEY: PEM, CLIENT_SECRET: "" },
};
const CALLBACK = (name: ProviderName) =>
  withCode({
    device_id: "device-1",
    ...(name === "google" ? { iss: "https://accounts.google.com" } : {}),
  });

/** Every ask of the sign-in gets these two, the token endpoint the first. */
async function endOf(name: ProviderName, token: Line, rest: Line = token) {
  const script: Script = {
    "/token": token,
    "/oauth2/auth": token,
    "/access_token": token,
    "/token.do": token,
    "": rest,
  };
  return failureOf(scripted(name, script, MORE[name]).provider.finish(CALLBACK(name)));
}

const startWith = (name: string, value = "a") =>
  configuredProviders({ [name]: value }, { fetch, clock: new MovableClock() }).mistakes;

test("trap 44: Sber ID's errors and tokens sign nobody in, and its settings are refused instead of staying off", async () => {
  for (const name of PROVIDER_NAMES) {
    const refused = await endOf(name, { status: 401, body: strangers.sberErrorClient });
    assert.ok(["misconfigured", "provider_error"].includes(refused.kind), `${name}: ${refused.message}`);
    // The same in HTTP 200: numbers as strings under names nobody else uses are still no tokens.
    for (const body of [strangers.sberErrorClient, strangers.sberErrorHeader]) {
      const failure = await endOf(name, { body });
      assert.ok(["provider_garbage", "provider_error"].includes(failure.kind), `${name}: ${failure.message}`);
    }
    const token = await endOf(name, { body: strangers.sberToken });
    assert.ok(["provider_garbage", "substitution"].includes(token.kind), `${name}: ${token.message}`);
  }
  assert.match(startWith("AUTH_SOCIAL_SBER_CLIENT_ID")[0] ?? "", /SBER_CLIENT_ID belongs to no provider/);
});

test("trap 45: T-ID's profile, with a sub and no id, is nobody at any provider we speak", async () => {
  for (const name of PROVIDER_NAMES) {
    const { state } = callbackWith({});
    const failure = await endOf(
      name,
      { body: { access_token: "a", id_token: "a.b.c", state } },
      { body: strangers.tidProfile },
    );
    assert.ok(["provider_garbage", "substitution"].includes(failure.kind), `${name}: ${failure.message}`);
  }
  assert.match(startWith("AUTH_SOCIAL_TID_CLIENT_ID")[0] ?? "", /TID_CLIENT_ID belongs to no provider/);
  assert.match(startWith("AUTH_SOCIAL_GOOGEL_CLIENT_ID")[0] ?? "", /GOOGEL_CLIENT_ID belongs to no provider/);
  assert.deepEqual(startWith("AUTH_SOCIAL_SBER_CLIENT_ID", " "), []);
});

test("trap 50: gender is never kept, whichever code it comes in, and no code fails a sign-in", async () => {
  const { state } = callbackWith({});
  const profileOf = async (name: ProviderName, token: object, profile: object) =>
    scripted(
      name,
      {
        "/token": { body: token },
        "/oauth2/auth": { body: token },
        "/token.do": { body: token },
        "": { body: profile },
      },
      MORE[name],
    ).provider.finish(CALLBACK(name));
  const token = { access_token: "a", state };
  for (const code of [0, 1, 2, 3, "0", "1", "2", "m", "f", "male", "female", "", null, true, {}]) {
    const read = await Promise.all([
      profileOf("yandex", token, { ...yandex.profileWhole, client_id: "our-app", sex: code, gender: code }),
      profileOf("vk", { ...token, user_id: 1234567890 }, { user: { ...vk.profile.user, sex: code } }),
      profileOf("mailru", token, { ...mailru.profile, client_id: "our-app", gender: code }),
      profileOf("odnoklassniki", token, { ...odnoklassniki.profileWithEmail, gender: code, sex: code }),
    ]);
    for (const profile of read) {
      assert.ok(profile.subject);
      assert.doesNotMatch(Object.keys(profile).join(), /sex|gender/);
      assert.ok(!Object.values(profile).includes(code as never), `${String(code)} was kept`);
    }
  }
});
