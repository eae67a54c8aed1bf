import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCursor } from "@kinopass/http";
import { Signer } from "../secrets.ts";
import { Cursors } from "./cursors.ts";

const cursors = (id = 1) => new Cursors(new Signer([{ id, key: Buffer.alloc(32, id) }], "cursors"));

test("a cursor gives back the place of the list it was issued for", () => {
  const cursor = cursors().issue(["films", "year", null], [0, 17, 42]);
  assert.deepEqual(cursors().read(["films", "year", null], cursor), [0, 17, 42]);
});

test("any other list, key or content is refused", () => {
  const cursor = cursors().issue(["films", "year", null], [0, 17]);
  const invalid = { code: "cursor_invalid", status: 400 };
  assert.throws(() => cursors().read(["films", "year", "x"], cursor), invalid);
  assert.throws(() => cursors(2).read(["films", "year", null], cursor), invalid);
  for (const parts of [[], [1], ["a"], [1, "a"], [1, "a", 2], ["a", "b"]] as (string | number)[][]) {
    assert.throws(() => cursors().read(["films", "year", null], encodeCursor(parts)), invalid);
  }
});

test("lists that only read alike have different cursors", () => {
  const cursor = cursors().issue(["films", "a", "b"], [1]);
  assert.throws(() => cursors().read(["films", "a,b"], cursor), { code: "cursor_invalid" });
  assert.throws(() => cursors().read(["films", "a", "b", null], cursor), { code: "cursor_invalid" });
});
