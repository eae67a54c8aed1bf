import assert from "node:assert/strict";
import { test } from "node:test";
import { ageCeilingOf } from "../sessions/age.ts";
import type { AgeCeiling } from "../tokens/access-tokens.ts";
import { birthDatesOf } from "./age-ranges.ts";

const CEILINGS: readonly AgeCeiling[] = [0, 6, 12, 16, 18];
const DAY_MS = 24 * 60 * 60 * 1000;

test("for every birth date of twenty years a search finds a person under exactly the ceiling they have", () => {
  const moments = [
    "2026-03-01T12:00:00Z",
    "2028-02-29T12:00:00Z",
    "2027-02-28T22:00:00Z",
    "2025-12-31T20:59:59Z",
  ];
  for (const moment of moments) {
    const now = new Date(moment);
    const ranges = CEILINGS.map((ceiling) => ({ ceiling, ...birthDatesOf(ceiling, now) }));
    for (let day = 0; day < 20 * 366; day += 1) {
      const born = new Date(now.getTime() - day * DAY_MS).toISOString().slice(0, 10);
      const found = ranges.filter(({ from, to }) => from <= born && born <= to).map(({ ceiling }) => ceiling);
      assert.deepEqual(found, [ageCeilingOf(born, now)], `${born} at ${moment}`);
    }
  }
});

test("people who did not say when they were born are found under the ceiling they get", () => {
  const now = new Date("2026-03-01T12:00:00Z");
  const unknown = CEILINGS.filter((ceiling) => birthDatesOf(ceiling, now).unknown);
  assert.deepEqual(unknown, [ageCeilingOf(null, now)]);
});
