import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { acceptRequestId, newRequestId, requestIds } from "./index.ts";

const made = () => "made";

test("a harmless id is kept", () => {
  for (const id of ["a", "A.b_c-9", "0".repeat(64), "01a2044d-d7db-7b12-8e62-3b3992ae9d8f"]) {
    assert.equal(acceptRequestId(id, made), id);
  }
});

test("anything else is replaced whole", () => {
  const hostile = [
    "",
    "a b",
    "a\r\nx-evil: 1",
    "a\n",
    "\u001b[31mred",
    '{"json":1}',
    "emoji-😀",
    "a".repeat(65),
    "x".repeat(8_192),
    "ид",
    "a;b",
    "a\0",
    undefined,
    null,
    7,
    ["a"],
    ["a", "b"],
    { toString: () => "a" },
  ];
  for (const id of hostile) assert.equal(acceptRequestId(id, made), "made", JSON.stringify(id));
});

test("a made id is a UUIDv7 of the given moment and passes as harmless", () => {
  const moment = Date.UTC(2026, 10, 22, 12, 0, 0, 123);
  const id = newRequestId(moment, randomBytes);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), moment);
  assert.equal(newRequestId(new Date(moment), randomBytes).slice(0, 13), id.slice(0, 13));
  assert.equal(acceptRequestId(id, made), id);
});

test("version and variant win over the random bits, and the random bits are all used", () => {
  assert.equal(
    newRequestId(0, (n) => new Uint8Array(n).fill(0xff)),
    "00000000-0000-7fff-bfff-ffffffffffff",
  );
  assert.equal(
    newRequestId(0, (n) => new Uint8Array(n)),
    "00000000-0000-7000-8000-000000000000",
  );
});

test("ids made later sort later", () => {
  const ids = [1, 2, 3].map((n) => newRequestId(1_795_000_000_000 + n, randomBytes));
  assert.deepEqual([...ids].sort(), ids);
});

test("a maker of many ids gives out each part of what was drawn once, and takes the moment anew for each", () => {
  let moment = 1_795_000_000_000;
  let draws = 0;
  const make = requestIds(
    () => moment++,
    (size) => {
      draws += 1;
      return randomBytes(size);
    },
  );
  const ids = Array.from({ length: 2_500 }, make);
  assert.equal(draws, 3);
  for (const [n, id] of ids.entries()) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), 1_795_000_000_000 + n);
  }
  assert.equal(new Set(ids.map((id) => id.slice(14))).size, 2_500);
  assert.deepEqual([...ids].sort(), ids);
});
