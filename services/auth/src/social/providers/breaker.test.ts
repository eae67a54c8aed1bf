import assert from "node:assert/strict";
import { test } from "node:test";
import { Breaker } from "./breaker.ts";
import { MovableClock } from "./emulated.ts";

const LIMITS = { failures: 3, windowMs: 10_000, openMs: 5_000 };

function setUp() {
  const clock = new MovableClock();
  const breaker = new Breaker(clock, LIMITS);
  const fail = (times: number) => {
    for (let count = 0; count < times; count += 1) breaker.failed();
  };
  return { clock, breaker, fail };
}

test("only failures in a row and close together open it", () => {
  const { clock, breaker, fail } = setUp();
  fail(2);
  breaker.succeeded();
  fail(2);
  assert.equal(breaker.admit().kind, "go");
  clock.advance(10_001);
  fail(1);
  assert.equal(breaker.admit().kind, "go");
  fail(2);
  assert.deepEqual(breaker.admit(), { kind: "wait", retryAfterMs: 5_000 });
});

test("after the pause exactly one call goes through and decides for the rest", () => {
  const { clock, breaker, fail } = setUp();
  fail(3);
  clock.advance(5_000);
  assert.equal(breaker.admit().kind, "go");
  assert.equal(breaker.admit().kind, "wait");
  breaker.failed();
  assert.deepEqual(breaker.admit(), { kind: "wait", retryAfterMs: 5_000 });
  clock.advance(5_000);
  breaker.admit();
  breaker.succeeded();
  assert.deepEqual([breaker.admit().kind, breaker.health().state], ["go", "up"]);
});

test("a success that began before it opened does not close it", () => {
  const { breaker, fail } = setUp();
  fail(3);
  breaker.succeeded();
  assert.equal(breaker.admit().kind, "wait");
});

test("a probe given back, or never heard of again, lets another try", () => {
  const { clock, breaker, fail } = setUp();
  fail(3);
  clock.advance(5_000);
  breaker.admit();
  breaker.released();
  assert.equal(breaker.admit().kind, "go");
  clock.advance(10_000);
  assert.equal(breaker.admit().kind, "go");
});
