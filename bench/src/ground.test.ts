import assert from "node:assert/strict";
import { test } from "node:test";
import { openGround } from "./ground.ts";

/** Processes this one started that still run, and servers of its own that still listen. */
async function left(): Promise<string[]> {
  // The handle of a process that has ended is let go of in the turns after.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((next) => setImmediate(next));
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind === "ProcessWrap" || kind === "TCPServerWrap");
}

test("a measurement whose catalog cannot start leaves neither PostgreSQL nor Auth nor a mailbox behind", async () => {
  await assert.rejects(
    openGround({ CATALOG_KEYS: "no key" }),
    /catalog-\d+ did not start[\s\S]*CATALOG_KEYS/,
  );
  assert.deepEqual(await left(), []);
});
