import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { SamplingDecision, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace";
import { samplerOf } from "./sampler.ts";

test("the same traces are kept as by the SDK at the same ratio", () => {
  const ids = Array.from({ length: 2_000 }, () => randomBytes(16).toString("hex"));
  const edges = ["f".repeat(8).padEnd(32, "0"), `${"0".repeat(31)}1`];
  for (const ratio of [0, 0.01, 0.5, 0.999, 1]) {
    const ours = samplerOf({ sampler: "traceidratio", ratio });
    const theirs = new TraceIdRatioBasedSampler(ratio);
    for (const id of [...ids, ...edges])
      assert.equal(
        ours(undefined, id),
        theirs.shouldSample(ROOT_CONTEXT, id).decision === SamplingDecision.RECORD_AND_SAMPLED,
        `${id} at ${ratio}`,
      );
  }
});
