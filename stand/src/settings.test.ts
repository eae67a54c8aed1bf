import assert from "node:assert/strict";
import { test } from "node:test";
import { readStandConfig, withWishes } from "./settings.ts";

test("what a person sets for the services reaches them, and nothing else of the environment does", () => {
  const { wishes } = readStandConfig({
    AUTH_CAPTCHA_TEXT: "true",
    CATALOG_REPLICAS: "2",
    TRUSTED_PROXIES: "127.0.0.1/32",
    OTEL_TRACES_SAMPLER: "always_on",
    LOG_LEVEL: "warn",
    SSH_AUTH_SOCK: "/run/agent",
    KINOPASS_HOME: "elsewhere",
    HOME: "/home/somebody",
  });
  const { env, ignored } = withWishes(wishes, { AUTH_PORT: "8000" });
  assert.deepEqual(env, {
    AUTH_CAPTCHA_TEXT: "true",
    CATALOG_REPLICAS: "2",
    TRUSTED_PROXIES: "127.0.0.1/32",
    OTEL_TRACES_SAMPLER: "always_on",
    LOG_LEVEL: "warn",
    AUTH_PORT: "8000",
  });
  assert.deepEqual(ignored, []);
});

test("what the stand opened itself stays as it is, also where a file is named, and the person is told", () => {
  const own = { AUTH_KEYS: "1:kept", AUTH_PORT: "8000", SMTP_URL: "smtp://127.0.0.1:1" };
  const { env, ignored } = withWishes({ AUTH_KEYS_FILE: "/a", AUTH_PORT: "8000", AUTH_HOST: "::1" }, own);
  assert.deepEqual(env, { ...own, AUTH_HOST: "::1" });
  assert.deepEqual(ignored, ["AUTH_KEYS_FILE"]);
});
