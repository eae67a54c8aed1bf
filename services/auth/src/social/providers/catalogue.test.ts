import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { configuredProviders, type Settings } from "./catalogue.ts";
import { MovableClock } from "./emulated.ts";

const read = (settings: Settings) => configuredProviders(settings, { fetch, clock: new MovableClock() });
const REQUEST = { state: "s", nonce: "n", codeChallenge: "c", redirectUri: "https://kinopass.example/cb" };

test("without credentials every provider is off and nothing is wrong", () => {
  const { providers, mistakes, facebookAppSecret } = read({});
  assert.deepEqual([providers.size, mistakes, facebookAppSecret], [0, [], undefined]);
  assert.equal(
    read({ AUTH_SOCIAL_YANDEX_CLIENT_ID: " ", AUTH_SOCIAL_YANDEX_CLIENT_SECRET: "" }).providers.size,
    0,
  );
});

test("half-given credentials are listed all together, each by the name of what is missing", () => {
  const { providers, mistakes } = read({
    AUTH_SOCIAL_YANDEX_CLIENT_ID: "a",
    AUTH_SOCIAL_GOOGLE_CLIENT_SECRET: "b",
    AUTH_SOCIAL_ODNOKLASSNIKI_CLIENT_ID: "c",
    AUTH_SOCIAL_ODNOKLASSNIKI_CLIENT_SECRET: "d",
    AUTH_SOCIAL_VK_CLIENT_ID: "e",
  });
  assert.deepEqual(mistakes, [
    "AUTH_SOCIAL_YANDEX_CLIENT_SECRET is missing, though AUTH_SOCIAL_YANDEX_CLIENT_ID came",
    "AUTH_SOCIAL_GOOGLE_CLIENT_ID is missing, though AUTH_SOCIAL_GOOGLE_CLIENT_SECRET came",
    "AUTH_SOCIAL_ODNOKLASSNIKI_PUBLIC_KEY is missing, though AUTH_SOCIAL_ODNOKLASSNIKI_CLIENT_ID and AUTH_SOCIAL_ODNOKLASSNIKI_CLIENT_SECRET came",
  ]);
  assert.deepEqual([...providers.keys()], ["vk"]);
});

test("misspelt names and values that cannot be are mistakes, and no secret shows in one", () => {
  const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  }) as string;
  const { mistakes } = read({
    AUTH_SOCIAL_YANDEX_CLIENTID: "a",
    AUTH_SOCIAL_FACEBOOK_API_VERSION: "26",
    AUTH_SOCIAL_X_EMAIL: "yes",
    AUTH_SOCIAL_MAILRU_THROUGH: "ok",
    AUTH_SOCIAL_VK_HOST_ID: "id.vk.ru",
    AUTH_SOCIAL_APPLE_CLIENT_ID: "a",
    AUTH_SOCIAL_APPLE_TEAM_ID: "t",
    AUTH_SOCIAL_APPLE_KEY_ID: "k",
    AUTH_SOCIAL_APPLE_PRIVATE_KEY: pem,
  });
  const named = [
    "YANDEX_CLIENTID",
    "FACEBOOK_API_VERSION",
    "X_EMAIL",
    "MAILRU_THROUGH",
    "VK_HOST_ID",
    "APPLE_PRIVATE_KEY",
  ];
  assert.equal(mistakes.length, named.length);
  for (const name of named)
    assert.ok(
      mistakes.some((mistake) => mistake.startsWith(`AUTH_SOCIAL_${name} `)),
      name,
    );
  assert.ok(!mistakes.join().includes("PRIVATE KEY-----"));
});

test("an Apple key given on one line is read", () => {
  const pem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  }) as string;
  const { providers, mistakes } = read({
    AUTH_SOCIAL_APPLE_CLIENT_ID: "a",
    AUTH_SOCIAL_APPLE_TEAM_ID: "t",
    AUTH_SOCIAL_APPLE_KEY_ID: "k",
    AUTH_SOCIAL_APPLE_PRIVATE_KEY: pem.replaceAll("\n", "\\n"),
  });
  assert.deepEqual([mistakes, [...providers.keys()]], [[], ["apple"]]);
});

test("a host of one's own wins over the emulator, which wins over the provider's", () => {
  const settings = {
    AUTH_SOCIAL_YANDEX_CLIENT_ID: "a",
    AUTH_SOCIAL_YANDEX_CLIENT_SECRET: "b",
    AUTH_SOCIAL_EMULATOR: "http://127.0.0.1:9100/",
  };
  const start = (more: Settings) =>
    read({ ...settings, ...more })
      .providers.get("yandex")
      ?.authorizeUrl(REQUEST).href ?? "";
  assert.match(start({}), /^http:\/\/127\.0\.0\.1:9100\/oauth\.yandex\.ru\/authorize\?/);
  assert.match(
    start({ AUTH_SOCIAL_YANDEX_HOST_OAUTH: "https://oauth.yandex.com" }),
    /^https:\/\/oauth\.yandex\.com\/authorize\?/,
  );
  assert.match(start({ AUTH_SOCIAL_EMULATOR: undefined }), /^https:\/\/oauth\.yandex\.ru\/authorize\?/);
});

test("an emulator that could be reached from outside is refused: whoever answers there signs in as anybody", () => {
  for (const url of [
    "http://10.0.0.1:9100",
    "https://emulator.example",
    "http://127.0.0.1.evil.example",
    "nonsense",
  ]) {
    assert.match(
      read({ AUTH_SOCIAL_EMULATOR: url }).mistakes[0] ?? "",
      /^AUTH_SOCIAL_EMULATOR must be a loopback address/,
    );
  }
});

test("Facebook's secret is handed out for signed requests only when Facebook is on", () => {
  const on = read({ AUTH_SOCIAL_FACEBOOK_CLIENT_ID: "a", AUTH_SOCIAL_FACEBOOK_CLIENT_SECRET: "b" });
  assert.equal(on.facebookAppSecret, "b");
  assert.equal(read({ AUTH_SOCIAL_FACEBOOK_CLIENT_SECRET: "b" }).facebookAppSecret, undefined);
});
