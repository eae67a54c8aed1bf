import assert from "node:assert/strict";
import { test } from "node:test";
import { fullJitterMs } from "./retry.ts";

test("full jitter: anything from nothing to a ceiling that doubles until it is high enough", () => {
  const between = (attempt: number) =>
    [0, 0.25, 0.5, 1].map((drawn) => fullJitterMs(attempt, 20, 200, () => drawn));
  assert.deepEqual(between(0), [0, 5, 10, 20]);
  assert.deepEqual(between(1), [0, 10, 20, 40]);
  assert.deepEqual(between(3), [0, 40, 80, 160]);
  assert.deepEqual(between(4), [0, 50, 100, 200]);
  assert.deepEqual(between(10_000), [0, 50, 100, 200], "and no overflow");
});
