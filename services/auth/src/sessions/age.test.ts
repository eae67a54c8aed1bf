import assert from "node:assert/strict";
import { test } from "node:test";
import { ageCeilingOf } from "./age.ts";

test("the ceiling rises on the birthday, not a day before", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["2008-03-02", "2026-03-01T12:00:00Z", 16],
    ["2008-03-01", "2026-03-01T12:00:00Z", 18],
    ["2020-03-02", "2026-03-01T12:00:00Z", 0],
    ["2020-03-01", "2026-03-01T12:00:00Z", 6],
    ["2014-01-01", "2026-03-01T12:00:00Z", 12],
    ["2008-02-29", "2026-02-28T12:00:00Z", 16],
    ["2008-02-29", "2026-03-01T12:00:00Z", 18],
    // Half past ten in the evening UTC is tomorrow in Moscow.
    ["2008-03-02", "2026-03-01T22:30:00Z", 18],
  ];
  for (const [born, now, ceiling] of cases)
    assert.equal(ageCeilingOf(born, new Date(now)), ceiling, `${born} at ${now}`);
});

test("an unknown age is never an adult's", () => {
  assert.equal(ageCeilingOf(null, new Date("2026-03-01T12:00:00Z")), 12);
});
