import assert from "node:assert/strict";
import { test } from "node:test";
import { Recent } from "./recent.ts";

test("it never holds more than it may, and what is in use is never forgotten", () => {
  const recent = new Recent<number>(100);
  recent.set("in use", 1);
  for (let i = 0; i < 10_000; i += 1) {
    recent.set(`made-up-${i}`, i);
    assert.equal(recent.get("in use"), 1);
    assert.ok(recent.size <= 100, `${recent.size}`);
  }
  assert.equal(recent.get("made-up-9999"), 9999);
  assert.equal(recent.get("made-up-1"), undefined);
});

test("what is deleted is gone from both generations", () => {
  const recent = new Recent<number>(4);
  for (const name of ["a", "b", "c"]) recent.set(name, 1);
  recent.set("a", 2);
  recent.delete("a");
  assert.equal(recent.get("a"), undefined);
});

test("forgetting stays cheap however long the flood", () => {
  const recent = new Recent<number>(100_000);
  const timed = (from: number) => {
    const began = performance.now();
    for (let i = from; i < from + 200_000; i += 1) recent.set(`made-up-${i}`, i);
    return performance.now() - began;
  };
  timed(0);
  // A map that walks over its holes needs minutes for this.
  assert.ok(timed(1_000_000) < 5000);
});
