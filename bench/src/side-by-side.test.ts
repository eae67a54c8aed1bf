import assert from "node:assert/strict";
import { test } from "node:test";
import { againstOthers, overProcesses } from "./side-by-side.ts";

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) < 1e-9, `${value} is not ${expected}`);

test("a machine that slows everybody down in some rounds does not move a ratio", () => {
  const bare = [1_000, 400, 900, 300, 1_000, 700, 200, 800, 600, 500];
  near(
    againstOthers(
      bare.map((value) => value * 0.95),
      [bare],
    ),
    0.95,
  );
});

test("a turn in which one alone was disturbed is put aside", () => {
  const bare = Array.from({ length: 10 }, () => 1_000);
  const seen = bare.map((value, round) => (round === 3 ? value / 10 : value * 0.9));
  near(againstOthers(seen, [bare]), 0.9);
});

test("of two others it is their mean that counts, round by round", () => {
  near(
    againstOthers(
      [90, 180],
      [
        [80, 160],
        [120, 240],
      ],
    ),
    0.9,
  );
});

test("processes that are apart make a wide error, and their mean counts", () => {
  const ratio = overProcesses([0.9, 1, 1.1]);
  near(ratio.mean, 1);
  near(ratio.error, 0.1 / Math.sqrt(3));
  assert.deepEqual([ratio.lowest, ratio.highest], [0.9, 1.1]);
});
