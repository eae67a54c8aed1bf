import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import { LIGHT_ROOT, light } from "./light-context.ts";

const [span, request] = [createContextKey("span"), createContextKey("request")];

test("a context has the value that was put in last, of each key, and nothing of one that was taken out", () => {
  const first = light(ROOT_CONTEXT).setValue(span, 1).setValue(request, "a");
  const second = first.setValue(span, 2);
  assert.deepEqual([second.getValue(span), second.getValue(request)], [2, "a"]);
  assert.deepEqual([first.getValue(span), first.getValue(request)], [1, "a"], "contexts do not change");
  const without = second.deleteValue(span);
  assert.deepEqual([without.getValue(span), without.getValue(request)], [undefined, "a"]);
  assert.equal(without.deleteValue(request), LIGHT_ROOT);
  assert.equal(LIGHT_ROOT.deleteValue(span), LIGHT_ROOT);
});

test("a job that plans its next run from within keeps nothing of those before", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const kept: WeakRef<object>[] = [];
  let here = LIGHT_ROOT;
  for (let run = 0; run < 100; run += 1) {
    const made = {};
    kept.push(new WeakRef(made));
    here = here.setValue(span, made).setValue(request, { run });
  }
  // What a WeakRef was made of stays until the turn is over.
  await new Promise((next) => setImmediate(next));
  collectGarbage();
  assert.ok(kept.filter((one) => one.deref() !== undefined).length <= 1);
  assert.deepEqual(here.getValue(request), { run: 99 });
});
