import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, RememberedTokens } from "./remembered-tokens.ts";

test("memory is bounded, and what is asked for stays", () => {
  const remembered = new RememberedTokens<number>(100);
  remembered.set("regular", -1);
  for (let index = 0; index < 10_000; index += 1) {
    remembered.set(`d${index}`, index);
    assert.equal(remembered.get("regular"), -1);
    assert.ok(remembered.size <= 100);
  }
  assert.equal(remembered.get("d0"), undefined);
  assert.equal(remembered.get("d9999"), 9_999);
});

test("what is deleted or cleared is gone from both generations", () => {
  const remembered = new RememberedTokens<number>(4);
  for (const digest of ["a", "b", "c"]) remembered.set(digest, 1);
  remembered.delete("a");
  remembered.delete("c");
  assert.deepEqual(
    ["a", "b", "c"].map((digest) => remembered.get(digest)),
    [undefined, 1, undefined],
  );
  remembered.clear();
  assert.equal(remembered.size, 0);
});

test("the digest is the whole SHA-256", () => {
  assert.equal(Buffer.from(digestOf("abc"), "latin1").toString("hex").length, 64);
  assert.equal(Buffer.from(digestOf("abc"), "latin1").toString("hex").slice(0, 8), "ba7816bf");
});
