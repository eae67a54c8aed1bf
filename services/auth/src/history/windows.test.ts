import assert from "node:assert/strict";
import { test } from "node:test";
import { windowsBefore } from "./windows.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

test("on every day of four years the windows join up, are narrow enough and reach back over all that is kept", () => {
  const start = Date.parse("2024-01-01T00:00:00.000Z");
  for (let day = 0; day < 4 * 366; day += 1) {
    for (const end of [start + day * DAY_MS, start + day * DAY_MS - 1]) {
      const now = new Date(end);
      const windows = windowsBefore(now, now);
      let expected = now.getTime();
      for (const { from, before } of windows) {
        assert.equal(before.getTime(), expected);
        assert.ok(before.getTime() - from.getTime() <= 90 * DAY_MS);
        assert.ok(
          monthNumber(before) - monthNumber(from) <= 3,
          `${from.toISOString()} ${before.toISOString()}`,
        );
        expected = from.getTime();
      }
      assert.ok(windows.length <= 6, `${windows.length} statements for a short page`);
      assert.ok(monthNumber(now) - monthNumber(new Date(expected)) >= 13);
    }
  }
});

test("nothing is looked for beyond what is kept", () => {
  const now = new Date("2026-03-01T12:00:00.000Z");
  assert.deepEqual(windowsBefore(new Date("2024-12-01T00:00:00.000Z"), now), []);
});

function monthNumber(at: Date): number {
  return at.getUTCFullYear() * 12 + at.getUTCMonth();
}
