import assert from "node:assert/strict";
import { test } from "node:test";
import { Rounds } from "./rounds.ts";

test("a round that is late is not begun twice, stopping waits for it, and none comes after", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const end = Promise.withResolvers<void>();
  let begun = 0;
  const rounds = new Rounds(1_000, () => {
    begun += 1;
    return end.promise;
  });
  rounds.start();
  rounds.start();
  t.mock.timers.tick(3_000);
  assert.equal(begun, 1);
  let stopped = false;
  const stopping = rounds.stop().then(() => {
    stopped = true;
  });
  await Promise.resolve();
  assert.equal(stopped, false);
  end.resolve();
  await stopping;
  t.mock.timers.tick(3_000);
  assert.equal(begun, 1);
});

test("the next round comes after the one before is over", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let begun = 0;
  const rounds = new Rounds(1_000, async () => {
    begun += 1;
  });
  rounds.start();
  for (let second = 0; second < 3; second += 1) {
    t.mock.timers.tick(1_000);
    await new Promise((next) => setImmediate(next));
  }
  await rounds.stop();
  assert.equal(begun, 3);
});
