import assert from "node:assert/strict";
import { test } from "node:test";
import { readCatalogConfig, readDatabaseUrl } from "./config.ts";

const KEYS = `1:${Buffer.alloc(32).toString("base64")}`;
const NEEDED = { CATALOG_DATABASE_URL: "postgres://db/catalog", CATALOG_KEYS: KEYS };

test("a database and keys are all that it needs; everything else has a default", () => {
  const config = readCatalogConfig(NEEDED);
  assert.deepEqual(
    [config.host, config.port, config.publicUrl, config.issuer, config.audience, config.credential],
    ["127.0.0.1", 8001, "http://127.0.0.1:8001", "http://127.0.0.1:8000", "kinopass", undefined],
  );
});

test("all mistakes are told together, and no value is repeated", () => {
  const env = {
    CATALOG_PORT: "eighty",
    CATALOG_KEYS: "1:hunter2",
    AUTH_ISSUER: "ftp://auth",
    CATALOG_SERVICE_ID: "catalog",
    REDIS_URL: "hunter2",
  };
  assert.throws(
    () => readCatalogConfig(env),
    (error: Error & { mistakes: string[] }) => {
      const named = [
        "CATALOG_PORT",
        "CATALOG_KEYS",
        "AUTH_ISSUER",
        "CATALOG_SERVICE_SECRET",
        "REDIS_URL",
        "CATALOG_DATABASE_URL",
      ];
      for (const name of named)
        assert.ok(
          error.mistakes.some((mistake) => mistake.includes(name)),
          name,
        );
      assert.equal(error.mistakes.length, named.length);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    },
  );
});

test("a database of our own comes before the one that services share", () => {
  assert.equal(readDatabaseUrl({ DATABASE_URL: "postgres://db/shared" }), "postgres://db/shared");
  assert.equal(readDatabaseUrl({ ...NEEDED, DATABASE_URL: "postgres://db/shared" }), "postgres://db/catalog");
});
