/** The examples of docs/tracing.md are compiled and run as they stand there, and make the spans they say they make. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compileExamples } from "@kinopass/manuals";
import { startOtlpReceiver } from "./testing/otlp-receiver.ts";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

test("the manual's examples compile and run, and make the spans they name", async (t) => {
  const examples = await compileExamples(t, { packageRoot: PACKAGE, manual: "tracing.md" });
  assert.ok(examples.length >= 6);
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_NODE_RESOURCE_DETECTORS: "none" };
  for (const example of examples)
    await example.run({ env, node: ["--import", "@kinopass/tracing/register"] });

  const promised = examples.flatMap(({ source }) =>
    [...source.matchAll(/span "([^"]+)"/g)].map(([, name]) => name ?? ""),
  );
  const made = new Set(receiver.spans.map(({ name }) => name));
  assert.ok(promised.length >= 15);
  assert.deepEqual(
    promised.filter((name) => !made.has(name)),
    [],
  );
});
