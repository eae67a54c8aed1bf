import assert from "node:assert/strict";
import { test } from "node:test";
import { measureRequestCost } from "./request-cost.ts";
import { measureTraceCost } from "./trace-cost.ts";

test("the bench measures every state and the order of the costs is as it must be", async () => {
  const costs = await measureTraceCost({ rounds: 3, callsPerRound: 2_000 });
  const ns = (what: string) => {
    const found = costs.find((cost) => cost.what === what);
    assert.ok(found, what);
    return found.fastest;
  };
  assert.equal(costs.length, 10);
  // Loose on purpose: what must show on any machine is that off is not on.
  assert.ok(ns("@trace, off") < ns("@trace, on") / 2);
  assert.ok(ns("@trace, sampled out") < ns("@trace, on"));
});

test("the request bench measures every state", async () => {
  const costs = await measureRequestCost({ rounds: 1, requestsPerRound: 50 });
  assert.deepEqual(
    costs.map((cost) => cost.tracing),
    ["off", "ratio 0", "ratio 0.01", "ratio 1"],
  );
  assert.ok(costs.every((cost) => cost.cpuUs > 0 && cost.cpuUsWithoutTracingCode > 0 && cost.share > 0));
});
