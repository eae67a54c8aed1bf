/** The examples of docs/limits.md are compiled and run as they stand there, with Redis and without. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compileExamples } from "@kinopass/manuals";
import { startRedis } from "./fixtures/redis-server.ts";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

test("the manual's examples compile, run, and refuse whom they should, with Redis and without", async (t) => {
  const redis = await startRedis(t);
  const examples = await compileExamples(t, { packageRoot: PACKAGE, manual: "limits.md" });
  assert.ok(examples.length >= 3);
  for (const example of examples) {
    await example.run({ env: {} });
    await example.run({ env: { REDIS_URL: redis.url } });
  }
});
