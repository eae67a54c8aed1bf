/** The examples of docs/guard.md are compiled and run as they stand there, against an Auth process of their own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compileExamples } from "@kinopass/manuals";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

test("the manual's examples compile, run, and let in whom they should", async (t) => {
  const examples = await compileExamples(t, { packageRoot: PACKAGE, manual: "guard.md" });
  assert.ok(examples.length >= 6);
  for (const example of examples) await example.run();
});
