import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { SamplingDecision, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace";
import { samplerOf } from "./sampler.ts";

test("the same traces are kept as by the SDK at the same ratio", () => {
  const ids = Array.from({ length: 2_000 }, () => randomBytes(16).toString("hex"));
  for (const ratio of [0, 0.000001, 0.01, 0.5, 0.999, 1]) {
    const bound = Math.floor(ratio * 0xffffffff);
    const edges = [bound - 1, bound, bound + 1, 0xffffffff, 1].map((place) => idAt(place));
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

/** A trace that stands at this place among all, from 0 to 2^32 - 1: its words folded over one another. */
function idAt(place: number): string {
  const words = [0xdeadbeef, 0x01234567, 0x89abcdef];
  const last = words.reduce((folded, word) => folded ^ word, place);
  return [...words, last >>> 0].map((word) => word.toString(16).padStart(8, "0")).join("");
}
