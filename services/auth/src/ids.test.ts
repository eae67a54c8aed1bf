import assert from "node:assert/strict";
import { test } from "node:test";
import {
  birthRegionOf,
  bytesOf,
  idOfBytes,
  newAccountId,
  newId,
  type RegionCode,
  UUID_PATTERN,
} from "./ids.ts";

const now = new Date("2026-03-01T12:00:00.123Z");

test("every region that fits is read back from the id", () => {
  for (const region of [1, 2, 9, 63, 64, 65, 511, 1023] as RegionCode[]) {
    const id = newAccountId(now, region);
    assert.match(id, new RegExp(UUID_PATTERN));
    assert.equal(birthRegionOf(id), region);
    assert.equal(id[14], "7");
    assert.match(id[19] ?? "", /[89ab]/);
  }
});

test("ids sort by time and are never alike", () => {
  const later = newId(new Date(now.getTime() + 1));
  assert.ok(newId(now) < later);
  assert.equal(
    new Set(Array.from({ length: 10_000 }, () => newAccountId(now, 1 as RegionCode))).size,
    10_000,
  );
});

test("sixteen bytes and the spelling are the same id", () => {
  const id = newId<"session">(now);
  assert.equal(idOfBytes(bytesOf(id)), id);
});
