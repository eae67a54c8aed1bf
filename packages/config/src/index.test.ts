import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, readConfig } from "./index.ts";

test("all mistakes are told together, and no value is repeated", () => {
  const env = { PORT: "eighty", DATABASE_URL: "hunter2-is-my-password", SECRET: "c2hvcnQ=" };
  assert.throws(
    () =>
      readConfig(env, (read) => ({
        port: read.port("PORT"),
        url: read.url("DATABASE_URL", ["postgres"]),
        secret: read.secret("SECRET", 32),
        missing: read.text("MISSING"),
      })),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.mistakes.length, 4);
      assert.doesNotMatch(error.message, /hunter2|eighty|c2hvcnQ/);
      return true;
    },
  );
});

test("a keyring keeps its order and refuses a number used twice", () => {
  const key = Buffer.alloc(32, 7).toString("base64");
  const ring = readConfig({ KEYS: `2:${key},1:${key}` }, (read) => read.keyring("KEYS", 32));
  assert.deepEqual(
    ring.map(({ id }) => id),
    [2, 1],
  );
  assert.throws(
    () => readConfig({ KEYS: `1:${key},1:${key}` }, (read) => read.keyring("KEYS", 32)),
    ConfigError,
  );
  assert.throws(() => readConfig({ KEYS: `256:${key}` }, (read) => read.keyring("KEYS", 32)), ConfigError);
});

test("a whole number is bounded and really whole", () => {
  for (const wrong of ["1.5", "1e3", "-1", "11", "0x5", " "]) {
    assert.throws(
      () => readConfig({ N: wrong }, (read) => read.integer("N", undefined, { min: 0, max: 10 })),
      ConfigError,
      wrong,
    );
  }
  assert.equal(
    readConfig({ N: "10" }, (read) => read.integer("N", undefined, { min: 0, max: 10 })),
    10,
  );
});

test("an empty variable counts as absent", () => {
  assert.equal(
    readConfig({ NAME: "" }, (read) => read.text("NAME", "fallback")),
    "fallback",
  );
});
