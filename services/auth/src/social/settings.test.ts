import assert from "node:assert/strict";
import test from "node:test";
import { ConfigError } from "@kinopass/config";
import { readAuthConfig } from "../config.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");
const BASE = {
  DATABASE_URL: "postgres://127.0.0.1/auth",
  SMTP_URL: "smtp://127.0.0.1",
  AUTH_KEYS: `1:${KEY}`,
  AUTH_DIRECTORY_KEY: KEY,
};

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    readAuthConfig({ ...BASE, ...env });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.mistakes;
  }
}

test("without any setting every provider is off, and flows return to our own site", () => {
  const { social } = readAuthConfig({ ...BASE, AUTH_SITE_URL: "https://kinopass.example/cinema" });
  assert.deepEqual(social.returnTo, ["https://kinopass.example/*"]);
});

test("every mistake is told at once, beside those of other settings", () => {
  const mistakes = mistakesOf({
    AUTH_PORT: "many",
    AUTH_SOCIAL_X_CLIENT_ID: "half",
    AUTH_SOCIAL_VK_CLIENT_ID: "1",
    AUTH_SOCIAL_VK_CLIENT_IDD: "1",
    AUTH_SOCIAL_RETURN_TO: "http://kinopass.example/*,javascript:alert(1)",
    AUTH_SOCIAL_EMULATOR: "http://10.0.0.1:9100",
  });
  const about = (name: RegExp) => mistakes.filter((mistake) => name.test(mistake)).length;
  assert.equal(about(/^AUTH_PORT/), 1);
  assert.equal(about(/^AUTH_SOCIAL_X_CLIENT_SECRET is missing/), 1);
  assert.equal(about(/^AUTH_SOCIAL_VK_CLIENT_IDD is not a setting/), 1);
  assert.equal(about(/^AUTH_SOCIAL_RETURN_TO/), 2);
  assert.equal(about(/^AUTH_SOCIAL_EMULATOR/), 1);
  assert.equal(mistakes.length, 6);
});

test("social sign-in wants https, except on one's own machine", () => {
  const vk = { AUTH_SOCIAL_VK_CLIENT_ID: "1" };
  assert.deepEqual(mistakesOf({ ...vk, AUTH_ISSUER: "http://localhost:8000" }), []);
  assert.deepEqual(mistakesOf({ ...vk, AUTH_ISSUER: "https://auth.example" }), []);
  assert.match(mistakesOf({ ...vk, AUTH_ISSUER: "http://auth.example" })[0] ?? "", /must be https/);
  assert.deepEqual(mistakesOf({ AUTH_ISSUER: "http://auth.example" }), []);
});
