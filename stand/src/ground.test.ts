import assert from "node:assert/strict";
import { test } from "node:test";
import { CleanUps } from "./clean-ups.ts";
import { openGround } from "./ground.test-support.ts";

/** Processes this one started that still run, and servers of its own that still listen. */
async function left(): Promise<string[]> {
  // The handle of a process that has ended is let go of in the turns after.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((next) => setImmediate(next));
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind === "ProcessWrap" || kind === "TCPServerWrap");
}

test("a test's ground whose catalog cannot start is gone when that is told, not when the test ends", async (t) => {
  await assert.rejects(openGround(t, { CATALOG_KEYS: "no key" }), /catalog did not start[\s\S]*CATALOG_KEYS/);
  assert.deepEqual(await left(), []);
});

test("what cannot be taken down keeps nothing else from it, newest first, and is told", async () => {
  const gone: string[] = [];
  const cleanUps = new CleanUps();
  cleanUps.later(() => gone.push("postgres"));
  cleanUps.later(() => Promise.reject(new Error("auth stays")));
  cleanUps.later(() => gone.push("catalog"));
  await assert.rejects(cleanUps.run(), /auth stays/);
  assert.deepEqual(gone, ["catalog", "postgres"]);
});
