import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthHealth } from "./auth-health.ts";

function setUp() {
  const time = { wall: 1_000_000_000_000, uptime: 0 };
  const health = new AuthHealth({ now: () => new Date(time.wall) }, () => time.uptime, 10_000);
  const pass = (ms: number) => {
    time.wall += ms;
    time.uptime += ms;
  };
  return { health, pass, time };
}

test("Auth is away only after ten seconds in which every probe failed", () => {
  const { health, pass } = setUp();
  health.succeeded();
  health.failed();
  assert.equal(health.state, "doubtful");
  pass(5_000);
  health.failed();
  pass(4_999);
  health.failed();
  assert.equal(health.state, "doubtful");
  pass(1);
  health.failed();
  assert.equal(health.state, "away");
});

test("one success in between starts the count again", () => {
  const { health, pass } = setUp();
  health.succeeded();
  for (let second = 0; second < 60; second += 3) {
    health.failed();
    pass(3_000);
    if (second % 9 === 6) health.succeeded();
    assert.notEqual(health.state, "away");
  }
});

test("one success ends the outage at once", () => {
  const { health, pass } = setUp();
  for (let probe = 0; probe < 5; probe += 1) {
    health.failed();
    pass(4_000);
  }
  assert.equal(health.state, "away");
  health.succeeded();
  assert.equal(health.state, "healthy");
});

test("two failures are no proof, however far apart", () => {
  const { health, pass } = setUp();
  health.succeeded();
  health.failed();
  pass(3_600_000);
  health.failed();
  assert.equal(health.state, "doubtful");
});

test("a wall clock that jumps proves nothing", () => {
  const { health, pass, time } = setUp();
  health.succeeded();
  for (let probe = 0; probe < 5; probe += 1) {
    health.failed();
    pass(1_000);
    time.wall += 3_600_000;
  }
  assert.equal(health.state, "doubtful");
});

test("the outage began when Auth was last seen alive, not when that was noticed", () => {
  const { health, pass, time } = setUp();
  health.succeeded();
  const alive = time.wall;
  pass(12_000);
  for (let probe = 0; probe < 5; probe += 1) {
    health.failed();
    pass(4_000);
  }
  assert.equal(health.state, "away");
  assert.equal(health.lastAliveAtMs, alive);
});

test("an instance that never saw Auth has no moment it was last alive", () => {
  const { health, pass } = setUp();
  for (let probe = 0; probe < 5; probe += 1) {
    health.failed();
    pass(4_000);
  }
  assert.equal(health.state, "away");
  assert.equal(health.lastAliveAtMs, undefined);
});
