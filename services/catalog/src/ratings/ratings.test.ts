import assert from "node:assert/strict";
import { test } from "node:test";
import { ageRatingOf, knownMpaa } from "./ratings.ts";

test("each rating of the MPA has one Russian class, in the same order", () => {
  assert.deepEqual(["G", "PG", "PG-13", "R", "NC-17"].map(ageRatingOf), [0, 6, 12, 16, 18]);
});

test("what nobody has rated is for adults", () => {
  for (const unknown of [undefined, "Not Rated", "Open", "", "pg", "X"])
    assert.equal(ageRatingOf(unknown), 18);
  assert.deepEqual(["PG", "Not Rated", "Open", null].map(knownMpaa), ["PG", undefined, undefined, undefined]);
});
